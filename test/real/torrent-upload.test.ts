import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { startSeeds, takeByLibtorrent } from '../support/real/swarm.ts';

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
  product = await startTributary({
    env: { PUBLIC_CATALOG: 'all', TORRENT_PORT: String(port), TORRENT_HOST: '127.0.0.1' },
  });
});
afterAll(async () => {
  await product?.stop();
  await dir?.remove();
});

async function policy(changes: object): Promise<void> {
  const answer = await product.asAdmin('/api/settings', {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ torrentUploadLimit: 0, torrentDownloadLimit: 0, ...changes }),
  });
  expect(answer.status, await answer.clone().text()).toBe(200);
}

/** Pieces of another size are another torrent, of which nothing lies here yet. */
async function watched(pieceBytes: number): Promise<{ torrent: string; playUrl: string }> {
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
  return { torrent, playUrl };
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
