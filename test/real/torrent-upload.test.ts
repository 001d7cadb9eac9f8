import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { startSeeds, takeByLibtorrent } from '../support/real/swarm.ts';
import { waitUntil } from '../support/wait-until.ts';

// libtorrent takes a film from the whole product, over the port the owner opened, under each policy.

const MIB = 1024 * 1024;
const FILM_BYTES = 32 * MIB;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let product: Tributary;
let port: number;
const bytes = randomBytes(FILM_BYTES);
const sha256 = createHash('sha256').update(bytes).digest('hex');

beforeAll(async () => {
  dir = await openTempDir();
  port = await freePort();
  await writeFile(join(dir.path, 'film.mkv'), bytes);
  product = await start();
});
afterAll(async () => {
  await product?.stop();
  await dir?.remove();
});

/** On the same data each time. */
const start = (env: Record<string, string> = {}, adminToken?: string) =>
  startTributary({
    dataDir: join(dir.path, 'data'),
    ...(adminToken === undefined ? {} : { adminToken }),
    env: { PUBLIC_CATALOG: 'all', TORRENT_PORT: String(port), TORRENT_HOST: '127.0.0.1', ...env },
  });

const Row = z.object({ status: z.string(), uploadedBytes: z.number(), downloadedBytes: z.number() });

async function rowOf(infoHash: string): Promise<z.infer<typeof Row>> {
  return Row.parse(await (await product.asAdmin(`/api/torrents/${infoHash}`)).json());
}

async function policy(changes: object): Promise<void> {
  const answer = await product.asAdmin('/api/settings', {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ torrentUploadLimit: 0, torrentDownloadLimit: 0, ...changes }),
  });
  expect(answer.status, await answer.clone().text()).toBe(200);
}

/** Pieces of another size are another torrent, of which nothing lies here yet. */
async function watched(pieceBytes: number): Promise<{ torrent: string; playUrl: string; infoHash: string }> {
  const torrent = join(dir.path, `film-${pieceBytes}.torrent`);
  const host = '127.0.2.1';
  const place = { host, port: await freePort() };
  const seeds = await startSeeds({ files: join(dir.path, 'film.mkv'), torrent, pieceBytes, peers: [place] });
  const url = `magnet:?xt=urn:btih:${seeds.infoHash}&x.pe=${host}:${place.port}`;
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await answer.json());
  const got = Buffer.from(await (await fetch(playUrl)).arrayBuffer());
  expect(got.equals(bytes)).toBe(true);
  await seeds.stop();
  return { torrent, playUrl, infoHash: seeds.infoHash };
}

const us = () => [{ host: '127.0.0.1', port }];

test('ratio: what was watched once is given on, bit for bit', async () => {
  await policy({ torrentUpload: 'ratio', torrentUploadRatio: 1.5 });
  const { torrent } = await watched(256 * 1024);
  const taken = await takeByLibtorrent(torrent, us(), 60);
  expect(taken.sha256).toBe(sha256);
});

test('off: nothing is given, and playing: only while it plays', async () => {
  await policy({ torrentUpload: 'off' });
  const { torrent, playUrl } = await watched(128 * 1024);
  expect(await takeByLibtorrent(torrent, us(), 8)).toMatchObject({ sha256: null, got: 0 });
  await policy({ torrentUpload: 'playing' });
  expect(await takeByLibtorrent(torrent, us(), 8)).toMatchObject({ sha256: null, got: 0 });
  const stop = new AbortController();
  const viewer = await fetch(playUrl, { signal: stop.signal });
  // It reads nothing after the first bytes: a viewer who pauses.
  await viewer.body?.getReader().read();
  const taken = await takeByLibtorrent(torrent, us(), 60);
  stop.abort();
  expect(taken.sha256).toBe(sha256);
});

test('a limit set while it gives holds', async () => {
  await policy({ torrentUpload: 'ratio', torrentUploadRatio: 3 });
  const { torrent } = await watched(512 * 1024);
  await policy({ torrentUpload: 'ratio', torrentUploadRatio: 3, torrentUploadLimit: 4096 });
  const taken = await takeByLibtorrent(torrent, us(), 60);
  expect(taken.sha256).toBe(sha256);
  expect(taken.seconds).toBeGreaterThan((0.8 * FILM_BYTES) / (4 * MIB));
  // It connects and is unchoked before it takes.
  expect(taken.seconds).toBeLessThan((1.2 * FILM_BYTES) / (4 * MIB) + 4);
});

test('its row is seeding while it gives, and after a restart the ratio goes on where it was', async () => {
  await policy({ torrentUpload: 'ratio', torrentUploadRatio: 1 });
  const { torrent, playUrl, infoHash } = await watched(1024 * 1024);
  expect(await takeByLibtorrent(torrent, us(), 60)).toMatchObject({ sha256 });
  const uploaded = (status: string, least: number) =>
    waitUntil(
      async () => {
        const row = await rowOf(infoHash);
        return row.status === status && row.uploadedBytes >= least ? row : false;
      },
      { what: `it is ${status}`, timeoutMs: 20_000 },
    );
  const { uploadedBytes, downloadedBytes } = await uploaded('seeding', FILM_BYTES);
  // Little is sent twice.
  expect(uploadedBytes).toBeLessThan(1.1 * FILM_BYTES);
  expect(downloadedBytes).toBeLessThan(1.25 * FILM_BYTES);
  await uploaded('completed', FILM_BYTES);

  const { adminToken, baseUrl } = product;
  await product.stop();
  product = await start({ PORT: new URL(baseUrl).port }, adminToken);
  const before = await rowOf(infoHash);
  expect(before).toEqual({ status: 'completed', uploadedBytes, downloadedBytes });
  // Read from the disk: from then on it may be asked for, as far as the ratio goes.
  await (await fetch(playUrl)).arrayBuffer();
  const rest = Math.max(0, downloadedBytes - uploadedBytes);
  const { got } = await takeByLibtorrent(torrent, us(), 8);
  // What was asked for while it was read, and a round of blocks at the end of the ratio.
  expect(got).toBeLessThan(rest + 8 * MIB);
  await policy({ torrentUpload: 'ratio', torrentUploadRatio: 2.5 });
  expect(await takeByLibtorrent(torrent, us(), 60)).toMatchObject({ sha256 });
  const after = await uploaded('seeding', uploadedBytes + FILM_BYTES);
  expect(after.uploadedBytes).toBeLessThan(uploadedBytes + got + 1.1 * FILM_BYTES);
  expect(after.downloadedBytes).toBe(downloadedBytes);
}, 120_000);
