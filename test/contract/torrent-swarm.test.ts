import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { openTempDir } from '../support/processes.ts';
import { type Manners, makeTorrent, type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const FILM = makeTorrent(randomBytes(24 * MIB + 4711), PIECE_BYTES);
const NEVER = new AbortController().signal;

const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const engines: SwarmEngine[] = [];
const seeds: SeedPeer[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) engine.close();
  await Promise.all(seeds.splice(0).map((seed) => seed.stop()));
});
afterAll(() => net.close());

/** Seeds at addresses of their own, and an engine that knows them. */
async function swarmOf(...manners: Partial<Manners>[]) {
  return await smallSwarm(64 * MIB, ...manners);
}

async function smallSwarm(memoryBytes: number, ...manners: Partial<Manners>[]) {
  return await cachedSwarm({ memoryBytes, cache: { folder: '', maxBytes: 0 } }, ...manners);
}

type Room = { memoryBytes: number; cache: { folder: string; maxBytes: number } };

async function cachedSwarm(room: Room, ...manners: Partial<Manners>[]) {
  const started = await Promise.all(
    manners.map((one, index) => startSeedPeer(FILM, `127.0.1.${index + 1}`, one)),
  );
  seeds.push(...started);
  const engine = await SwarmEngine.start({
    ...{ net, log: createLog('silent') },
    ...{ ...room, deadMs: 1500, onGone: () => {}, onAnnounced: () => {} },
  });
  engines.push(engine);
  const spec = { infoHash: FILM.infoHash, info: FILM.info, trackers: [], peers: started, isPrivate: false };
  return { engine, spec, seeds: started, open: () => engine.open(spec, NEVER) };
}

/** Reads a range, `pace` between parts; answers its bytes. */
async function readAll(
  engine: SwarmEngine,
  range = { start: 0, end: FILM.bytes.length },
  pace: (taken: number) => Promise<unknown> | undefined = () => undefined,
  signal = NEVER,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let taken = 0;
  for await (const { piece, from, to, release } of engine.read(FILM.infoHash, 0, range, signal)) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    taken += to - from;
    release();
    await pace(taken);
  }
  return Buffer.concat(parts);
}

const stateOf = (engine: SwarmEngine) => {
  const state = engine.state(FILM.infoHash);
  if (state === null) throw new Error('the torrent is gone');
  return state;
};
const sentBy = (peers: readonly SeedPeer[]) => peers.reduce((sum, { counts }) => sum + counts.sent, 0);

test('a film comes bit for bit from three peers, each piece once', async () => {
  const { engine, open, seeds: peers } = await swarmOf({}, {}, {});
  await open();
  expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
  // What is late on a busy machine is asked for twice.
  expect(sentBy(peers)).toBeLessThanOrEqual(FILM.bytes.length * 1.25);
});

test('what a peer holds back until it is acknowledged does not wait for 40 ms', async () => {
  const small = makeTorrent(randomBytes(16 * 1024), 16 * 1024);
  const seed = await startSeedPeer(small, '127.0.1.1', { isHoldingBack: true });
  seeds.push(seed);
  const { engine } = await swarmOf();
  const spec = { infoHash: small.infoHash, info: small.info, trackers: [], peers: [seed], isPrivate: false };
  await engine.open(spec, NEVER);
  const bytes: Buffer[] = [];
  for await (const part of engine.read(small.infoHash, 0, { start: 0, end: small.bytes.length }, NEVER)) {
    bytes.push(Buffer.from(part.piece.buffer.bytes.subarray(part.from, part.to)));
    part.release();
  }
  expect(Buffer.concat(bytes).equals(small.bytes)).toBe(true);
});

test('a liar is found and banned, and the peers that gave with it are not', async () => {
  // The others need most of a second for the film: it is asked for some of it, however late it is heard.
  const honest = { bytesPerSecond: 8 * MIB };
  const { engine, open, seeds: peers } = await swarmOf(honest, honest, honest, { isLiar: true });
  await open();
  expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
  const { bannedPeers, peers: connected, wastedBytes } = stateOf(engine);
  expect([bannedPeers, connected]).toEqual([1, 3]);
  expect(wastedBytes).toBeLessThan(FILM.bytes.length / 2);
  // It is not spoken to again.
  const [, , , liar] = peers;
  const { connections } = liar?.counts ?? {};
  await sleep(1500);
  expect(liar?.counts.connections).toBe(connections);
});

test('a viewer who pauses stops the download: no more than the window and two pieces', async () => {
  // The window of a swarm this fast is what the memory allows: 0.7 of it.
  const memoryBytes = 12 * MIB;
  const { engine, open } = await smallSwarm(memoryBytes, {}, {});
  await open();
  const stop = new AbortController();
  const paused = sleep(60_000, undefined, { signal: stop.signal });
  const failed = expect(readAll(engine, undefined, () => paused)).rejects.toThrow();
  await sleep(1500);
  const { downloadedBytes } = stateOf(engine);
  stop.abort(new Error('the end'));
  await failed;
  expect(downloadedBytes).toBeGreaterThan(4 * MIB);
  expect(downloadedBytes).toBeLessThanOrEqual(0.7 * memoryBytes + 2 * PIECE_BYTES);
});

test('ten viewers of one film cost its bytes once', async () => {
  const { engine, open, seeds: peers } = await swarmOf({}, {}, {});
  await open();
  const all = await Promise.all(Array.from({ length: 10 }, () => readAll(engine)));
  expect(all.every((bytes) => bytes.equals(FILM.bytes))).toBe(true);
  expect(sentBy(peers)).toBeLessThanOrEqual(FILM.bytes.length * 1.1);
});

test('a seek calls off what was asked for, at once', async () => {
  const { engine, open, seeds: peers } = await swarmOf({ delayMs: 300 }, { delayMs: 300 });
  await open();
  const leave = new AbortController();
  const reading = readAll(engine, undefined, undefined, leave.signal);
  const failed = expect(reading).rejects.toThrow('seek');
  await waitUntil(async () => peers.every(({ counts }) => counts.asked > 0), {
    ...{ what: 'both were asked', timeoutMs: 2000, everyMs: 5 },
  });
  leave.abort(new Error('seek'));
  await failed;
  await waitUntil(async () => peers.every(({ counts }) => counts.cancelled > 0), {
    ...{ what: 'both were told', timeoutMs: 100, everyMs: 5 },
  });
  const range = { start: 16 * MIB, end: 17 * MIB };
  expect((await readAll(engine, range)).equals(FILM.bytes.subarray(16 * MIB, 17 * MIB))).toBe(true);
});

const onDisk = async (folder: string) => {
  const names = await readdir(join(folder, FILM.infoHash)).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => {
      // It may be on its way to its place.
      return (await stat(join(folder, FILM.infoHash, name)).catch(() => null))?.size ?? 0;
    }),
  );
  return { names, bytes: sizes.reduce((sum, size) => sum + size, 0) };
};

test('what was watched comes from the disk after a restart, and what the disk got wrong from the peers', async () => {
  await using dir = await openTempDir();
  const room = { memoryBytes: 8 * MIB, cache: { folder: dir.path, maxBytes: 1024 * MIB } };
  const first = await cachedSwarm(room, {}, {});
  await first.open();
  expect((await readAll(first.engine)).equals(FILM.bytes)).toBe(true);
  await waitUntil(async () => (await onDisk(dir.path)).bytes === FILM.bytes.length, {
    ...{ what: 'all is on disk', timeoutMs: 5000 },
  });
  first.engine.close();
  const damaged = join(dir.path, FILM.infoHash, '7');
  const bytes = await readFile(damaged);
  bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  await writeFile(damaged, bytes);
  await writeFile(join(dir.path, FILM.infoHash, '9'), bytes.subarray(0, 100));
  const left = join(dir.path, FILM.infoHash, '11.part');
  await writeFile(left, bytes.subarray(0, 100));
  await utimes(left, 0, 0);

  const second = await cachedSwarm(room, {});
  await second.open();
  expect((await readAll(second.engine)).equals(FILM.bytes)).toBe(true);
  expect(sentBy(second.seeds)).toBe(2 * PIECE_BYTES);
  expect((await onDisk(dir.path)).names.filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('the disk holds no more than it may, the longest unused go first, and the film plays on', async () => {
  await using dir = await openTempDir();
  const maxBytes = 6 * MIB;
  const { engine, open } = await cachedSwarm(
    { memoryBytes: 8 * MIB, cache: { folder: dir.path, maxBytes } },
    {},
    {},
  );
  await open();
  let most = 0;
  const bytes = await readAll(engine, undefined, async () => {
    most = Math.max(most, (await onDisk(dir.path)).bytes);
  });
  expect(bytes.equals(FILM.bytes)).toBe(true);
  expect(most).toBeGreaterThan(maxBytes / 2);
  expect(most).toBeLessThanOrEqual(maxBytes + PIECE_BYTES);
  const first = async () =>
    Math.min(
      ...(await onDisk(dir.path)).names
        .filter((name) => /^\d/.test(name))
        .map((name) => Number.parseInt(name, 10)),
    );
  // The last pieces are still being written.
  await waitUntil(async () => (await first()) > 60, { what: 'the first pieces are gone', timeoutMs: 5000 });
});

test('a disk that takes nothing costs nobody the film', async () => {
  await using dir = await openTempDir();
  await writeFile(join(dir.path, 'a-file'), '');
  const folder = join(dir.path, 'a-file', 'below');
  const room = { memoryBytes: 8 * MIB, cache: { folder, maxBytes: 1024 * MIB } };
  const { engine, open } = await cachedSwarm(room, {}, {});
  await open();
  expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
});
