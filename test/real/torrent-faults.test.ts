import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { makeTorrent, type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { openSmallDisk } from '../support/small-disk.ts';
import { waitUntil } from '../support/wait-until.ts';

// A disk that is full, and a kill in the middle of a film: the whole program, and a peer of the test.

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const FILM = makeTorrent(randomBytes(24 * MIB + 4711), PIECE_BYTES);
const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function seedOf(): Promise<SeedPeer> {
  const seed = await startSeedPeer(FILM);
  open.push(seed);
  return seed;
}

async function playUrl(product: Tributary, seed: SeedPeer): Promise<string> {
  const url = `magnet:?xt=urn:btih:${FILM.infoHash}&x.pe=${seed.host}:${seed.port}`;
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  return z.object({ playUrl: z.string() }).parse(await answer.json()).playUrl;
}
const filmAt = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());
const piecesIn = async (folder: string) =>
  (await readdir(join(folder, FILM.infoHash)).catch(() => [])).filter((name) => /^\d+$/.test(name));

test('a disk that others fill costs nobody the film: it holds whole pieces, and no half ones', async () => {
  await using disk = await openSmallDisk(8);
  const product = await startTributary({ env: { CACHE_DIR: disk.path } });
  open.push(product);
  const seed = await seedOf();
  const url = await playUrl(product, seed);
  const head = await fetch(url, { headers: { Range: `bytes=0-${MIB - 1}` } });
  expect(Buffer.from(await head.arrayBuffer()).equals(FILM.bytes.subarray(0, MIB))).toBe(true);
  await waitUntil(async () => (await piecesIn(disk.path)).length >= 4, {
    what: 'the first pieces are on disk',
    timeoutMs: 5000,
  });
  await disk.fill();
  expect((await filmAt(url)).equals(FILM.bytes)).toBe(true);
  expect((await filmAt(url)).equals(FILM.bytes)).toBe(true);
  const names = await readdir(join(disk.path, FILM.infoHash));
  expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
  for (const name of await piecesIn(disk.path)) {
    const index = Number(name);
    const bytes = await readFile(join(disk.path, FILM.infoHash, name));
    expect(bytes.equals(FILM.bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)), name).toBe(
      true,
    );
  }
});

test('killed while a film is being fetched, it goes on with what it had, and what is damaged there is fetched again', async () => {
  const seed = await seedOf();
  // 24 MiB in some seconds, so that the kill comes in the middle.
  seed.manners.delayMs = 20;
  await using dir = await openTempDir();
  const dataDir = dir.path;
  await using product = await startTributary({ dataDir });
  const { adminToken, baseUrl } = product;
  const folder = join(dataDir, 'torrents');
  const url = await playUrl(product, seed);
  const gone = fetch(url).then((answer) => answer.arrayBuffer());
  const failed = expect(gone).rejects.toThrow();
  await waitUntil(async () => (await piecesIn(folder)).length >= 8, { what: '8 pieces', timeoutMs: 20_000 });
  product.signal('SIGKILL');
  await failed;
  await waitUntil(async () => product.hasExited(), { what: 'it is gone', timeoutMs: 5000 });
  const kept = await piecesIn(folder);
  const whole = Math.ceil(FILM.bytes.length / PIECE_BYTES);
  expect(kept.length).toBeLessThan(whole);
  const [damaged = ''] = kept;
  const path = join(folder, FILM.infoHash, damaged);
  const bytes = await readFile(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(path, bytes);

  seed.manners.delayMs = 0;
  seed.counts.sent = 0;
  await using _again = await startTributary({ dataDir, adminToken, env: { PORT: new URL(baseUrl).port } });
  expect((await filmAt(url)).equals(FILM.bytes)).toBe(true);
  // What it had was not asked for again, but for the one.
  const fetched = FILM.bytes.length - (kept.length - 1) * PIECE_BYTES;
  expect(seed.counts.sent).toBeGreaterThanOrEqual(fetched);
  expect(seed.counts.sent).toBeLessThan(fetched + 2 * PIECE_BYTES);
  await waitUntil(async () => (await piecesIn(folder)).length === whole, {
    what: 'all is kept',
    timeoutMs: 10_000,
  });
  expect((await stat(path)).size).toBe(PIECE_BYTES);
});
