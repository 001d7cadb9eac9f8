import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ReportsAnswer } from '../../src/features/content-reports/index.ts';
import { upsertTitle } from '../../src/features/media/index.ts';
import { command } from '../../src/platform/db.ts';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { unlock, withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// What users report, as who decides sees it: the real page, a real browser.

let database: TestDatabase;
let product: Tributary;

beforeAll(async () => {
  database = await freshDatabase();
  const env = { METADATA_PROVIDERS: 'none', STARTER_CATALOG: 'off', RATE_LIMIT_API: '10000' };
  product = await startTributary({ env: { DATABASE_URL: database.url, ...env } });
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
});
afterAll(async () => {
  await product?.stop();
  await database?.close();
});

/** By a user, of a title and of a tag of it. */
async function fill(): Promise<void> {
  const { db } = database;
  await db.query(command('test.empty')`TRUNCATE media, app_user RESTART IDENTITY CASCADE`);
  const { mediaId } = await upsertTitle(db, { kind: 'movie', title: 'The Lake', year: 1990 });
  await db.query(command('test.user')`INSERT INTO app_user (username, role) VALUES ('una', 'user')`);
  await db.query(command('test.tag')`
    INSERT INTO media_tag (media_id, tag_id, source) SELECT ${mediaId}::bigint, id, 'rule' FROM content_tag WHERE tag = 'sharks'
  `);
  await db.query(command('test.reports')`
    INSERT INTO content_report (reporter_id, media_id, tag_id, kind, description)
    SELECT u.id, ${mediaId}::bigint, t.id, 'wrong_tag', 'There is no shark in it, only averylongwordthatneverendsandneverbreaksandgoesonandonandonandonuntiltheedge.'
    FROM app_user u, content_tag t WHERE t.tag = 'sharks'
    UNION ALL SELECT u.id, ${mediaId}::bigint, NULL, 'not_for_children', NULL FROM app_user u
  `);
}

const Overall = z.object({ tags: z.array(z.object({ tag: z.string() })) });
const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';

test.each(['desktop', 'phone'] as const)(
  'reports wait, are narrowed and decided, on a %s',
  async (device) => {
    await fill();
    await withChromium(async (browser) => {
      const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#reports`, device);
      await unlock(page, product.adminToken);
      const cards = page.getByRole('list', { name: 'Reports' }).locator('> li');
      await expect.poll(() => cards.count()).toBe(2);
      expect(await page.evaluate(isTooWide)).toBe(false);
      const folder = process.env.KEEP_SCREENSHOTS;
      if (folder) await screenshot({ path: `${folder}/reports-${device}.png` });
      await page.getByRole('button', { name: 'Streams' }).click();
      await page.getByText('No reports here').waitFor();
      await page.getByRole('button', { name: 'All', exact: true }).click();
      const wrong = cards.filter({ hasText: 'A wrong tag: Sharks' });
      await wrong.getByRole('textbox', { name: 'Answer' }).fill('You are right.');
      await wrong.getByRole('button', { name: 'Remove “Sharks”' }).click();
      await page.getByText('Resolved; the tag is gone.').waitFor();
      await expect.poll(() => cards.count()).toBe(1);
      await cards.getByRole('button', { name: 'Dismiss' }).click();
      await page.getByText('No reports here').waitFor();
      const { reports } = ReportsAnswer.parse(await (await product.asAdmin('/api/content-reports')).json());
      expect(reports.map(({ state, note }) => [state, note])).toEqual([
        ['dismissed', null],
        ['resolved', 'You are right.'],
      ]);
      const tags = await product.asAdmin(`/api/media/${reports[0]?.title?.id}/tags`);
      expect(Overall.parse(await tags.json()).tags).toEqual([]);
      await page.getByRole('button', { name: /^Resolved/ }).click();
      await cards.getByText('Answered: You are right.').waitFor();
      if (folder) await screenshot({ path: `${folder}/reports-${device}-resolved.png` });
      expect(errors).toEqual([]);
    });
  },
  90_000,
);
