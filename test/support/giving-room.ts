import { afterEach } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import type { Net } from '../../src/platform/net.ts';
import type { TrafficLimits } from '../../src/streams/kind.ts';
import type { TorrentSpec } from '../../src/streams/torrent/engine.ts';
import { SwarmEngine, type SwarmEngineOptions } from '../../src/streams/torrent/swarm/engine.ts';
import { type LeechOptions, startLeechPeer } from './leech-peer.ts';
import { openTempDir } from './processes.ts';
import { type SeedPeer, startSeedPeer, type TestTorrent } from './seed-peer.ts';
import { waitUntil } from './wait-until.ts';

export const MIB = 1024 * 1024;
export const NEVER = new AbortController().signal;
export const NO_LIMITS: TrafficLimits = {
  ...{ upload: 'off', uploadRatio: 1, uploadBytesPerSecond: 0, downloadBytesPerSecond: 0 },
};

/** Engines that listen, with one seed and a cache of their own each, ended after each test. Registers the hook. */
export function givingRoom(net: Net, film: TestTorrent) {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function start(limits: Partial<TrafficLimits>, more: Partial<SwarmEngineOptions> = {}) {
    const dir = await openTempDir();
    closers.push(() => dir.remove());
    const seed = await startSeedPeer(film, '127.0.1.1');
    closers.push(() => seed.stop());
    const engine = await SwarmEngine.start({
      ...{ net, log: createLog('silent'), memoryBytes: 64 * MIB, deadMs: 5000 },
      cache: { folder: dir.path, maxBytes: 1024 * MIB },
      ...{ onGone: () => {}, onAnnounced: () => {}, limits: { ...NO_LIMITS, ...limits } },
      ...{ listen: { port: 0, host: '127.0.0.1' }, ...more },
    });
    closers.push(() => engine.close());
    return { engine, seed, port: engine.listenPort ?? 0, leech: leechOf(engine) };
  }

  function leechOf(engine: SwarmEngine) {
    return async (options: LeechOptions = {}) => {
      const leech = await startLeechPeer(film, engine.listenPort ?? 0, options);
      closers.push(() => leech.leave());
      return leech;
    };
  }

  const specOf = (seed: SeedPeer, more: Partial<TorrentSpec> = {}): TorrentSpec => ({
    ...{ infoHash: film.infoHash, info: film.info, trackers: [], peers: [seed], isPrivate: false },
    ...more,
  });

  /** An engine on whose disk the film lies, read once, with nobody reading it and the seed gone. */
  async function started(limits: Partial<TrafficLimits>, more: Partial<SwarmEngineOptions> = {}) {
    const room = await start(limits, more);
    await room.engine.open(specOf(room.seed), NEVER);
    await readAll(room.engine, film);
    await isOnDisk(room.engine, film);
    await room.seed.stop();
    return room;
  }

  return { start, started, specOf, onEnd: (close: () => unknown) => void closers.push(close) };
}

/** Reads a range, `pace` between parts. */
export async function readAll(
  engine: SwarmEngine,
  { infoHash, bytes }: TestTorrent,
  range = { start: 0, end: bytes.length },
  signal = NEVER,
  pace: () => Promise<unknown> | undefined = () => undefined,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const { piece, from, to, release } of engine.read(infoHash, 0, range, signal)) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    release();
    await pace();
  }
  return Buffer.concat(parts);
}

async function isOnDisk(engine: SwarmEngine, { infoHash }: TestTorrent): Promise<void> {
  await waitUntil(
    () => {
      const { piecesHeld = 0, pieceCount = -1 } = engine.state(infoHash) ?? {};
      return piecesHeld === pieceCount;
    },
    { what: 'all pieces are kept', timeoutMs: 10_000 },
  );
}

export function stateOf(engine: SwarmEngine, { infoHash }: TestTorrent) {
  const state = engine.state(infoHash);
  if (state === null) throw new Error('the torrent is gone');
  return state;
}
