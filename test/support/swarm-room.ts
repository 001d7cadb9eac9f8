import { afterEach } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import type { Announced, TorrentSpec } from '../../src/streams/torrent/engine.ts';
import { SwarmEngine, type SwarmEngineOptions } from '../../src/streams/torrent/swarm/engine.ts';
import { type Manners, type SeedPeer, startSeedPeer, type TestTorrent } from './seed-peer.ts';

const MIB = 1024 * 1024;
export const NEVER = new AbortController().signal;

export type Read = {
  fileIndex?: number;
  /** Half open, of the file; absent: the first file of a torrent of one. */
  range?: { start: number; end: number };
  /** Waited for after each part. */
  pace?: (taken: number) => Promise<unknown> | undefined;
  /** Parts are released after `pace`, not before. */
  isHeld?: boolean;
  signal?: AbortSignal;
};

/** Engines and what they talk to; all of it ends after each test. Registers the hook. */
export function swarmRoom() {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** Ends after the test, last first. */
  function later(close: () => unknown): void {
    closers.push(close);
  }

  async function startEngine(more: Partial<SwarmEngineOptions> = {}) {
    const told: Announced[] = [];
    const net = more.net ?? netOf();
    const engine = await SwarmEngine.start({
      ...{ net, log: createLog('silent'), memoryBytes: 64 * MIB, deadMs: 3000 },
      ...{ cache: { folder: '', maxBytes: 0 }, onGone: () => {} },
      onAnnounced: (announced) => told.push(announced),
      ...more,
    });
    later(() => engine.close());
    return { engine, told };
  }

  function netOf(rules: Partial<Parameters<typeof createNet>[0]> = {}): Net {
    const net = createNet({
      ...{ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() },
      ...rules,
    });
    later(() => net.close());
    return net;
  }

  async function seedOf(torrent: TestTorrent, host = '127.0.0.1', manners: Partial<Manners> = {}) {
    const seed = await startSeedPeer(torrent, host, manners);
    later(() => seed.stop());
    return seed;
  }

  return { later, startEngine, netOf, seedOf };
}

/** How an engine is told of it. */
export function specOf(
  { infoHash, info }: Pick<TestTorrent, 'infoHash' | 'info'>,
  peers: readonly Pick<SeedPeer, 'host' | 'port'>[],
  more: Partial<TorrentSpec> = {},
): TorrentSpec {
  const addresses = peers.map(({ host, port }) => ({ host, port }));
  return { infoHash, info, trackers: [], peers: addresses, isPrivate: false, ...more };
}

/** The bytes of a range as an engine gives them; they are copied, and each part is released. */
export async function readBytes(
  engine: SwarmEngine,
  torrent: Pick<TestTorrent, 'infoHash' | 'bytes'>,
  { fileIndex = 0, range, pace, isHeld = false, signal = NEVER }: Read = {},
): Promise<Buffer> {
  const parts: Buffer[] = [];
  let taken = 0;
  const wanted = range ?? { start: 0, end: torrent.bytes.length };
  for await (const { piece, from, to, release } of engine.read(torrent.infoHash, fileIndex, wanted, signal)) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    taken += to - from;
    if (!isHeld) release();
    await pace?.(taken);
    if (isHeld) release();
  }
  return Buffer.concat(parts);
}
