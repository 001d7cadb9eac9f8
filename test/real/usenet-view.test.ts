import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/platform/db.ts';
import { parseProviders } from '../../src/streams/usenet/providers/parse-providers.ts';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type NntpServer, startNntpServer } from '../support/nntp-server.ts';
import { nzbOf, postFile } from '../support/nzb-post.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { unlock, withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// The owner's view of Usenet: providers that give, lack articles and refuse the login, the real page, a real browser.

const FILM = randomBytes(6_000_000);
const articles = new Map<string, Buffer>();
const POST = postFile(articles, { name: 'film.mkv', bytes: FILM, partBytes: 100_000 });
const PASSWORD = 'the-password-of-nobody';
const LACKED = new Set(POST.parts.slice(20, 23).map(({ id }) => id));

let database: TestDatabase;
const servers: NntpServer[] = [];

async function start(env: Record<string, string>): Promise<Tributary> {
  const product = await startTributary({
    env: { DATABASE_URL: database.url, RATE_LIMIT_API: '10000', ...env },
  });
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
  return product;
}

beforeAll(async () => {
  database = await freshDatabase();
  servers.push(
    await startNntpServer({ articles, trouble: (id) => (LACKED.has(id) ? { kind: 'missing' } : null) }),
    await startNntpServer({ articles, login: { username: 'me', password: PASSWORD } }),
    await startNntpServer({ articles, login: { username: 'me', password: `another than ${PASSWORD}` } }),
  );
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database?.close();
});

const Link = z.object({ playUrl: z.string() });
const Listed = z.object({
  providers: z.array(z.object({ name: z.string(), state: z.object({ status: z.string() }).nullable() })),
});
const MAIN_LACKED = 'tributary_usenet_missing_total{provider="main"} 3\n';
const Health = z.object({ checks: z.array(z.object({ name: z.string(), detail: z.string() })) });

/** A play link of the post. */
async function link(product: Tributary): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([nzbOf([POST], { title: 'Some.Film.2020' })]), 'Some.Film.2020.nzb');
  const added = await product.asAdmin('/api/links', { method: 'POST', body: form });
  return Link.parse(await added.json()).playUrl;
}

async function play(product: Tributary): Promise<Buffer> {
  return Buffer.from(await (await fetch(await link(product))).arrayBuffer());
}

/** A month before today, in which one more provider gave that is configured no more. */
async function fillMonth() {
  await database.db.query(command('test.month')`
    INSERT INTO usenet_provider_usage (provider, day, bytes, articles, missing, failures)
    SELECT p.name, (now() AT TIME ZONE 'UTC')::date - g, p.gigabytes * 1e9 * ((g * g * 7) % 11) / 7, 9000, (g * p.gigabytes) % 90, 0
    FROM generate_series(1, 29) g CROSS JOIN (VALUES ('main', 9), ('block', 2), ('old.one', 4)) AS p(name, gigabytes)
    WHERE p.name <> 'old.one' OR g > 15
  `);
}

test.each(['desktop', 'phone'] as const)(
  'the page shows providers and what they gave, on a %s',
  async (device) => {
    const [main, block, refusing] = servers;
    if (main === undefined || block === undefined || refusing === undefined) throw new Error('no servers');
    const entry = (server: NntpServer, more: object) => ({
      host: server.host,
      port: server.port,
      tls: false,
      ...more,
    });
    const login = { username: 'me', password: PASSWORD };
    await using product = await start({
      USENET_PROVIDERS: JSON.stringify([
        entry(main, { name: 'main', connections: 6 }),
        entry(block, { name: 'block', connections: 4, backup: true, ...login }),
        entry(refusing, { name: 'mistyped', connections: 2, ...login }),
      ]),
    });
    if (device === 'desktop') await fillMonth();
    // None is taken for one that is gone, although nobody was asked anything yet.
    const { providers: before } = Listed.parse(await (await product.asAdmin('/api/usenet/providers')).json());
    expect(before.filter(({ state }) => state?.status === 'ready')).toHaveLength(3);
    expect((await play(product)).equals(FILM)).toBe(true);
    await waitUntil(async () => (await (await product.asAdmin('/metrics')).text()).includes(MAIN_LACKED), {
      what: 'the scrape tells what was lacking',
      timeoutMs: 10_000,
    });
    await withChromium(async (browser) => {
      const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#usenet`, device);
      await unlock(page, product.adminToken);
      const rows = page.getByRole('list', { name: 'Usenet providers' }).getByRole('listitem');
      await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(4);
      await rows.filter({ hasText: 'main' }).getByText('3 (').waitFor();
      expect(await rows.filter({ hasText: 'block' }).getByText('Ready').count()).toBe(1);
      const mistyped = rows.filter({ hasText: 'mistyped' });
      expect(await mistyped.getByText('Login refused').count()).toBe(1);
      expect(await mistyped.getByText('Correct its username and password').count()).toBe(1);
      expect(
        await rows.filter({ hasText: 'old.one' }).getByText('no longer in USENET_PROVIDERS').count(),
      ).toBe(1);
      await page.getByText('2 of 3 are ready').waitFor();
      await page.getByLabel(/^Given a day: \d+ GB in 30 days/).waitFor();
      await page.getByLabel(/^Missing articles: /).waitFor();
      expect(await page.content()).not.toContain(PASSWORD);
      expect(
        await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
      ).toBe(false);
      for (const width of device === 'desktop' ? [780, 1000, 1280] : []) {
        await page.setViewportSize({ width, height: 800 });
        // The plots follow a moment later.
        await expect
          .poll(() => page.evaluate('document.documentElement.scrollWidth'), { timeout: 10_000 })
          .toBe(width);
        if (process.env.KEEP_SCREENSHOTS)
          await screenshot({ path: `${process.env.KEEP_SCREENSHOTS}/usenet-${width}.png` });
      }
      const folder = process.env.KEEP_SCREENSHOTS;
      if (folder) {
        await screenshot({ path: `${folder}/usenet-${device}.png`, isFullPage: true });
        await page.getByRole('button', { name: 'Switch to the dark scheme' }).click();
        await screenshot({ path: `${folder}/usenet-${device}-dark.png`, isFullPage: true });
      }
      expect(errors).toEqual([]);
    });
    const { checks } = Health.parse(await (await fetch(`${product.baseUrl}/api/health`)).json());
    expect(checks.find(({ name }) => name === 'Usenet')?.detail).toBe(
      '2 of 3 providers ready, 1 with a wrong login',
    );
  },
);

test('while a post plays the live page shows what its providers give', async () => {
  await using slow = await startNntpServer({ articles, trouble: () => ({ kind: 'slow', bytes: 2000 }) });
  await using product = await start({
    USENET_PROVIDERS: JSON.stringify([
      { name: 'slow', host: slow.host, port: slow.port, tls: false, connections: 4 },
    ]),
  });
  const playing = await fetch(await link(product));
  const read = playing.arrayBuffer().catch(() => null);
  await withChromium(async (browser) => {
    const { page, screenshot } = await browser.open(`${product.baseUrl}/#live`, 'desktop');
    await unlock(page, product.adminToken);
    await page.getByText('Providers', { exact: true }).waitFor();
    await page
      .getByText(/^\d[\d.]*\s?Mbit\/s$/)
      .first()
      .waitFor();
    const folder = process.env.KEEP_SCREENSHOTS;
    if (folder) await screenshot({ path: `${folder}/usenet-live.png` });
    expect(page.url()).toContain('#live');
  });
  expect(Buffer.from((await read) ?? new ArrayBuffer(0)).equals(FILM)).toBe(true);
});

test('without a provider the page says how to name one, and the example can be copied', async () => {
  await database.db.query(command('test.empty')`DELETE FROM usenet_provider_usage`);
  await using product = await start({});
  await withChromium(async (browser) => {
    const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#usenet`, 'phone');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await unlock(page, product.adminToken);
    await page.getByText('No Usenet provider yet').waitFor();
    await page.getByRole('button', { name: 'Copy the example' }).click();
    await page.getByText('Copied').waitFor();
    const copied = z.string().parse(await page.evaluate('navigator.clipboard.readText()'));
    const [, json = ''] = /^USENET_PROVIDERS='(.*)'$/.exec(copied) ?? [];
    expect(parseProviders(json, () => '')).toMatchObject([{ name: 'main', port: 563, connections: 20 }]);
    expect(
      await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
    ).toBe(false);
    const folder = process.env.KEEP_SCREENSHOTS;
    if (folder) await screenshot({ path: `${folder}/usenet-none.png`, isFullPage: true });
    expect(errors).toEqual([]);
  });
});
