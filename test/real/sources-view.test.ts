import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/platform/db.ts';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type TestBrowser, unlock, withChromium } from '../support/real/chromium.ts';
import { type Nginx, startNginx } from '../support/real/nginx.ts';
import { waitUntil } from '../support/wait-until.ts';

// What an owner sees of file servers, and does with them: nginx on this machine, the real page, a real browser.

const PASSWORD = 'the-password-of-nobody';
let folder: string;
let nas: string;
let nginx: Nginx;
let database: TestDatabase;
let product: Tributary;

const FILES = [
  'Films/Night.of.the.Living.Dead.1968.1080p.mkv',
  'Films/Sita.Sings.the.Blues.2008.720p.mkv',
  'Films/Sita.Sings.the.Blues.2008.720p.en.srt',
  'Shows/Pioneer.One.S01E01.720p.mkv',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-nas-'));
  for (const path of FILES) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), `the bytes of ${path}`);
  }
  // `{PLAIN}` is how nginx takes a password that is not hashed.
  await writeFile(join(folder, '.users'), `owner:{PLAIN}${PASSWORD}\n`);
  const port = await freePort();
  nas = `http://127.0.0.1:${port}`;
  nginx = await startNginx({
    port,
    http: `server { listen 127.0.0.1:${port}; root ${folder}; autoindex on;
      location /Locked/ { auth_basic "NAS"; auth_basic_user_file ${folder}/.users; alias ${folder}/Films/; } }`,
  });
  database = await freshDatabase();
  product = await startTributary({
    env: {
      ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000', METADATA_PROVIDERS: 'none' },
    },
  });
  // A page of older sources is served until this one is built.
  await waitUntil(async () => !(await isWebUiStale()), { what: 'the page is built', timeoutMs: 120_000 });
});
afterAll(async () => {
  await product?.stop();
  await nginx?.stop();
  await database?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
/** Locked in the order in which the server's own jobs do. */
const empty = () =>
  database.db.transaction(async (tx) => {
    await tx.query(command('test.lock')`LOCK TABLE source_health, source IN ACCESS EXCLUSIVE MODE`);
    await tx.query(command('test.empty')`TRUNCATE source RESTART IDENTITY CASCADE`);
  });

async function post(body: object): Promise<void> {
  const answer = await product.asAdmin('/api/sources', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBe(201);
}
const Listed = z.object({ sources: z.array(z.looseObject({ name: z.string(), isActive: z.boolean() })) });
const listed = async () => Listed.parse(await (await product.asAdmin('/api/sources')).json()).sources;

async function unlocked(browser: TestBrowser, device: 'desktop' | 'phone') {
  const opened = await browser.open(`${product.baseUrl}/#sources`, device);
  await unlock(opened.page, product.adminToken);
  await opened.page.getByRole('heading', { name: 'Sources', exact: true }).waitFor();
  return { ...opened, rows: opened.page.getByRole('list', { name: 'Sources' }).getByRole('listitem') };
}

/** One that does well, one that fails, one that is not active yet. */
async function fill(): Promise<void> {
  await empty();
  const own = { allowsPrivate: true, finder: 'http-index' };
  await post({ ...own, name: 'NAS', baseUrl: `${nas}/Films/`, username: 'owner', password: PASSWORD });
  await post({
    ...own,
    ...{ name: 'The film server of my internet provider', priority: 5, offers: 'both' },
    baseUrl: `${nas}/a/rather/long/folder/with/%20in/it/that/nobody/would/call/short/`,
  });
  await post({ name: 'Of a friend', finder: 'ftp-listing', baseUrl: 'ftp://friend.example/films/' });
  await database.db.query(command('test.figures')`
    UPDATE source SET is_active = finder <> 'ftp-listing',
      last_scan_at = CASE name WHEN 'NAS' THEN now() - interval '3 minutes' END,
      next_scan_at = CASE name WHEN 'NAS' THEN now() + interval '6 hours' END,
      last_error = CASE WHEN priority = 5 THEN 'The server answered 503: it does not want to be asked so often.' END`);
  await database.db.query(command('test.failures')`
    UPDATE source_health h SET next_probe_at = now() + interval '1 day', scan_failures = CASE s.priority WHEN 5 THEN 2 ELSE 0 END,
      score = CASE s.priority WHEN 5 THEN 80 ELSE 100 END
    FROM source s WHERE s.id = h.source_id`);
}

/** A file of the NAS that nobody knew, and that is not due yet. */
const leaveUnknown = () =>
  database.db.query(command('test.unknown')`
    INSERT INTO scan_item (source_id, batch_id, file_path, name, state, next_at)
    SELECT id, gen_random_uuid(), 'A.Film.2001.mkv', 'A.Film.2001.mkv', 'unmatched', now() + interval '1 day' FROM source WHERE name = 'NAS'`);

test.each(['desktop', 'phone'] as const)('how each does, on a %s', async (device) => {
  await fill();
  await leaveUnknown();
  await withChromium(async (browser) => {
    const { page, errors, screenshot, rows } = await unlocked(browser, device);
    await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(3);
    const row = (name: string) => rows.filter({ hasText: name });
    expect(await row('NAS').getByText('On', { exact: true }).count()).toBe(1);
    expect(
      await row('NAS')
        .getByText(/as owner · in my own network · .*scanned 3 min.* ago · again in 5 h 59 min/)
        .count(),
    ).toBe(1);
    expect(await row('film server').getByText('Failing', { exact: true }).count()).toBe(1);
    expect(await row('film server').getByText('The server answered 503').count()).toBe(1);
    expect(await row('film server').getByText('80 %').count()).toBe(1);
    expect(await row('Of a friend').getByText('Off', { exact: true }).count()).toBe(1);
    await page.getByText('1 fails').waitFor();
    expect(await page.evaluate(isTooWide)).toBe(false);
    const shots = process.env.KEEP_SCREENSHOTS;
    if (shots) await screenshot({ path: `${shots}/sources-${device}.png`, isFullPage: true });
    await row('NAS')
      .getByText(/Not known\s*1/)
      .waitFor();
    await row('NAS').getByRole('button', { name: 'Match again NAS' }).click();
    await row('NAS')
      .getByText(/Not known\s*0/)
      .waitFor();
    await row('NAS').getByRole('button', { name: 'Health NAS' }).click();
    // Not taken for a source of that name.
    expect((await product.asAdmin('/api/sources/health')).status).toBe(200);
    await row('NAS').getByText('Speed of a file’s beginning').waitFor();
    expect(await page.evaluate(isTooWide)).toBe(false);
    if (shots) await screenshot({ path: `${shots}/sources-health-${device}.png`, isFullPage: true });
    await row('NAS').getByRole('button', { name: 'Edit NAS' }).click();
    await page.getByRole('form', { name: 'Edit NAS' }).waitFor();
    expect(await page.evaluate(isTooWide)).toBe(false);
    if (shots) {
      await page.getByRole('button', { name: 'Switch to the dark scheme' }).click();
      await screenshot({ path: `${shots}/sources-${device}-dark.png`, isFullPage: true });
    }
    expect(await page.content()).not.toContain(PASSWORD);
    expect(errors).toEqual([]);
  });
});

test('test, add, turn on, edit, remove', async () => {
  await empty();
  await withChromium(async (browser) => {
    const { page, errors, rows } = await unlocked(browser, 'desktop');
    await page.getByText('No source yet').waitFor();
    await page.getByRole('button', { name: 'Add a source' }).click();
    const form = page.getByRole('form', { name: 'A new source' });
    await form.getByLabel('Name', { exact: true }).fill('NAS');
    await form.getByLabel('Address', { exact: true }).fill('http://10.9.9.9/films/');
    const answers = (words: RegExp) =>
      expect
        .poll(() => form.getByRole('status').allTextContents(), { timeout: 15_000 })
        .toEqual([expect.stringMatching(words)]);

    // Out of reach is told from a login that is wanted, that from a wrong one, and that from a right one.
    await form.getByRole('button', { name: 'Test', exact: true }).click();
    await answers(/If it is in your own network, say so/);
    await form.getByLabel('It is in my own network').check();
    await form.getByLabel('Address', { exact: true }).fill(`${nas}/Locked/`);
    await form.getByRole('button', { name: 'Test', exact: true }).click();
    await answers(/It refuses the login/);
    await form.getByLabel('Username').fill('owner');
    await form.getByRole('textbox', { name: 'Password' }).fill('not-this-one');
    await form.getByRole('button', { name: 'Test', exact: true }).click();
    await answers(/It refuses the login/);
    await form.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await form.getByRole('button', { name: 'Test', exact: true }).click();
    await answers(/^It works\. ./);
    expect(await listed()).toEqual([]);
    await form.getByRole('button', { name: 'Add it' }).click();

    const mine = rows.filter({ hasText: 'NAS' });
    await mine.getByText('Off', { exact: true }).waitFor();
    await mine.getByRole('button', { name: 'Test NAS' }).click();
    await mine.getByText(/^It works\. ./).waitFor();
    expect(await listed()).toMatchObject([
      { isActive: false, hasPassword: true, allowsPrivate: true, offers: 'proxied', scanEveryMinutes: 360 },
    ]);
    await mine.getByRole('button', { name: 'Turn on NAS' }).click();
    await mine.getByText('On', { exact: true }).waitFor();
    expect(await listed()).toMatchObject([{ isActive: true }]);

    // The password stays while nothing is said of it.
    await mine.getByRole('button', { name: 'Edit NAS' }).click();
    const edit = page.getByRole('form', { name: 'Edit NAS' });
    expect(await edit.getByRole('textbox', { name: 'Password' }).inputValue()).toBe('');
    await edit.getByLabel('Name', { exact: true }).fill('The NAS');
    await edit.getByLabel('How its films are played').selectOption('both');
    await edit.getByLabel('Looked through').selectOption('1440');
    await edit.getByLabel('Priority').fill('-3');
    await edit.getByRole('button', { name: 'Save' }).click();
    await rows.getByText('The NAS', { exact: true }).waitFor();
    expect(await listed()).toMatchObject([
      { name: 'The NAS', offers: 'both', priority: -3, scanEveryMinutes: 1440, hasPassword: true },
    ]);
    await rows.getByRole('button', { name: 'Turn off The NAS' }).click();
    await rows.getByText('Off', { exact: true }).waitFor();

    // One that cannot be is told why, and what was typed stays.
    await page.getByRole('button', { name: 'Add a source' }).click();
    await form.getByLabel('What it is').selectOption('local-folder');
    expect(await form.getByLabel('Username').count()).toBe(0);
    await form.getByLabel('Name', { exact: true }).fill('Films');
    await form.getByLabel('Address', { exact: true }).fill('local:films/');
    await form.getByRole('button', { name: 'Add it' }).click();
    await form.getByRole('alert').filter({ hasText: 'LOCAL_FOLDERS' }).waitFor();
    expect(await form.getByLabel('Address', { exact: true }).inputValue()).toBe('local:films/');
    await form.getByRole('button', { name: 'Leave it' }).click();

    await rows.getByRole('button', { name: 'Remove The NAS' }).click();
    await page.getByText('On the server itself').waitFor();
    expect(await listed()).toHaveLength(1);
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByText('No source yet').waitFor();
    expect(await listed()).toEqual([]);
    // What was refused is told in words; the browser notes it all the same.
    expect(errors.filter((line) => !line.includes('400'))).toEqual([]);
  });
});
