import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { isWebUiStale } from '../../src/web/build.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { freePort, plainEnv, runProcess } from '../support/processes.ts';
import { ROOT, startTributary, type Tributary } from '../support/product.ts';
import { unlock, withChromium } from '../support/real/chromium.ts';
import { type Nginx, startNginx } from '../support/real/nginx.ts';
import { waitUntil } from '../support/wait-until.ts';

// Scans as an owner sees them: nginx as the NAS, the real page, the real terminal.

const FOLDERS = 60;
const PER_FOLDER = 5;
let folder: string;
let nas: string;
let nginx: Nginx;
let database: TestDatabase;
let product: Tributary;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-nas-'));
  for (let n = 0; n < FOLDERS; n += 1) {
    await mkdir(join(folder, `Shelf ${n}`));
    for (let m = 0; m < PER_FOLDER; m += 1)
      await writeFile(
        join(folder, `Shelf ${n}`, `Made.Up.Film.${n}.${m}.19${10 + (n % 90)}.1080p.mkv`),
        'film',
      );
  }
  const port = await freePort();
  nas = `http://127.0.0.1:${port}/`;
  // Slow enough to be watched.
  nginx = await startNginx({
    port,
    http: `limit_req_zone $binary_remote_addr zone=all:1m rate=6r/s;
    server { listen 127.0.0.1:${port}; root ${folder}; autoindex on; limit_req zone=all burst=500; }`,
  });
  database = await freshDatabase();
  product = await startTributary({
    env: { ...{ DATABASE_URL: database.url, RATE_LIMIT_API: '10000' }, METADATA_PROVIDERS: 'none' },
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
const Added = z.object({ sourceId: z.uuid() });
const Listed = z.object({ sources: z.array(Added) });

/** The one source, active and not scanned yet. */
async function begin(): Promise<string> {
  const { sources } = Listed.parse(await (await product.asAdmin('/api/sources')).json());
  for (const { sourceId } of sources) await product.asAdmin(`/api/sources/${sourceId}`, { method: 'DELETE' });
  const ask = async (method: string, path: string, body: object) => {
    const answer = await product.asAdmin(path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.clone().text()).toBeLessThan(300);
    return Added.parse(await answer.json()).sourceId;
  };
  const id = await ask('POST', '/api/sources', {
    ...{ name: 'My NAS', baseUrl: nas, finder: 'http-index', allowsPrivate: true, scanEveryMinutes: 0 },
  });
  return await ask('PATCH', `/api/sources/${id}`, { isActive: true });
}

test.each(['desktop', 'phone'] as const)('a scan and its matching are watched, on a %s', async (device) => {
  await begin();
  await withChromium(async (browser) => {
    const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#sources`, device);
    await unlock(page, product.adminToken);
    const row = page
      .getByRole('list', { name: 'Sources' })
      .getByRole('listitem')
      .filter({ hasText: 'My NAS' });
    await row.getByRole('button', { name: 'Scan now My NAS' }).click();

    const scan = row.getByRole('region', { name: 'Scan of My NAS' });
    await scan.waitFor();
    await scan.getByText(/\d+ folders of 61 · \d+ videos · \d+ new · .* a second · .* left/).waitFor();
    await scan.getByText(/^\/Shelf \d+$/).waitFor();
    await row.getByText('Scanning', { exact: true }).waitFor();
    expect(await row.getByRole('button', { name: 'Scan now My NAS' }).isDisabled()).toBe(true);
    await row.getByRole('button', { name: 'Past scans My NAS' }).click();
    const log = row.getByRole('list', { name: 'Scans of My NAS' }).getByRole('listitem');
    await log.getByText('Scan, running:').waitFor();
    expect(await page.evaluate(isTooWide)).toBe(false);
    const shots = process.env.KEEP_SCREENSHOTS;
    if (shots) await screenshot({ path: `${shots}/scan-${device}.png`, isFullPage: true });

    const card = page.getByRole('region', { name: 'Matching with titles' });
    await card.waitFor();
    await log.getByText(/^Scan done in/).waitFor();
    await expect
      .poll(() => log.allTextContents(), { timeout: 60_000 })
      .toContainEqual(expect.stringContaining('300 videos in 61 folders · 300 new'));
    await scan.waitFor({ state: 'detached' });
    await expect
      .poll(() => log.allTextContents(), { timeout: 60_000 })
      .toContainEqual(expect.stringMatching(/^.*Matching done/));
    expect(await page.evaluate(isTooWide)).toBe(false);
    if (shots) {
      await page.getByRole('button', { name: 'Switch to the dark scheme' }).click();
      await screenshot({ path: `${shots}/scan-${device}-dark.png`, isFullPage: true });
    }
    expect(errors).toEqual([]);
  });
});

test('matching is paused and goes on at the press of a button', async () => {
  await begin();
  await withChromium(async (browser) => {
    const { page, errors } = await browser.open(`${product.baseUrl}/#sources`);
    await unlock(page, product.adminToken);
    const card = page.getByRole('region', { name: 'Matching with titles' });
    await page.getByRole('button', { name: 'Scan now My NAS' }).click();
    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByText('paused').waitFor();
    const Progress = z.object({ isMatching: z.boolean(), matching: z.object({ waiting: z.number() }) });
    const progress = async () =>
      Progress.parse(await (await product.asAdmin('/api/sources/progress')).json());
    expect((await progress()).isMatching).toBe(false);
    await card.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(progress, { timeout: 60_000 }).toMatchObject({ isMatching: true });
    expect(errors).toEqual([]);
  });
});

test('a scan is begun and watched in the terminal, beside the running server', async () => {
  const id = await begin();
  const seed = (...args: string[]) =>
    runProcess({
      command: process.execPath,
      args: [join(ROOT, 'scripts/seed.ts'), 'source', ...args],
      env: {
        ...{ ...plainEnv(product.dataDir), DATA_DIR: product.dataDir, DATABASE_URL: database.url },
        ...{ OUTBOUND: 'listed', OUTBOUND_ALLOW: '127.0.0.0/8,::1' },
      },
      timeoutMs: 90_000,
      anyCode: true,
    });
  const unknown = await seed('Another');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('There is no such source. There are: "My NAS".');

  const scanned = await seed('my nas', '--json');
  expect(scanned).toMatchObject({ code: 0 });
  expect(JSON.parse(scanned.stdout.toString())).toMatchObject({
    ...{ folders: 61, videos: 300, new: 300, known: 0, gone: 0, 'still to match': 0 },
  });
  expect(scanned.stderr).toMatch(/100 % {2}scan: 300 videos {2}\d+ videos\/s {2}in \d:\d\d/);
  expect(scanned.stderr).toMatch(/matching: \d+ of \d+ videos/);

  const again = await seed(id);
  expect(again.code).toBe(0);
  expect(again.stdout.toString()).toMatch(/^new +0$/m);
  expect(again.stdout.toString()).toMatch(/^known +\d+$/m);
});
