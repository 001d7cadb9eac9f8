import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { infoOf } from '../../src/streams/torrent/info-hash.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { freePort, openTempDir } from '../support/processes.ts';
import {
  type Place,
  type Running,
  startSeeds,
  startTransmission,
  startUdpRelay,
} from '../support/real/swarm.ts';

// uTP as libtorrent and Transmission's libutp speak it: what they send is read bit for bit, by clean lines and by bad ones.

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const NEVER = new AbortController().signal;
const bytes = randomBytes(24 * MIB + 4711);
const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
let dir: Awaited<ReturnType<typeof openTempDir>>;
let film: { infoHash: string; info: Uint8Array };
const running: { stop(): unknown }[] = [];

const files = () => join(dir.path, 'film.mkv');
const torrent = () => join(dir.path, 'film.torrent');

beforeAll(async () => {
  dir = await openTempDir();
  await writeFile(files(), bytes);
  const made = await startSeeds({ files: files(), torrent: torrent(), pieceBytes: PIECE_BYTES, peers: [] });
  await made.stop();
  const info = infoOf(made.torrent);
  if (info === null) throw new Error('no torrent was made');
  film = { infoHash: made.infoHash, info };
});
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});
afterAll(async () => {
  await net.close();
  await dir?.remove();
});

async function seedsOf(transport: 'tcp' | 'utp' | 'both', count = 1): Promise<Place[]> {
  const port = await freePort();
  const peers = Array.from({ length: count }, (_, index) => ({ host: `127.0.3.${index + 1}`, port }));
  running.push(await startSeeds({ files: files(), torrent: torrent(), peers, transport }));
  return peers;
}

async function engineOf(hasUtp = true): Promise<SwarmEngine> {
  const engine = await SwarmEngine.start({
    ...{ net, log: createLog('silent'), memoryBytes: 64 * MIB, cache: { folder: '', maxBytes: 0 } },
    ...{ deadMs: 30_000, onGone: () => {}, onAnnounced: () => {}, utp: hasUtp ? { port: null } : null },
  });
  running.push({ stop: () => engine.close() });
  return engine;
}

/** Reads the film's first bytes from `peers`. */
async function read(engine: SwarmEngine, peers: readonly Place[], end = bytes.length): Promise<Buffer> {
  await engine.open({ ...film, trackers: [], peers, isPrivate: false }, NEVER);
  const parts: Buffer[] = [];
  for await (const { piece, from, to, release } of engine.read(film.infoHash, 0, { start: 0, end }, NEVER)) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    release();
  }
  return Buffer.concat(parts);
}

async function relayTo(peers: readonly Place[], line: object): Promise<Place[]> {
  const links = await Promise.all(
    peers.map(async (to, index) => ({
      listen: { host: `127.0.4.${index + 1}`, port: await freePort() },
      ...{ to, ...line },
    })),
  );
  const relay: Running = await startUdpRelay(links);
  running.push(relay);
  return links.map(({ listen }) => listen);
}

test('three seeds of libtorrent that speak uTP alone give the film', async () => {
  const peers = await seedsOf('utp', 3);
  for (let round = 0; round < 3; round += 1) {
    const engine = await engineOf();
    expect((await read(engine, peers)).equals(bytes)).toBe(true);
    expect(engine.state(film.infoHash)?.utpPeers).toBe(3);
    engine.close();
  }
});

test('one seed gives it alone', async () => {
  const [peer] = await seedsOf('utp');
  if (peer === undefined) throw new Error('no seed');
  const engine = await engineOf();
  expect((await read(engine, [peer])).equals(bytes)).toBe(true);
});

test('Transmission gives it by uTP, through a line that has no TCP', async () => {
  const seed = { host: '127.0.3.9', port: await freePort() };
  running.push(await startTransmission(dir.path, torrent(), seed, await freePort(), true));
  const engine = await engineOf();
  expect((await read(engine, await relayTo([seed], { delayMs: 5 }))).equals(bytes)).toBe(true);
  expect(engine.state(film.infoHash)?.utpPeers).toBe(1);
});

test('a line that delays, loses, reorders and doubles costs time and no byte', async () => {
  const peers = await relayTo(await seedsOf('utp', 2), {
    ...{ delayMs: 30, loss: 0.02, reorder: 0.05, double: 0.02 },
  });
  const end = 2 * MIB;
  expect((await read(await engineOf(), peers, end)).equals(bytes.subarray(0, end))).toBe(true);
});

test('a seed that speaks both is reached by TCP', async () => {
  const engine = await engineOf();
  expect((await read(engine, await seedsOf('both'))).equals(bytes)).toBe(true);
  expect(engine.state(film.infoHash)?.utpPeers).toBe(0);
});

test('seeds that speak TCP alone give the first byte as soon as without uTP', async () => {
  const peers = await seedsOf('tcp', 2);
  const taken: Record<'on' | 'off', number[]> = { on: [], off: [] };
  for (let pair = 0; pair < 20; pair += 1)
    for (const way of pair % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
      const engine = await engineOf(way === 'on');
      const begun = performance.now();
      await read(engine, peers, 1);
      taken[way].push(performance.now() - begun);
      engine.close();
    }
  const [on, off] = [taken.on, taken.off].map((all) => all.sort((a, b) => a - b)[10] ?? 0);
  console.log(`first byte: ${on?.toFixed(0)} ms with uTP, ${off?.toFixed(0)} ms without`);
  expect(on).toBeLessThan(1.1 * (off ?? 0) + 50);
});

test('closing in the middle ends at once, and the seed gives to the next one', async () => {
  const peers = await seedsOf('utp');
  for (let round = 0; round < 5; round += 1) {
    const engine = await engineOf();
    await read(engine, peers, MIB);
    const begun = performance.now();
    engine.close();
    expect(performance.now() - begun).toBeLessThan(200);
  }
});
