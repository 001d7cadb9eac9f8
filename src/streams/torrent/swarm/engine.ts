import { randomBytes } from 'node:crypto';
import { NotFound } from '../../../kit/errors.ts';
import type { ByteRange } from '../../../kit/range.ts';
import type { Log } from '../../../platform/log.ts';
import type { Net } from '../../../platform/net.ts';
import type { StoredTorrent } from '../../storage.ts';
import type { Announced, TorrentFile, TorrentSpec, TorrentState } from '../engine.ts';
import { announce } from '../trackers/index.ts';
import { createHeldPieces } from './held-pieces.ts';
import { removedTorrent } from './paused.ts';
import { openPieceCache, type PieceCache } from './piece-cache.ts';
import { createPieceMemory, type PieceMemory } from './piece-memory.ts';
import type { Part } from './playback.ts';
import { StoredReports } from './stored-reports.ts';
import { Torrent } from './torrent.ts';

const TICK_MS = 250;
/** Criterion 33: peers go 30 s after the last reader, the torrent after 5 min. */
const [REST_MS, FORGET_MS] = [30_000, 300_000];
/** Players come range by range: between two of them the torrent is still being watched. */
const WATCHED_MS = 60_000;
const MEASURE_MS = 10_000;

export type SwarmEngineOptions = {
  net: Net;
  log: Log;
  /** What announces came to, in passing. */
  onAnnounced(announced: Announced): void;
  /** Pieces of all torrents together, on their way and kept. */
  memoryBytes: number;
  /** Where pieces are kept on disk, up to `maxBytes`; 0: nowhere. */
  cache: { folder: string; maxBytes: number };
  /** How long nobody may give anything while somebody waits. */
  deadMs: number;
  /** A piece buffer that will not be used again. */
  onGone(id: number): void;
};

type Entry = {
  torrent: Torrent;
  users: number;
  idleSince: number;
  /** Epoch ms of the last read. */
  accessedAt: number;
};

/** All torrents of this thread. */
export class SwarmEngine {
  readonly memory: PieceMemory;
  readonly #torrents = new Map<string, Entry>();
  readonly #deps: ConstructorParameters<typeof Torrent>[1];
  readonly #cache: PieceCache;
  readonly #reports: StoredReports;
  /** Paused by the owner, known here or not yet. */
  readonly #onHold = new Set<string>();
  /** Removed while somebody had them open: begun anew when he reads on. */
  readonly #removed = new Map<string, { spec: TorrentSpec; users: number }>();
  #measuredAt = 0;
  #ticker: NodeJS.Timeout | null = null;
  #tickedAt = 0;

  private constructor(options: SwarmEngineOptions, cache: PieceCache) {
    const { net, memoryBytes, deadMs, onGone, onAnnounced } = options;
    const memory = createPieceMemory(memoryBytes, onGone);
    this.memory = memory;
    this.#cache = cache;
    this.#reports = new StoredReports(cache);
    // Azureus style (BEP 20); the rest is anew with each start.
    const peerId = Buffer.concat([Buffer.from('-TB0001-'), randomBytes(12)]);
    this.#deps = {
      ...{ net, deadMs, peerId, memory, cache, onAnnounced },
      held: createHeldPieces(memory),
      announce: (url, request, signal) => announce(url, request, { net }, signal),
    };
  }

  static async start(options: SwarmEngineOptions): Promise<SwarmEngine> {
    const { log, cache } = options;
    let engine: SwarmEngine | null = null;
    const needs = (infoHash: string) => engine?.needsOf(infoHash) ?? null;
    engine = new SwarmEngine(options, await openPieceCache({ ...cache, log, needs }));
    return engine;
  }

  /** What viewers have yet to see of a torrent; null: nobody watches it. */
  needsOf(infoHash: string): ((index: number) => boolean) | null {
    const entry = this.#torrents.get(infoHash);
    if (entry === undefined || Date.now() - entry.accessedAt > WATCHED_MS) return null;
    return (index) => entry.torrent.playback?.isAhead(index) ?? false;
  }

  /** One user more of the torrent; `release` it. Resolves when its files are known. */
  async open(
    spec: TorrentSpec,
    signal: AbortSignal,
  ): Promise<{ info: Uint8Array; files: readonly TorrentFile[] }> {
    const entry = this.#entryOf(spec);
    entry.users += 1;
    try {
      const { layout } = await entry.torrent.ready(signal, spec.isHasty);
      return { info: entry.torrent.info ?? new Uint8Array(), files: layout.files };
    } catch (error) {
      this.release(spec.infoHash);
      throw error;
    }
  }

  #entryOf(spec: TorrentSpec): Entry {
    const known = this.#torrents.get(spec.infoHash);
    if (known !== undefined) {
      known.torrent.learn(spec);
      return known;
    }
    const torrent = new Torrent(spec, this.#deps, this.#onHold.has(spec.infoHash));
    const fresh = {
      torrent,
      users: this.#removed.get(spec.infoHash)?.users ?? 0,
      idleSince: 0,
      accessedAt: 0,
    };
    this.#removed.delete(spec.infoHash);
    this.#torrents.set(spec.infoHash, fresh);
    this.#tickedAt = performance.now();
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    return fresh;
  }

  /** A half-open range of a file, in parts. */
  read(infoHash: string, fileIndex: number, range: ByteRange, signal: AbortSignal): AsyncGenerator<Part> {
    const removed = this.#removed.get(infoHash);
    const entry = removed === undefined ? this.#torrents.get(infoHash) : this.#entryOf(removed.spec);
    const playback = entry?.torrent.playback;
    const file = playback?.layout.files[fileIndex];
    if (entry === undefined || playback == null || file === undefined)
      throw new NotFound('play.no_file', 'This torrent has no such file.');
    entry.torrent.wake();
    entry.accessedAt = Date.now();
    return playback.read(file.offset + range.start, file.offset + range.end, signal);
  }

  state(infoHash: string): TorrentState | null {
    return this.#torrents.get(infoHash)?.torrent.state() ?? null;
  }

  /** Of those that somebody reads. */
  readStates(): TorrentState[] {
    return [...this.#torrents.values()]
      .map(({ torrent }) => torrent.state())
      .filter(({ readers }) => readers > 0);
  }

  release(infoHash: string): void {
    const removed = this.#removed.get(infoHash);
    if (removed !== undefined) {
      removed.users -= 1;
      if (removed.users === 0) this.#removed.delete(infoHash);
    }
    const entry = this.#torrents.get(infoHash);
    if (entry === undefined) return;
    entry.users -= 1;
    if (entry.users === 0) entry.idleSince = performance.now();
  }

  /** The owner's pause, or its end; of a torrent that is opened later, too. */
  hold(infoHash: string, isHeld: boolean): void {
    if (isHeld) this.#onHold.add(infoHash);
    else this.#onHold.delete(infoHash);
    this.#torrents.get(infoHash)?.torrent.hold(isHeld);
  }

  /** From memory and disk. False: somebody reads it, and it is not forced. */
  async remove(infoHash: string, isForced: boolean): Promise<boolean> {
    const entry = this.#torrents.get(infoHash);
    if (entry !== undefined) {
      const { torrent, users } = entry;
      if (!isForced && torrent.state().readers > 0) return false;
      if (users > 0) this.#removed.set(infoHash, { spec: { ...torrent.spec, info: torrent.info }, users });
      this.#forget(infoHash, torrent, removedTorrent());
    }
    await this.#cache.remove(infoHash);
    this.#onHold.delete(infoHash);
    this.#reports.forget(infoHash);
    return true;
  }

  /** What lies on disk, as far as it has changed since this was asked. */
  stored(): StoredTorrent[] {
    return this.#reports.collect(this.#torrents);
  }

  #tick(): void {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#tickedAt) / 1000);
    this.#tickedAt = now;
    if (now - this.#measuredAt > MEASURE_MS) {
      this.#measuredAt = now;
      this.#cache.measure().catch(() => {});
    }
    for (const [infoHash, entry] of [...this.#torrents]) {
      const { torrent, users, idleSince } = entry;
      torrent.tick(now, seconds);
      if ((torrent.playback?.readerCount ?? 0) > 0) {
        entry.accessedAt = Date.now();
        this.#cache.touch(infoHash);
      }
      if (users > 0) continue;
      if (now - idleSince > REST_MS) torrent.rest();
      if (now - idleSince > FORGET_MS) this.#forget(infoHash, torrent);
    }
  }

  #forget(infoHash: string, torrent: Torrent, reason?: Error): void {
    torrent.close(reason);
    this.#torrents.delete(infoHash);
    if (this.#torrents.size > 0 || this.#ticker === null) return;
    this.memory.trim();
    clearInterval(this.#ticker);
    this.#ticker = null;
  }

  close(): void {
    for (const [infoHash, { torrent }] of [...this.#torrents]) this.#forget(infoHash, torrent);
  }
}
