import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/platform/db.ts';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { capsXml, type FeedServer, sendXml, startFeedServer } from '../support/feed-server.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type TestBrowser, unlock, withChromium } from '../support/real/chromium.ts';
import { waitUntil } from '../support/wait-until.ts';

// What an owner sees of indexers and feeds, and does with them: real ones on this machine, the real page, a real browser.

const KEY = 'the-key-of-nobody';
const HIDDEN = 'a-part-of-the-address';
let database: TestDatabase;
let product: Tributary;
let indexer: FeedServer;

beforeAll(async () => {
  database = await freshDatabase();
  indexer = await startFeedServer();
  product = await startTributary({
    env: { ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000' }, METADATA_PROVIDERS: 'none' },
  });
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
});
afterAll(async () => {
  await product?.stop();
  await indexer?.close();
  await database?.close();
});

const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
const empty = () => database.db.query(command('test.empty')`TRUNCATE finder RESTART IDENTITY CASCADE`);

async function post(body: object): Promise<void> {
  const answer = await product.asAdmin('/api/finders', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBe(201);
}
const Listed = z.object({
  finders: z.array(z.looseObject({ name: z.string(), state: z.string(), hasKey: z.boolean() })),
});
const listed = async () => Listed.parse(await (await product.asAdmin('/api/finders')).json()).finders;

async function unlocked(browser: TestBrowser, device: 'desktop' | 'phone') {
  const opened = await browser.open(`${product.baseUrl}/#finders`, device);
  await unlock(opened.page, product.adminToken);
  await opened.page.getByRole('heading', { name: 'Finders', exact: true }).waitFor();
  return { ...opened, rows: opened.page.getByRole('list', { name: 'Finders' }).getByRole('listitem') };
}

/** One that does well, one that rests after a failure, a feed, and one nobody has approved. */
async function fill(): Promise<void> {
  await empty();
  const url = (name: string) => `${indexer.baseUrl}/${name}/${HIDDEN}`;
  await post({ kind: 'torznab', name: 'Prowlarr', url: url('good'), apiKey: KEY });
  await post({
    kind: 'newznab',
    name: 'An indexer with a rather long name of its own',
    url: url('bad'),
    apiKey: KEY,
  });
  await post({ kind: 'rss', name: 'Feed', url: url('feed'), patterns: [{ pattern: '2160p' }] });
  await post({ kind: 'torznab', name: 'Of a friend', url: url('friend'), state: 'pending' });
  await database.db.query(command('test.figures')`
    UPDATE finder SET asked = 1234, found = 5678, failures = CASE name WHEN 'Prowlarr' THEN 0 ELSE 12 END,
      last_asked_at = now() - interval '3 minutes',
      last_error = CASE WHEN kind = 'newznab' THEN 'It refused the key: correct it, or see whether the account has ended.' END,
      rest_until = CASE WHEN kind = 'newznab' THEN now() + interval '40 minutes' END,
      next_poll_at = CASE WHEN kind = 'rss' THEN now() + interval '2 hours' END
    WHERE state = 'approved'`);
  await database.db.query(command('test.days')`
    INSERT INTO finder_day (finder_id, day, asked, failures, found, answer_ms, last_error, last_failed_at)
    SELECT f.id, (now() AT TIME ZONE 'UTC')::date - g, 10 + (g * 7 + f.id) % 20, CASE WHEN g % 5 = 0 THEN 3 ELSE 0 END, 40,
      (300 + 200 * f.id + (g * 131) % 400) * 10, CASE WHEN g = 5 THEN 'It did not answer within 10 s.' END,
      CASE WHEN g = 5 THEN now() - interval '5 days' END
    FROM finder f, generate_series(0, 29) g WHERE f.state = 'approved' AND (f.kind <> 'rss' OR g < 12)`);
}

test.each(['desktop', 'phone'] as const)('how each does, on a %s', async (device) => {
  await fill();
  await withChromium(async (browser) => {
    const { page, errors, screenshot, rows } = await unlocked(browser, device);
    await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(4);
    const row = (name: string) => rows.filter({ hasText: name });
    expect(await row('Prowlarr').getByText('On', { exact: true }).count()).toBe(1);
    expect(await row('Prowlarr').getByText('5,678').count()).toBe(1);
    expect(
      await row('An indexer')
        .getByText(/^Resting until/)
        .count(),
    ).toBe(1);
    expect(await row('An indexer').getByText('It refused the key').count()).toBe(1);
    expect(
      await row('Feed')
        .getByText(/1 pattern · asked 3 min .*ago · read again in 1 h 59 min/)
        .count(),
    ).toBe(1);
    expect(await row('Of a friend').getByText('Waits for approval').count()).toBe(1);
    // Of one that has answered since; the others fail now, or were never asked.
    expect(await page.getByText('Failed 5 d ago: It did not answer within 10 s.').count()).toBe(2);
    await page.getByRole('group', { name: /^Answers a day: 1,\d{3} in 30 days/ }).waitFor();
    await page.getByRole('group', { name: 'Failures a day: 45 in 30 days' }).waitFor();
    await page.getByRole('group', { name: /^Time to an answer: \d(\.\d)? s in 30 days/ }).waitFor();
    await page.getByText('1 fails').waitFor();
    expect(await page.getByLabel('Torznab address').inputValue()).toBe(`${product.baseUrl}/torznab/api`);
    expect(await page.evaluate(isTooWide)).toBe(false);
    const folder = process.env.KEEP_SCREENSHOTS;
    if (folder) await screenshot({ path: `${folder}/finders-${device}.png`, isFullPage: true });
    await row('Feed').getByRole('button', { name: 'Edit Feed' }).click();
    await page.getByRole('form', { name: 'Edit Feed' }).waitFor();
    expect(await page.evaluate(isTooWide)).toBe(false);
    if (folder) {
      await page.getByRole('button', { name: 'Switch to the dark scheme' }).click();
      await screenshot({ path: `${folder}/finders-${device}-dark.png`, isFullPage: true });
    }
    const content = await page.content();
    expect(content).not.toContain(KEY);
    expect(content).not.toContain(HIDDEN);
    expect(errors).toEqual([]);
  });
});

test('add, test, edit, turn off and on, approve, remove', async () => {
  await empty();
  indexer.answer((query, res) =>
    query.get('apikey') === KEY ? sendXml(res, capsXml()) : sendXml(res, 'nothing of the kind', 500),
  );
  await withChromium(async (browser) => {
    const { page, errors, rows } = await unlocked(browser, 'desktop');
    await page.getByText('No finder yet').waitFor();
    await page.getByRole('button', { name: 'Add a finder' }).click();
    await page.getByLabel('Name').fill('Mine');
    await page.getByLabel('Address', { exact: true }).fill(`${indexer.baseUrl}/api`);
    await page.getByRole('textbox', { name: 'API key' }).first().fill(KEY);
    await page.getByLabel('Categories').fill('2000, 5000');
    await page.getByRole('button', { name: 'Add it' }).click();
    const mine = rows.filter({ hasText: 'Mine' });
    await mine.getByText('2 categories').waitFor();
    await mine.getByRole('button', { name: 'Test Mine' }).click();
    await mine.getByText(/^It works\. ./).waitFor();

    await mine.getByRole('button', { name: 'Edit Mine' }).click();
    const form = page.getByRole('form', { name: 'Edit Mine' });
    await form.getByLabel('Name').fill('Ours');
    await form.getByRole('textbox', { name: 'API key' }).fill('another-key');
    await form.getByRole('button', { name: 'Save' }).click();
    const ours = rows.filter({ hasText: 'Ours' });
    await ours.getByRole('button', { name: 'Test Ours' }).click();
    await ours.getByRole('status').filter({ hasText: '500' }).waitFor();
    expect(await listed()).toMatchObject([{ name: 'Ours', hasKey: true, categories: [2000, 5000] }]);

    await ours.getByRole('button', { name: 'Turn off Ours' }).click();
    await ours.getByText('Off', { exact: true }).waitFor();
    expect(await listed()).toMatchObject([{ state: 'rejected' }]);
    await ours.getByRole('button', { name: 'Turn on Ours' }).click();
    await ours.getByText('On', { exact: true }).waitFor();

    // A pattern that cannot be read is named, and what was typed stays.
    await page.getByRole('button', { name: 'Add a finder' }).click();
    await page.getByLabel('Kind').selectOption('rss');
    await page.getByLabel('Name').fill('Feed');
    await page.getByLabel('Address', { exact: true }).fill(`${indexer.baseUrl}/feed`);
    await page.getByRole('button', { name: 'Add a pattern' }).click();
    await page.getByLabel('Pattern 1', { exact: true }).fill('(unclosed');
    await page.getByRole('button', { name: 'Add it' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Pattern 1', { exact: true }).fill('2160p');
    await page.getByRole('button', { name: 'Add it' }).click();
    await rows.filter({ hasText: 'Feed' }).getByText('1 pattern').waitFor();

    await database.db.query(command('test.pending')`UPDATE finder SET state = 'pending' WHERE name = 'Feed'`);
    await rows.filter({ hasText: 'Feed' }).getByRole('button', { name: 'Approve Feed' }).click();
    await expect.poll(listed).toMatchObject([{ name: 'Ours' }, { name: 'Feed', state: 'approved' }]);

    await ours.getByRole('button', { name: 'Remove Ours' }).click();
    await page.getByText('What it found stays').waitFor();
    expect(await listed()).toHaveLength(2);
    await page.getByRole('button', { name: 'Remove it' }).click();
    await expect.poll(() => rows.count()).toBe(1);
    expect(await listed()).toMatchObject([{ name: 'Feed' }]);
    // What was refused is told in words; the browser notes it all the same.
    expect(errors.filter((line) => !line.includes('400'))).toEqual([]);
  });
});

test('the address and the key of the own server can be copied; the key is hidden until asked for', async () => {
  await empty();
  await withChromium(async (browser) => {
    const { page, screenshot } = await unlocked(browser, 'phone');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const views = page.getByRole('navigation', { name: 'Views' });
    const trackers = views.getByRole('link', { name: 'Trackers' });
    expect(await trackers.count()).toBe(0);
    await views.getByText('More').click();
    const folder = process.env.KEEP_SCREENSHOTS;
    if (folder) await screenshot({ path: `${folder}/menu-phone.png` });
    await trackers.click();
    await page.getByRole('heading', { name: 'Trackers', exact: true }).waitFor();
    // Closed by going there.
    expect(await trackers.count()).toBe(0);
    await views.getByText('More').click();
    await views.getByRole('link', { name: 'Finders' }).click();
    const card = page.getByRole('region', { name: /Search this catalogue from/ });
    const copy = card.getByRole('button', { name: 'Copy' });
    await copy.nth(1).click();
    await expect
      .poll(() => page.evaluate('navigator.clipboard.readText()'))
      .toBe(`${product.baseUrl}/newznab/api`);
    const key = card.getByRole('textbox', { name: 'API key' });
    expect(await key.getAttribute('type')).toBe('password');
    await card.getByRole('button', { name: 'Show or hide the key' }).click();
    expect(await key.getAttribute('type')).toBe('text');
    const shown = await key.inputValue();
    const caps = await fetch(`${product.baseUrl}/torznab/api?t=caps&apikey=${encodeURIComponent(shown)}`);
    expect(await caps.text()).toContain('<caps>');
    expect(await page.evaluate(isTooWide)).toBe(false);
  });
});
