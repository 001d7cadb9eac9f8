import type { ByteRange } from '../../../kit/range.ts';
import type { TorrentTotals } from '../../../platform/torrent-metrics.ts';
import type { DhtState, TrafficLimits } from '../../kind.ts';
import type { StoredTorrent } from '../../storage.ts';
import type { Announced, EngineName, TorrentSpec, TorrentState } from '../engine.ts';

/** What the engine's thread is started with. */
export type ThreadData = {
  engine: EngineName;
  outbound: { mode: 'all' | 'listed'; allow: readonly string[] };
  publicUrl: string | null;
  memoryBytes: number;
  /** Pieces on disk. */
  cache: { folder: string; maxBytes: number };
  /** Null: it is off. */
  dht: { bootstrap: readonly string[]; port: number | null } | null;
  /** Null: TCP alone. */
  utp: { port: number | null } | null;
  /** Without a byte from any peer for so long a viewer is told 504. */
  deadMs: number;
  limits: TrafficLimits;
  /** Where peers may dial us; a concrete host is also where we dial from. */
  listen: { port?: number | undefined; host?: string | undefined };
};

export type Ask =
  | { type: 'open'; spec: TorrentSpec; ownPorts: readonly number[] }
  | { type: 'read'; infoHash: string; fileIndex: number; range: ByteRange }
  | { type: 'remove'; infoHash: string; isForced: boolean }
  | { type: 'close' };

export type Tell =
  | { type: 'release'; infoHash: string }
  | { type: 'limits'; limits: TrafficLimits }
  /** The owner's pauses, or the end of one. */
  | { type: 'hold'; infoHashes: readonly string[]; isHeld: boolean };

export type Told =
  | { type: 'announced'; announced: Announced }
  /** The owner should know. */
  | { type: 'warned'; text: string }
  /** Of every torrent that somebody reads or waits for, each second. */
  | { type: 'states'; states: readonly TorrentState[] }
  /** Whenever it is not what it was. */
  | { type: 'dht'; state: DhtState }
  /** Each second in which they changed. */
  | { type: 'totals'; totals: TorrentTotals }
  /** Of every torrent of which what lies on disk has changed, each second. */
  | { type: 'stored'; stored: readonly StoredTorrent[] };
