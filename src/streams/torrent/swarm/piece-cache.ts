import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../../platform/log.ts';

/** Pieces on disk, of all torrents: a file each, so that any one can go. What is read from it is to be hashed again. */
export type PieceCache = {
  has(infoHash: string, index: number): boolean;
  /** Pieces of a torrent that lie there. */
  count(infoHash: string): number;
  /** Fills `into` to the last byte; false where that cannot be, and then it is forgotten. */
  read(infoHash: string, index: number, into: Buffer): Promise<boolean>;
  /** Keeps it if it can; the longest unused go for it. Never rejects: without a disk the film plays on. */
  write(infoHash: string, index: number, bytes: Buffer): Promise<void>;
  /** Its bytes are not what they were. */
  drop(infoHash: string, index: number): void;
  usedBytes(): number;
};

export type PieceCacheOptions = {
  folder: string;
  /** 0: nothing is kept on disk. */
  maxBytes: number;
  log: Log;
  /** Pieces of a torrent that somebody watches go last. */
  isPlaying(infoHash: string): boolean;
};

/** After a full disk nothing is written for so long. */
const REST_MS = 60_000;
/** A piece half written is somebody else's until it is this old: instances may share the folder. */
const LEFT_BEHIND_MS = 3_600_000;
const INFO_HASH = /^[0-9a-f]{40}$/;

/** Finds what an earlier run left behind; only whole pieces are there, since each is written beside its place and renamed. */
export async function openPieceCache(options: PieceCacheOptions): Promise<PieceCache> {
  const cache = new DiskCache(options);
  await cache.find();
  return cache;
}

type Kept = { infoHash: string; index: number; bytes: number };
type Found = Kept & { usedAt: number };

class DiskCache implements PieceCache {
  readonly #options: PieceCacheOptions;
  /** Longest unused first. */
  readonly #kept = new Map<string, Kept>();
  readonly #counts = new Map<string, number>();
  #used = 0;
  #restsUntil = 0;

  constructor(options: PieceCacheOptions) {
    this.#options = options;
  }

  async find(): Promise<void> {
    const { folder, maxBytes, log } = this.#options;
    if (maxBytes === 0) return;
    try {
      await mkdir(folder, { recursive: true });
      const found: Found[] = [];
      for (const infoHash of (await readdir(folder)).filter((name) => INFO_HASH.test(name)))
        for (const name of await readdir(join(folder, infoHash)))
          found.push(...(await this.#look(infoHash, name)));
      for (const { usedAt: _, ...kept } of found.sort((a, b) => a.usedAt - b.usedAt)) this.#add(kept);
      await this.#makeRoom(0);
    } catch (error) {
      log.warn({ err: error }, 'the cache of torrents cannot be used');
      this.#restsUntil = Number.POSITIVE_INFINITY;
    }
  }

  /** The piece of that name; nothing where it is none, or has just gone. */
  async #look(infoHash: string, name: string): Promise<Found[]> {
    const path = join(this.#options.folder, infoHash, name);
    const facts = await factsOf(path).catch(() => null);
    if (facts === null) return [];
    if (/^\d+$/.test(name)) return [{ infoHash, index: Number(name), ...facts }];
    if (Date.now() - facts.usedAt > LEFT_BEHIND_MS) await rm(path, { force: true });
    return [];
  }

  has(infoHash: string, index: number): boolean {
    return this.#kept.has(keyOf(infoHash, index));
  }

  count(infoHash: string): number {
    return this.#counts.get(infoHash) ?? 0;
  }

  usedBytes(): number {
    return this.#used;
  }

  async read(infoHash: string, index: number, into: Buffer): Promise<boolean> {
    const key = keyOf(infoHash, index);
    const kept = this.#kept.get(key);
    if (kept === undefined) return false;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const file = await open(this.#path(kept), 'r').catch(() => null);
    const got = await file?.read(into, 0, into.length, 0).catch(() => null);
    await file?.close().catch(() => {});
    if (got?.bytesRead === into.length && kept.bytes === into.length) return true;
    this.drop(infoHash, index);
    return false;
  }

  async write(infoHash: string, index: number, bytes: Buffer): Promise<void> {
    const { maxBytes, folder, log } = this.#options;
    const isKept = this.has(infoHash, index) || bytes.length > maxBytes;
    if (isKept || performance.now() < this.#restsUntil) return;
    const kept = { infoHash, index, bytes: bytes.length };
    const path = this.#path(kept);
    try {
      // Its place is taken before anything is waited for: another piece counts it.
      const room = this.#makeRoom(bytes.length);
      this.#add(kept);
      await room;
      await mkdir(join(folder, infoHash), { recursive: true });
      const file = await open(`${path}.part`, 'w', 0o600);
      try {
        await file.write(bytes, 0, bytes.length, 0);
      } finally {
        await file.close();
      }
      await rename(`${path}.part`, path);
      // It had to go while it was being written.
      if (!this.has(infoHash, index)) await rm(path, { force: true });
    } catch (error) {
      this.drop(infoHash, index);
      await rm(`${path}.part`, { force: true }).catch(() => {});
      this.#restsUntil = performance.now() + REST_MS;
      log.warn(
        { err: error },
        'a piece of a torrent could not be kept on disk; it is tried again in a minute',
      );
    }
  }

  drop(infoHash: string, index: number): void {
    const kept = this.#kept.get(keyOf(infoHash, index));
    if (kept === undefined) return;
    this.#forget(kept);
    void unlink(this.#path(kept)).catch(() => {});
  }

  #add(kept: Kept): void {
    this.#kept.set(keyOf(kept.infoHash, kept.index), kept);
    this.#counts.set(kept.infoHash, this.count(kept.infoHash) + 1);
    this.#used += kept.bytes;
  }

  #forget(kept: Kept): void {
    this.#kept.delete(keyOf(kept.infoHash, kept.index));
    this.#used -= kept.bytes;
    const left = this.count(kept.infoHash) - 1;
    if (left > 0) this.#counts.set(kept.infoHash, left);
    else this.#counts.delete(kept.infoHash);
  }

  /** What nobody watches goes first, then the longest unused of the rest: the limit holds in any case. */
  async #makeRoom(bytes: number): Promise<void> {
    const { maxBytes, isPlaying } = this.#options;
    const goers: Kept[] = [];
    let free = maxBytes - this.#used - bytes;
    for (const isLast of [false, true])
      for (const kept of this.#kept.values()) {
        if (free >= 0) break;
        if (isPlaying(kept.infoHash) !== isLast) continue;
        goers.push(kept);
        free += kept.bytes;
      }
    for (const kept of goers) this.#forget(kept);
    await Promise.all(goers.map((kept) => unlink(this.#path(kept)).catch(() => {})));
  }

  #path({ infoHash, index }: Kept): string {
    return join(this.#options.folder, infoHash, String(index));
  }
}

function keyOf(infoHash: string, index: number): string {
  return `${infoHash}/${index}`;
}

async function factsOf(path: string): Promise<{ bytes: number; usedAt: number }> {
  const { size, mtimeMs } = await stat(path);
  return { bytes: size, usedAt: mtimeMs };
}
