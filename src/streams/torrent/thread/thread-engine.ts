import type { ByteRange } from '../../../kit/range.ts';
import type { TorrentTotals } from '../../../platform/torrent-metrics.ts';
import type { TrafficLimits } from '../../kind.ts';
import type { SlabBuffer } from '../../slab-memory.ts';
import type { StoredTorrent } from '../../storage.ts';
import type { EngineName, TorrentFile, TorrentSpec, TorrentState } from '../engine.ts';
import { SwarmEngine, type SwarmEngineOptions } from '../swarm/engine.ts';

/** A part of a range as it lies in a piece. */
export type EnginePart = {
  piece: { buffer: SlabBuffer };
  from: number;
  to: number;
  release(): void;
};

export type ThreadEngineOptions = SwarmEngineOptions;

/** What the thread needs of an engine. */
export type ThreadEngine = {
  readonly memory: { shared(slab: number): SharedArrayBuffer | undefined };
  /** One user more of the torrent; `release` it. Resolves when its files are known. */
  open(spec: TorrentSpec, signal: AbortSignal): Promise<{ info: Uint8Array; files: readonly TorrentFile[] }>;
  /** A half-open range of a file, in parts. */
  read(infoHash: string, fileIndex: number, range: ByteRange, signal: AbortSignal): AsyncIterable<EnginePart>;
  state(infoHash: string): TorrentState | null;
  /** Of those that somebody reads or waits for. */
  readStates(): TorrentState[];
  totals(): TorrentTotals;
  /** What has changed of what lies on disk, since it was asked last. */
  stored(): StoredTorrent[];
  /** The owner's pause, and its end. */
  hold(infoHash: string, isHeld: boolean): void;
  /** False: somebody watches it, and it is not forced. */
  remove(infoHash: string, isForced: boolean): boolean | Promise<boolean>;
  setLimits(limits: TrafficLimits): void;
  /** Where peers can dial us; null: nowhere. */
  readonly listenPort: number | null;
  release(infoHash: string): void;
  close(): void | Promise<void>;
};

/** Begins the engine of `TORRENT_ENGINE`. Of the other not a line is loaded. */
export async function startEngine(name: EngineName, options: ThreadEngineOptions): Promise<ThreadEngine> {
  if (name === 'swarm') return await SwarmEngine.start(options);
  const { TorrentStreamEngine } = await import('../torrent-stream/engine.ts');
  return await TorrentStreamEngine.start(options);
}
