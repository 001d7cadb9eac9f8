import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type Running, startAria2, startSeeds, startTransmission } from '../support/real/swarm.ts';

// TORRENT_ENGINE=torrent-stream through the whole product: what real clients seed plays bit for bit.

let dir: Awaited<ReturnType<typeof openTempDir>>;
let product: Tributary;
const seeds: Running[] = [];

beforeAll(async () => {
  dir = await openTempDir();
  product = await startTributary({ env: { TORRENT_ENGINE: 'torrent-stream' } });
});
afterAll(async () => {
  await product?.stop();
  for (const seed of seeds) await seed.stop();
  await dir?.remove();
});

/** Seeds `name` at an address of its own; answers a magnet that names it. */
async function seedBy(name: string, bytes: Buffer): Promise<string> {
  const file = join(dir.path, `${name}.mkv`);
  await writeFile(file, bytes);
  const torrent = join(dir.path, `${name}.torrent`);
  const place = { host: '127.0.4.1', port: await freePort() };
  const peers = name === 'libtorrent' ? [place] : [];
  const made = await startSeeds({ files: file, torrent, pieceBytes: 128 * 1024, peers });
  if (name === 'libtorrent') seeds.push(made);
  else await made.stop();
  if (name === 'aria2') seeds.push(await startAria2(dir.path, torrent, place));
  if (name === 'Transmission')
    seeds.push(await startTransmission(dir.path, torrent, place, await freePort()));
  return `magnet:?xt=urn:btih:${made.infoHash}&x.pe=${place.host}:${place.port}`;
}

test.each([
  ['libtorrent', 20_000_000],
  ['aria2', 5_000_000],
  // Serves twice a second what it was asked for, which of this engine is 80 KiB.
  ['Transmission', 1_000_000],
])('%s seeds, and a magnet with its address plays bit for bit', async (name, size) => {
  const bytes = randomBytes(size);
  const url = await seedBy(name, bytes);
  const made = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await made.json());
  const tail = await fetch(playUrl, { headers: { Range: 'bytes=-1000' } });
  expect(Buffer.from(await tail.arrayBuffer()).equals(bytes.subarray(-1000))).toBe(true);
  const whole = Buffer.from(await (await fetch(playUrl)).arrayBuffer());
  expect(whole.equals(bytes)).toBe(true);
});

test('its pieces lie in a folder of its own below the cache', async () => {
  const names = await readdir(join(product.dataDir, 'torrents'));
  // What is kept of our own engine lies in folders called by the info hash.
  expect(names).toContain('torrent-stream');
  expect(names.filter((name) => /^[0-9a-f]{40}$/.test(name))).toEqual([]);
});
