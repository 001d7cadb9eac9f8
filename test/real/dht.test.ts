import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createNet } from '../../src/platform/net.ts';
import { Dht } from '../../src/streams/torrent/dht/index.ts';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type RealDht, startRealDht } from '../support/real/dht.ts';
import { waitUntil } from '../support/wait-until.ts';

// libtorrent's nodes and seeds, and magnets that say nothing but an info hash.

const NODES = [1, 2, 3, 4].map((number) => `127.0.3.${number}`);
const NEVER = new AbortController().signal;
const Answer = z.object({ dht: z.object({ status: z.string(), nodes: z.number() }) });

let dir: Awaited<ReturnType<typeof openTempDir>>;
let nodes: { host: string; port: number }[];
let dht: RealDht;
let product: Tributary;
const films: string[] = [];

beforeAll(async () => {
  dir = await openTempDir();
  for (const name of ['one.mkv', 'two.mkv']) {
    films.push(join(dir.path, name));
    await writeFile(join(dir.path, name), randomBytes(3_000_000));
  }
  nodes = await Promise.all(NODES.map(async (host) => ({ host, port: await freePort() })));
  dht = await startRealDht(films, nodes);
});
afterAll(async () => {
  await product?.stop();
  await dht?.stop();
  await dir?.remove();
});

async function play(infoHash: string): Promise<Buffer> {
  const asked = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: `magnet:?xt=urn:btih:${infoHash}` }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await asked.json());
  return Buffer.from(await (await fetch(playUrl)).arrayBuffer());
}

const status = async () => Answer.parse(await (await product.asAdmin('/api/trackers')).json()).dht;

test('a magnet without trackers plays bit for bit, and the page of trackers says what the DHT does', async () => {
  const [first] = nodes;
  product = await startTributary({
    env: { DHT_BOOTSTRAP: `${first?.host}:${first?.port}`, CACHE_DIR: dir.path },
  });
  expect(await status()).toMatchObject({ status: 'resting', nodes: 0 });
  const begun = performance.now();
  const bytes = await play(dht.infoHashes[0] ?? '');
  console.log(`found, its metadata fetched and 3 MB read in ${Math.round(performance.now() - begun)} ms`);
  expect(bytes.equals(await readFile(films[0] ?? ''))).toBe(true);
  const known = await waitUntil(async () => ((await status()).nodes >= 3 ? await status() : false), {
    ...{ what: 'its nodes are known', timeoutMs: 10_000 },
  });
  expect(known.status).toBe('running');
});

test('the next start asks those it knew, and needs nobody it is told of', async () => {
  const kept = JSON.parse(await readFile(join(dir.path, 'dht.json'), 'utf8'));
  expect(z.object({ nodes: z.array(z.unknown()) }).parse(kept).nodes.length).toBeGreaterThanOrEqual(3);
  await product.stop();
  product = await startTributary({ env: { DHT_BOOTSTRAP: '127.0.3.9:9', CACHE_DIR: dir.path } });
  expect((await play(dht.infoHashes[1] ?? '')).equals(await readFile(films[1] ?? ''))).toBe(true);
});

test('who takes connections is found by others, at the port that was announced', async () => {
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const [, second] = nodes;
  const port = await freePort();
  const bootstrap = [`${second?.host}:${second?.port}`];
  const own = new Dht({ net, port, file: null, bootstrap });
  const infoHash = randomBytes(20).toString('hex');
  await own.findPeers(infoHash, () => {}, NEVER);
  await waitUntil(async () => (await dht.peersOf(infoHash)).includes(`127.0.0.1:${port}`), {
    ...{ what: 'it is found', timeoutMs: 20_000 },
  });
  await own.rest();
  await net.close();
});
