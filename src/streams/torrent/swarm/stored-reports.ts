import type { StoredTorrent } from '../../storage.ts';
import type { PieceCache } from './piece-cache.ts';
import type { Torrent } from './torrent.ts';

/** Who reads the list takes figures older than 15 s for gone. */
const STILL_HERE_MS = 5000;
/** The last access is told by the minute. */
const MINUTE_MS = 60_000;
/** Seeding: something was uploaded so lately. */
const UPLOADING_MS = 10_000;

type Counters = { downloadedBytes: number; uploadedBytes: number };
type Told = {
  report: StoredTorrent;
  atMs: number;
  /** And the last look at it. */
  lookedAtMs: number;
  counters: Counters;
  uploadedAt: number;
};
type Open = { torrent: Torrent; accessedAt: number };

const NO_COUNTERS: Counters = { downloadedBytes: 0, uploadedBytes: 0 };
const CLOSED = { peers: 0, readers: 0, pieceCount: 0 };

/** What is to be told of what lies on disk: what has changed, and what is being read or given. */
export class StoredReports {
  readonly #cache: PieceCache;
  readonly #told = new Map<string, Told>();
  /** What the closed ones moved that is not told yet. */
  readonly #untold = new Map<string, Counters>();

  constructor(cache: PieceCache) {
    this.#cache = cache;
  }

  /** `accessedAt`: when each open torrent was read last, epoch ms. */
  collect(open: ReadonlyMap<string, Open>): StoredTorrent[] {
    const now = Date.now();
    const changed = this.#cache.changed();
    const infoHashes = new Set([...changed, ...open.keys(), ...this.#told.keys(), ...this.#untold.keys()]);
    return [...infoHashes].flatMap((infoHash) => {
      const isKnown = this.#told.has(infoHash) || changed.has(infoHash);
      return this.#news(infoHash, open.get(infoHash) ?? null, isKnown, now);
    });
  }

  /** It is being closed: what it moved since the last look is told with the next. Opened again, it counts from 0. */
  close(infoHash: string, { downloadedBytes, uploadedBytes }: Counters): void {
    const before = this.#told.get(infoHash);
    const since = minus({ downloadedBytes, uploadedBytes }, before?.counters ?? NO_COUNTERS);
    this.#untold.set(infoHash, plus(this.#untold.get(infoHash) ?? NO_COUNTERS, since));
    if (before !== undefined) this.#told.set(infoHash, { ...before, counters: NO_COUNTERS });
  }

  /** It was removed: nothing more is told of what was. */
  forget(infoHash: string): void {
    this.#told.delete(infoHash);
    this.#untold.delete(infoHash);
  }

  #news(infoHash: string, open: Open | null, isKnown: boolean, now: number): StoredTorrent[] {
    const before = this.#told.get(infoHash) ?? null;
    const { counters: told = NO_COUNTERS, lookedAtMs = now, uploadedAt: wasUploadedAt = 0 } = before ?? {};
    const { downloadedBytes, uploadedBytes } = open?.torrent.state() ?? NO_COUNTERS;
    const counters = { downloadedBytes, uploadedBytes };
    const since = plus(minus(counters, told), this.#untold.get(infoHash) ?? NO_COUNTERS);
    this.#untold.delete(infoHash);
    const uploadedAt = since.uploadedBytes > 0 ? now : wasUploadedAt;
    const isUploading = now - uploadedAt < UPLOADING_MS;
    const report = {
      ...this.#look(infoHash, open, before),
      ...since,
      bytesPerSecond: rateOf(since.downloadedBytes, now - lookedAtMs),
      ...this.#standing(infoHash, open, isUploading),
    };
    if (!isKnown && !isWorthARow(report)) return [];
    const isTold = before === null || isNews(report, before, now);
    const atMs = isTold ? now : before.atMs;
    this.#told.set(infoHash, { report, atMs, lookedAtMs: now, counters, uploadedAt });
    if (open === null && report.piecesHeld === 0) this.#told.delete(infoHash);
    return isTold ? [report] : [];
  }

  #look(infoHash: string, open: Open | null, before: Told | null) {
    const { pieces = 0, bytes = 0, accessedAt = 0 } = this.#cache.stored(infoHash) ?? {};
    const { peers, readers } = open?.torrent.state() ?? CLOSED;
    const last = Math.max(accessedAt, open?.accessedAt ?? 0);
    return {
      ...{ infoHash, ...factsOf(open?.torrent ?? null), piecesHeld: pieces, bytesOnDisk: bytes },
      accessedAt: toTheMinute(last, before?.report.accessedAt ?? null),
      ...{ peers, readers },
    };
  }

  #standing(
    infoHash: string,
    open: Open | null,
    isUploading: boolean,
  ): Pick<StoredTorrent, 'status' | 'error'> {
    const error = open?.torrent.refusal?.message ?? this.#cache.failure(infoHash);
    if (error !== null) return { status: 'error', error };
    const { pieceCount, readers } = open?.torrent.state() ?? CLOSED;
    const isWhole = pieceCount > 0 && this.#cache.count(infoHash) === pieceCount;
    if (isWhole) return { status: isUploading ? 'seeding' : 'completed', error: null };
    return { status: readers > 0 ? 'downloading' : 'idle', error: null };
  }
}

function factsOf(torrent: Torrent | null): Pick<StoredTorrent, 'name' | 'sizeBytes' | 'pieceCount'> {
  const layout = torrent?.playback?.layout;
  if (layout === undefined) return { name: null, sizeBytes: null, pieceCount: null };
  return { name: layout.name, sizeBytes: layout.totalBytes, pieceCount: layout.pieceCount };
}

function minus(now: Counters, before: Counters): Counters {
  return {
    downloadedBytes: now.downloadedBytes - before.downloadedBytes,
    uploadedBytes: now.uploadedBytes - before.uploadedBytes,
  };
}

function plus(one: Counters, other: Counters): Counters {
  return {
    downloadedBytes: one.downloadedBytes + other.downloadedBytes,
    uploadedBytes: one.uploadedBytes + other.uploadedBytes,
  };
}

/** What really came; what the engine plans with sinks only slowly. */
function rateOf(bytes: number, ms: number): number {
  return ms > 0 ? Math.round((bytes * 1000) / ms) : 0;
}

function toTheMinute(last: number, told: number | null): number | null {
  const isNew = last > 0 && (told === null || Math.abs(last - told) >= MINUTE_MS);
  return isNew ? Math.round(last) : told;
}

/** Opened to see what is in it, and no more: nothing lies here. */
function isWorthARow({ piecesHeld, readers, status }: StoredTorrent): boolean {
  return piecesHeld > 0 || readers > 0 || status === 'error';
}

/** Another figure than was told; or the same of one that is alive, which is to be seen. */
function isNews(report: StoredTorrent, { report: told, atMs }: Told, now: number): boolean {
  const isAlive = report.readers > 0 || report.peers > 0;
  const hasMoved = report.downloadedBytes > 0 || report.uploadedBytes > 0;
  return (
    hasMoved || (isAlive && now - atMs >= STILL_HERE_MS) || KEYS.some((key) => report[key] !== told[key])
  );
}

const KEYS = [
  ...(['name', 'pieceCount', 'piecesHeld', 'bytesOnDisk', 'status', 'error'] as const),
  ...(['accessedAt', 'peers', 'readers', 'bytesPerSecond'] as const),
];
