import { AppError, UpstreamFailed } from '../../../kit/errors.ts';
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

/** `call` numbers what is answered by `done` or `failed`. */
export type ToThread =
  | { type: 'open'; call: number; spec: TorrentSpec; ownPorts: readonly number[] }
  | { type: 'read'; call: number; infoHash: string; fileIndex: number; range: ByteRange }
  | { type: 'sent'; call: number; part: number }
  | { type: 'abort'; call: number }
  | { type: 'release'; infoHash: string }
  | { type: 'limits'; limits: TrafficLimits }
  /** The owner's pauses, or the end of one. */
  | { type: 'hold'; infoHashes: readonly string[]; isHeld: boolean }
  | { type: 'remove'; call: number; infoHash: string; isForced: boolean }
  | { type: 'close'; call: number };

export type FromThread =
  | { type: 'done'; call: number; value: unknown }
  | { type: 'failed'; call: number; error: Failure }
  /** Memory that parts will lie in; shared once, until it is `gone`. */
  | { type: 'memory'; id: number; shared: SharedArrayBuffer }
  | { type: 'gone'; id: number }
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
  | { type: 'stored'; stored: readonly StoredTorrent[] }
  | { type: 'part'; call: number; part: number; memory: number; from: number; to: number };

/** An error as it crosses from thread to thread. */
export type Failure = {
  code: string | null;
  message: string;
  status: number;
  retryable: boolean;
};

export function toFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AppError)) return { code: null, message, status: 500, retryable: false };
  const retryable = error instanceof UpstreamFailed && error.retryable;
  return { code: error.code, message, status: error.status, retryable };
}

const UPSTREAM_STATUSES = [404, 410, 429, 502, 503, 504] as const;

export function fromFailure({ code, message, status, retryable }: Failure): Error {
  if (code === null) return new Error(`the torrent engine failed: ${message}`);
  const upstream = UPSTREAM_STATUSES.find((known) => known === status);
  if (code === 'upstream.failed' && upstream !== undefined)
    return new UpstreamFailed(message, { retryable, status: upstream });
  return new AppError(code, message, { status });
}
