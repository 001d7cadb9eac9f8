import { mkdir, open, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../../platform/log.ts';
import { createCacheFiles } from '../../../platform/write-whole.ts';
import { createDiskRoom, type DiskRoom, reserveOf } from '../../disk-room.ts';
import { forgetMark, markAccessed, torrentsOnDisk } from './disk-pieces.ts';
import { type Kept, KeptPieces, type Needs } from './kept-pieces.ts';

/** Pieces on disk, of all torrents: a file each, so that any one can go. What is read from it is to be hashed again. */
export type PieceCache = {
  has(infoHash: string, index: number): boolean;
  /** Pieces of a torrent that lie there. */
  count(infoHash: string): number;
  /** What lies there of a torrent; null: nothing. `accessedAt` in epoch ms. */
  stored(infoHash: string): { pieces: number; bytes: number; accessedAt: number } | null;
  /** Why the last piece of it could not be kept; null: it could. */
  failure(infoHash: string): string | null;
  /** Torrents of which something came or went since this was asked. */
  changed(): ReadonlySet<string>;
  /** Somebody reads it, be it from memory. */
  touch(infoHash: string): void;
  /** Fills `into` to the last byte; false where that cannot be, and then it is forgotten. */
  read(infoHash: string, index: number, into: Buffer): Promise<boolean>;
  /** Keeps it if it can; the longest unused go for it. Never rejects: without a disk the film plays on. */
  write(infoHash: string, index: number, bytes: Buffer, room?: Buffer | null): Promise<void>;
  /** Its bytes are not what they were. */
  drop(infoHash: string, index: number): void;
  /** All of it goes. */
  remove(infoHash: string): Promise<void>;
  /** Looks how full the disk is, and makes room where others took it. */
  measure(): Promise<void>;
  usedBytes(): number;
};

export type PieceCacheOptions = {
  folder: string;
  /** 0: nothing is kept on disk. */
  maxBytes: number;
  log: Log;
  /** What somebody reads goes last, and what is ahead of them never. */
  needs: Needs;
  /** Bytes of the disk that are left to others, by its size. */
  reserve?: (diskBytes: number) => number;
};

/** After a full disk nothing is written for so long. */
const REST_MS = 60_000;
const MARK_MS = 60_000;

/** Finds what an earlier run left behind; only whole pieces are there, since each is written beside its place and renamed. */
export async function openPieceCache(options: PieceCacheOptions): Promise<PieceCache> {
  const cache = new DiskCache(options);
  await cache.find();
  return cache;
}

class DiskCache implements PieceCache {
  readonly #options: PieceCacheOptions;
  readonly #kept = new KeptPieces();
  readonly #room: DiskRoom;
  readonly #files = createCacheFiles();
  readonly #failures = new Map<string, string>();
  readonly #markedAt = new Map<string, number>();
  /** Writes that have not ended, by torrent and piece. */
  readonly #writes = new Map<string, Map<number, Promise<void>>>();
  #restsUntil = 0;

  constructor(options: PieceCacheOptions) {
    this.#options = options;
    const { folder, maxBytes, reserve = reserveOf } = options;
    this.#room = createDiskRoom(folder, maxBytes, reserve);
  }

  async find(): Promise<void> {
    const { folder, maxBytes, log } = this.#options;
    if (maxBytes === 0) return;
    try {
      await mkdir(folder, { recursive: true });
      const found = [];
      for await (const torrent of torrentsOnDisk(folder)) found.push(torrent);
      for (const { infoHash, pieces, accessedAt } of found.sort((a, b) => a.accessedAt - b.accessedAt))
        for (const { index, bytes } of pieces) this.#kept.add({ infoHash, index, bytes }, accessedAt);
      await this.measure();
    } catch (error) {
      log.warn({ err: error }, 'the cache of torrents cannot be used');
      this.#restsUntil = Number.POSITIVE_INFINITY;
    }
  }

  has(infoHash: string, index: number): boolean {
    return this.#kept.piece(infoHash, index) !== null;
  }

  count(infoHash: string): number {
    return this.#kept.of(infoHash)?.pieces ?? 0;
  }

  stored(infoHash: string): { pieces: number; bytes: number; accessedAt: number } | null {
    return this.#kept.of(infoHash);
  }

  failure(infoHash: string): string | null {
    return this.#failures.get(infoHash) ?? null;
  }

  changed(): ReadonlySet<string> {
    return this.#kept.changed();
  }

  usedBytes(): number {
    return this.#kept.usedBytes;
  }

  touch(infoHash: string): void {
    const now = Date.now();
    this.#kept.touch(infoHash, now);
    if (this.count(infoHash) === 0 || now - (this.#markedAt.get(infoHash) ?? 0) < MARK_MS) return;
    this.#markedAt.set(infoHash, now);
    markAccessed(this.#options.folder, infoHash, now).catch(() => {});
  }

  async read(infoHash: string, index: number, into: Buffer): Promise<boolean> {
    const kept = this.#kept.piece(infoHash, index);
    if (kept === null) return false;
    this.#kept.touch(infoHash, Date.now(), index);
    const file = await open(this.#path(kept), 'r').catch(() => null);
    const got = await file?.read(into, 0, into.length, 0).catch(() => null);
    await file?.close().catch(() => {});
    if (got?.bytesRead === into.length && kept.bytes === into.length) return true;
    this.drop(infoHash, index);
    return false;
  }

  async write(infoHash: string, index: number, bytes: Buffer, room: Buffer | null = null): Promise<void> {
    if (this.has(infoHash, index) || this.#isWriting(infoHash, index)) return;
    if (performance.now() < this.#restsUntil) return;
    const { goers, isEnough } = this.#goersFor(bytes.length);
    // Nothing may go for it: it is played from memory, and fetched again if it is needed again.
    if (!isEnough) return;
    const kept = { infoHash, index, bytes: bytes.length };
    // Its place is taken before anything is waited for: another piece counts it.
    const going = this.#evict(goers);
    this.#kept.add(kept, Date.now());
    const writing = this.#put(kept, () => this.#writeNew(kept, bytes, room), going);
    const ofTorrent = this.#writes.get(infoHash) ?? new Map<number, Promise<void>>();
    this.#writes.set(infoHash, ofTorrent.set(index, writing));
    await writing;
    ofTorrent.delete(index);
    if (ofTorrent.size === 0) this.#writes.delete(infoHash);
  }

  #isWriting(infoHash: string, index: number): boolean {
    return this.#writes.get(infoHash)?.has(index) === true;
  }

  /** What is still being written cannot go yet: on a slow disk it would lie there beside what goes for it. */
  #goersFor(bytes: number): { goers: readonly Kept[]; isEnough: boolean } {
    const isHeld = ({ infoHash, index }: Kept) => this.#isWriting(infoHash, index);
    return this.#kept.goersFor(bytes, this.#room.limitBytes(), this.#options.needs, isHeld);
  }

  async #put(kept: Kept, write: () => Promise<void>, going: Promise<void>): Promise<void> {
    const { log } = this.#options;
    const { infoHash, index } = kept;
    const path = this.#path(kept);
    try {
      await going;
      await write();
      await rename(`${path}.part`, path);
      this.#failures.delete(infoHash);
      // It had to go while it was being written.
      if (this.has(infoHash, index)) return;
      await rm(path, { force: true });
      if (this.count(infoHash) === 0) await this.#removeFolder(infoHash);
    } catch (error) {
      this.drop(infoHash, index);
      await rm(`${path}.part`, { force: true }).catch(() => {});
      this.#restsUntil = performance.now() + REST_MS;
      this.#failures.set(infoHash, reasonOf(error));
      log.warn(
        { err: error },
        'a piece of a torrent could not be kept on disk; it is tried again in a minute',
      );
    }
  }

  /** The folder may go between the two steps, when the last piece before this one has just gone. */
  async #writeNew(kept: Kept, bytes: Buffer, room: Buffer | null): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#files.write(`${this.#path(kept)}.part`, bytes, room);
        return;
      } catch (error) {
        if (tries === 3 || !(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
          throw error;
        // Only where it is missing: 0.3 ms of this thread a piece.
        await mkdir(join(this.#options.folder, kept.infoHash), { recursive: true });
      }
    }
  }

  drop(infoHash: string, index: number): void {
    const kept = this.#kept.piece(infoHash, index);
    if (kept !== null) void this.#evict([kept]);
  }

  async remove(infoHash: string): Promise<void> {
    this.#kept.remove(infoHash);
    this.#markedAt.delete(infoHash);
    this.#failures.delete(infoHash);
    await Promise.all(this.#writes.get(infoHash)?.values() ?? []);
    await rm(join(this.#options.folder, infoHash), { recursive: true, force: true });
  }

  async measure(): Promise<void> {
    const { maxBytes } = this.#options;
    if (maxBytes === 0 || this.#restsUntil === Number.POSITIVE_INFINITY) return;
    await this.#room.measure(this.#kept.usedBytes);
    await this.#evict(this.#goersFor(0).goers);
  }

  /** From the books at once, from the disk soon; a torrent's folder with its last piece. */
  async #evict(goers: readonly Kept[]): Promise<void> {
    for (const kept of goers) this.#kept.forget(kept);
    await Promise.all(goers.map((kept) => unlink(this.#path(kept)).catch(() => {})));
    const emptied = new Set(goers.map(({ infoHash }) => infoHash));
    for (const infoHash of emptied) if (this.count(infoHash) === 0) await this.#removeFolder(infoHash);
  }

  async #removeFolder(infoHash: string): Promise<void> {
    const folder = join(this.#options.folder, infoHash);
    this.#markedAt.delete(infoHash);
    await forgetMark(folder);
    // One that is being written into again stays.
    await rmdir(folder).catch(() => {});
  }

  #path({ infoHash, index }: Kept): string {
    return join(this.#options.folder, infoHash, String(index));
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'The disk is full.';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'The folder cannot be written to.';
  return 'The disk could not be written to.';
}
