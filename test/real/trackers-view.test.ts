import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { unlock, withChromium } from '../support/real/chromium.ts';
import { freshHashes, type Opentracker, startOpentracker } from '../support/real/opentracker.ts';
import { waitUntil } from '../support/wait-until.ts';

// The owner's view of the trackers: real ones that work and die, the real page, a real browser.

const INTERVAL_S = 10;
let database: TestDatabase;
let product: Tributary;
const trackers: Opentracker[] = [];
const [HASH = ''] = freshHashes(1);

beforeAll(async () => {
  database = await freshDatabase();
  trackers.push(
    await startOpentracker({ infoHashes: [HASH] }),
    await startOpentracker({ infoHashes: [HASH] }),
  );
  product = await startTributary({
    env: {
      ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000' },
      TRACKER_CHECK_INTERVAL: `${INTERVAL_S}s`,
    },
  });
  await waitUntil(async () => (await (await fetch(`${product.baseUrl}/`)).text()).includes('/assets/'), {
    what: 'the page is built',
    timeoutMs: 120_000,
  });
  const urls = trackers.flatMap(({ udpUrl, httpUrl }) => [udpUrl, httpUrl]);
  const magnet = `magnet:?xt=urn:btih:${HASH}${urls.map((url) => `&tr=${encodeURIComponent(url)}`).join('')}`;
  await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: magnet }),
  });
});
afterAll(async () => {
  await product?.stop();
  await Promise.all(trackers.map((tracker) => tracker.stop()));
  await database?.close();
});

const Listed = z.object({ trackers: z.array(z.object({ url: z.string(), status: z.string() })) });

async function statuses(): Promise<Map<string, string>> {
  const { trackers: listed } = Listed.parse(await (await product.asAdmin('/api/trackers')).json());
  return new Map(listed.map(({ url, status }) => [url, status]));
}

test('every tracker of a link has a row at once, is checked, and fails within one interval of its death', async () => {
  const [living, dying] = trackers;
  if (living === undefined || dying === undefined) throw new Error('no trackers');
  expect([...(await statuses()).keys()]).toEqual(expect.arrayContaining([living.udpUrl, dying.httpUrl]));
  await product.asAdmin('/api/trackers/check', { method: 'POST' });
  await waitUntil(
    async () => [...(await statuses())].filter(([, status]) => status === 'working').length === 4,
    { what: 'all four work', timeoutMs: 60_000 },
  );
  await dying.stop();
  const begun = performance.now();
  await waitUntil(
    async () => {
      const found = await statuses();
      return found.get(dying.udpUrl) === 'failing' && found.get(dying.httpUrl) === 'failing';
    },
    { what: 'the dead one fails', timeoutMs: 60_000 },
  );
  expect(performance.now() - begun).toBeLessThan(INTERVAL_S * 1000);
  expect((await statuses()).get(living.udpUrl)).toBe('working');
});

/** A day of checks, some of them failed, and what became of the whole. */
async function fillDay() {
  await database.db.query(command('test.day')`
    INSERT INTO tracker_check (tracker_id, at, successes, failures, latency_ms)
    SELECT t.id, date_bin('5 minutes', now(), 'epoch') - g * interval '15 minutes', (v.share < 3)::int4 + 1, (v.share >= 2)::int4, 40
    FROM tracker t CROSS JOIN generate_series(1, 90) g CROSS JOIN LATERAL (SELECT (t.id * 7 + g * g) % 11 / 3.0 AS share) v
    WHERE t.status <> 'unknown' ON CONFLICT DO NOTHING
  `);
  await database.db.query(command('test.health')`
    INSERT INTO tracker_health (at, working, failing, unknown, latency_ms)
    SELECT date_bin('5 minutes', now(), 'epoch') - g * interval '5 minutes', 4 - (g / 20) % 3, (g / 20) % 3, 7, 30 + (g * 37) % 25
    FROM generate_series(1, 280) g ON CONFLICT DO NOTHING
  `);
}

test.each(['desktop', 'phone'] as const)('the page shows them, on a %s', async (device) => {
  await fillDay();
  await withChromium(async (browser) => {
    const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#trackers`, device);
    await unlock(page, product.adminToken);
    const rows = page.getByRole('list', { name: 'Trackers' }).getByRole('listitem');
    await expect.poll(() => rows.count(), { timeout: 15_000 }).toBeGreaterThanOrEqual(4);
    expect(await rows.first().getByText('Working').count()).toBe(1);
    expect(await page.getByText('Nothing listens at the address').count()).toBe(1);
    await page.getByLabel(/^Trackers that work: now 2 of/).waitFor();
    await page
      .getByRole('img', { name: /half hours of the last day/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Check all now' }).click();
    await page.getByText('Checking…').waitFor();
    expect(
      await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
    ).toBe(false);
    if (process.env.KEEP_SCREENSHOTS)
      await screenshot({ path: `${process.env.KEEP_SCREENSHOTS}/trackers-${device}.png`, isFullPage: true });
    await page.getByRole('searchbox', { name: 'Find a tracker' }).fill('opentrackr');
    await expect.poll(() => rows.count()).toBe(2);
    expect(errors).toEqual([]);
  });
});
