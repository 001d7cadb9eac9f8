import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { unlock, withChromium } from '../support/real/chromium.ts';
import { type Running, startRelay, startSeeds, takeByLibtorrent } from '../support/real/swarm.ts';
import { waitUntil } from '../support/wait-until.ts';

// The owner's view of what is kept of torrents: real seeds, the real page, a real browser.

const MIB = 1024 * 1024;
const FILMS = [
  ['Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GROUP.with.a.name.that.goes.on.and.on.mkv', 9],
  ['The.General.1926.720p.mkv', 5],
  ['Nosferatu.1922.mkv', 40],
] as const;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let product: Tributary;
let port: number;
const seeds: Running[] = [];
const urls: string[] = [];

beforeAll(async () => {
  dir = await openTempDir();
  port = await freePort();
  product = await startTributary({
    env: {
      ...{ RATE_LIMIT_API: '10000', CACHE_MAX_BYTES: '64M' },
      ...{ TORRENT_PORT: String(port), TORRENT_HOST: '127.0.0.1' },
    },
  });
  await waitUntil(async () => (await (await fetch(`${product.baseUrl}/`)).text()).includes('/assets/'), {
    what: 'the page is built',
    timeoutMs: 120_000,
  });
  for (const [index, [name, mib]] of FILMS.entries()) {
    await writeFile(join(dir.path, name), randomBytes(mib * MIB));
    const place = { host: `127.0.3.${index + 1}`, port: await freePort() };
    const seed = await startSeeds({
      ...{ files: join(dir.path, name), torrent: join(dir.path, `${index}.torrent`), pieceBytes: 256 * 1024 },
      peers: [place],
    });
    seeds.push(seed);
    // The last one is slow: it is still being fetched when the page is looked at.
    const far = index < 2 ? place : { ...place, host: '127.0.3.9' };
    if (index === 2) seeds.push(await startRelay([{ listen: far, to: place, bytesPerSecond: 400_000 }]));
    urls.push(`magnet:?xt=urn:btih:${seed.infoHash}&x.pe=${far.host}:${far.port}`);
  }
}, 180_000);
afterAll(async () => {
  await product?.stop();
  for (const seed of seeds) await seed.stop();
  await dir?.remove();
});

async function watch(
  index: number,
  signal: AbortSignal | null = null,
  range = 'bytes=0-',
): Promise<Response> {
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: urls[index] }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await answer.json());
  return await fetch(playUrl, { headers: { Range: range }, signal });
}

async function giveAtMost(torrentUploadLimit: number): Promise<void> {
  const answer = await product.asAdmin('/api/settings', {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ torrentUpload: 'ratio', torrentUploadRatio: 3, torrentUploadLimit }),
  });
  expect(answer.status, await answer.clone().text()).toBe(200);
}

const DEVICES = ['desktop', 'phone'] as const;

function keeper(screenshot: (options: { path: string; isFullPage: boolean }) => unknown, device: string) {
  const folder = process.env.KEEP_SCREENSHOTS;
  return async (name: string) => {
    if (folder) await screenshot({ path: `${folder}/torrents-${name}-${device}.png`, isFullPage: true });
  };
}

test.each(DEVICES)('with nothing in it the page says what will be there, on a %s', async (device) => {
  await withChromium(async (browser) => {
    const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#torrents`, device);
    await unlock(page, product.adminToken);
    await page.getByText('No torrents yet').waitFor();
    await page.getByText('what is fetched of it stays on disk and shows here').waitFor();
    await keeper(screenshot, device)('empty');
    expect(errors).toEqual([]);
  });
});

test.each(DEVICES)('the page shows, pauses, resumes and removes them, on a %s', async (device) => {
  await (await watch(0)).arrayBuffer();
  // Else whoever takes it from us hears of its seed by PEX, and may have all of it from there before he asks us for a block.
  await seeds[0]?.stop();
  await (await watch(1, null, `bytes=0-${2 * MIB}`)).arrayBuffer();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const watching = (await watch(2, stop.signal)).arrayBuffer().catch(() => null);
  await withChromium(async (browser) => {
    const { page, errors, screenshot } = await browser.open(`${product.baseUrl}/#torrents`, device);
    const keep = keeper(screenshot, device);
    await unlock(page, product.adminToken);
    const rows = page.getByRole('list', { name: 'Torrents' }).getByRole('listitem');
    await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(3);
    const row = (name: string) => rows.filter({ hasText: name });
    await row('Night').getByText('Complete').waitFor();
    await row('Nosferatu').getByText('Downloading').waitFor();
    await row('Nosferatu').getByText('being watched').waitFor();
    await page.getByRole('img', { name: /^[\d.]+ MiB of 64 MiB are used$/ }).waitFor();
    await keep('list');
    expect(
      await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
    ).toBe(false);

    await page.getByRole('button', { name: /^Pause The.General/ }).click();
    await page.getByRole('button', { name: 'Pause it' }).click();
    await row('General').getByText('Paused').waitFor();
    await keep('paused');
    await page.getByRole('button', { name: /^Resume The.General/ }).click();
    await row('General').getByText('In part').waitFor();

    // Slow enough to be seen: it takes nine seconds.
    await giveAtMost(1024);
    const us = [{ host: '127.0.0.1', port }];
    const taking = takeByLibtorrent(join(dir.path, '0.torrent'), us, 60);
    // The other side is a Python process, which comes encrypted first and in plain a second later.
    await row('Night').getByText('Uploading').waitFor({ timeout: 45_000 });
    await row('Night')
      .getByText(/[\d.]+ [KM]iB uploaded/)
      .waitFor();
    await keep('uploading');
    await giveAtMost(0);
    expect((await taking).sha256).not.toBeNull();

    await page.getByRole('button', { name: /^Remove Nosferatu/ }).click();
    await page.getByText('ends at once').waitFor();
    await keep('remove');
    await page.getByRole('button', { name: 'Remove it' }).click();
    await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(2);
    expect(errors).toEqual([]);
  });
  stop.abort();
  await watching;
});
