import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/platform/db.ts';
import { isWebUiStale } from '../../src/web/build.ts';
import { manifestIn, metasIn } from '../support/addon-answers.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTributary } from '../support/product.ts';
import { withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// What keeps the catalogues fresh, as the owner sees it: the real page, a real browser; and that it runs by itself.

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database?.close());

const Health = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      lastAt: z.number().nullable(),
      nextAt: z.number().nullable(),
      told: z.string().nullable(),
    }),
  ),
});

test.each(['desktop', 'phone'] as const)(
  'shows the last and the next run of recurring work, on a %s',
  async (device) => {
    await using product = await startTributary({
      env: { DATABASE_URL: database.url, RATE_LIMIT_API: '10000', METADATA_PROVIDERS: 'none' },
    });
    await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
    const health = async () => Health.parse(await (await fetch(`${product.baseUrl}/api/health`)).json()).jobs;
    await waitUntil(async () => (await health())[0]?.lastAt !== null, {
      what: 'catalogues are filled',
      timeoutMs: 30_000,
    });
    // Of the films that come with it: nobody asked for a fill.
    const years = await waitUntil(
      async () => {
        const { catalogs } = manifestIn(await (await fetch(`${product.baseUrl}/manifest.json`)).json());
        return catalogs.find(({ id, type }) => id === 'year' && type === 'movie')?.extra[0]?.options ?? null;
      },
      { what: 'years are in the manifest', timeoutMs: 30_000 },
    );
    const [year = ''] = years ?? [];
    expect(
      metasIn(await (await fetch(`${product.baseUrl}/catalog/movie/year/genre=${year}.json`)).json()).length,
    ).toBeGreaterThan(0);
    await database.db.query(command('test.runs')`
    INSERT INTO sync_state (key, last_sync_at, data) VALUES
      ('job.lists.refresh', now() - interval '12 minutes', '{"lists":3,"titles":312,"newTitles":4,"failures":1}'),
      ('job.metadata.changes', now() - interval '20 minutes', '{"asked":2,"titles":1,"failures":0}')
    ON CONFLICT (key) DO UPDATE SET last_sync_at = EXCLUDED.last_sync_at, data = EXCLUDED.data
  `);
    await withChromium(async (browser) => {
      const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#health`, device);
      const card = (name: string) =>
        page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });
      await card('Lists of the sources')
        .getByText('12 min ago: 3 lists of 312 titles, 4 new, 1 list could not be had and stayed as before')
        .waitFor();
      await card('Lists of the sources')
        .getByText(/^Next in \d+ min$/)
        .waitFor();
      // An hour and a half after the last time, at the next full or half hour.
      await card('Changes at the sources').getByText('20 min ago: 1 title to ask about').waitFor();
      await card('Changes at the sources')
        .getByText(/^Next in 1 h( \d+ min)?$/)
        .waitFor();
      await card('Popular titles').getByText('Has not run yet').waitFor();
      await card('Catalogues')
        .getByText(/(ago|Just now): in order$/)
        .waitFor();
      expect(
        await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
      ).toBe(false);
      const folder = process.env.KEEP_SCREENSHOTS;
      if (folder) await screenshot({ path: `${folder}/health-${device}.png`, isFullPage: true });
      expect(errors).toEqual([]);
    });
    await product.asAdmin('/api/settings', {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ enrichment: 'paused' }),
    });
    expect((await health()).map(({ nextAt }) => nextAt === null)).toEqual([false, true, true, true]);
    await product.asAdmin('/api/settings', {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ enrichment: null }),
    });
  },
);
