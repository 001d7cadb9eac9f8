import { hash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { createCacheFiles } from '../../../platform/write-whole.ts';
import { createDiskRoom, type DiskRoom, reserveOf } from '../../disk-room.ts';
import { roomOf, type SlabBuffer } from '../../slab-memory.ts';
import type { YencHeader } from '../yenc/decoder.ts';
import type { Place } from './attempt.ts';
import { fileBytesOf, footOf, readBytes, readFoot } from './disk-file.ts';

/** Articles on disk, by message id: a file each, the longest unused go first. Nothing here rejects: without a disk films play on. */
export type ArticleDisk = {
  has(id: string): boolean;
  /**
   * Reads it to where `take` says, checked; null: it is not there (any more), is not what was written, or `take` has no place. `give` is
   * told of a place that was not filled.
   */
  read(
    id: string,
    take: (header: YencHeader) => SlabBuffer | null,
    give: (buffer: SlabBuffer) => void,
  ): Promise<Place | null>;
  /** Whether `write` would keep so many bytes of it now. */
  wants(id: string, bytes: number): boolean;
  /** `crc` is the CRC-32 of its bytes. The memory of `buffer` behind them is written to. */
  write(id: string, place: Place, crc: number): Promise<void>;
  /** Looks how full the disk is, and makes room where others took it. */
  measure(): Promise<void>;
  usedBytes(): number;
};

export type ArticleDiskOptions = {
  folder: string;
  /** 0: nothing is kept on disk. */
  maxBytes?: number;
  /** Told once what the owner should know. */
  onWarning(text: string): void;
  /** Bytes of the disk that are left to others, by its size. */
  reserve?: (diskBytes: number) => number;
};

const MAX_BYTES = 2 * 1024 ** 3;
/** After a full disk nothing is written for so long. */
const REST_MS = 60_000;
/** The time of last use is written down so often. */
const MARK_MS = 60_000;
/** What waits for the disk stays in memory: of a disk slower than the network the rest is not kept. */
const MAX_WRITING_BYTES = 4 * 1024 * 1024;
const NAME = /^[0-9a-f]{64}$/;
/** Node has four threads to ask the disk. */
const AT_ONCE = 64;

/** Finds what an earlier run left behind; what it was writing when it ended is no article, and goes when somebody asks for it. */
export async function openArticleDisk(options: ArticleDiskOptions): Promise<ArticleDisk> {
  const disk = new Disk(options);
  await disk.find();
  return disk;
}

class Disk implements ArticleDisk {
  readonly #options: ArticleDiskOptions;
  readonly #maxBytes: number;
  readonly #room: DiskRoom;
  readonly #disk = createCacheFiles();
  /** Longest unused first. */
  readonly #files = new Map<string, { bytes: number; markedAt: number }>();
  #used = 0;
  #writing = 0;
  readonly #writes = new Set<string>();
  #restsUntil = 0;

  constructor(options: ArticleDiskOptions) {
    const { folder, maxBytes = MAX_BYTES, reserve = reserveOf } = options;
    this.#options = options;
    this.#maxBytes = maxBytes;
    this.#room = createDiskRoom(folder, maxBytes, reserve);
  }

  async find(): Promise<void> {
    const { folder, onWarning } = this.#options;
    if (this.#maxBytes === 0) return;
    try {
      await mkdir(folder, { recursive: true });
      const names = await readdir(folder);
      const found: { name: string; bytes: number; usedAt: number }[] = [];
      for (let at = 0; at < names.length; at += AT_ONCE)
        for (const one of await Promise.all(names.slice(at, at + AT_ONCE).map((name) => this.#look(name))))
          if (one !== null) found.push(one);
      for (const { name, bytes, usedAt } of found.sort((one, other) => one.usedAt - other.usedAt))
        this.#add(name, bytes, usedAt);
      await this.measure();
    } catch (error) {
      onWarning(`the cache of Usenet articles cannot be used: ${reasonOf(error)}`);
      this.#restsUntil = Number.POSITIVE_INFINITY;
    }
  }

  async #look(name: string): Promise<{ name: string; bytes: number; usedAt: number } | null> {
    const facts = NAME.test(name) ? await stat(join(this.#options.folder, name)).catch(() => null) : null;
    return facts === null ? null : { name, bytes: facts.size, usedAt: facts.mtimeMs };
  }

  has(id: string): boolean {
    return this.#files.size > 0 && this.#files.has(nameOf(id));
  }

  usedBytes(): number {
    return this.#used;
  }

  async read(
    id: string,
    take: (header: YencHeader) => SlabBuffer | null,
    give: (buffer: SlabBuffer) => void,
  ): Promise<Place | null> {
    const name = nameOf(id);
    const file = await open(join(this.#options.folder, name), 'r').catch(() => null);
    const place = file === null ? null : await this.#fill(file, take, give).catch(() => null);
    await file?.close().catch(() => {});
    if (place === null || place === 'unwanted') {
      if (place === null) await this.#evict([name]);
      return null;
    }
    this.#touch(name);
    return place;
  }

  async #fill(
    file: FileHandle,
    take: (header: YencHeader) => SlabBuffer | null,
    give: (buffer: SlabBuffer) => void,
  ): Promise<Place | 'unwanted' | null> {
    const foot = await readFoot(file);
    if (foot === null) return null;
    const { header, crc } = foot;
    const buffer = take(header);
    if (buffer === null) return 'unwanted';
    const length = header.end - header.begin;
    const isRight = await readBytes(file, buffer.bytes.subarray(0, length), crc).catch(() => false);
    if (isRight) return { buffer, length, header };
    give(buffer);
    return null;
  }

  wants(id: string, bytes: number): boolean {
    if (performance.now() < this.#restsUntil || bytes > this.#room.limitBytes()) return false;
    const name = nameOf(id);
    return this.#writing + bytes <= MAX_WRITING_BYTES && !this.#files.has(name) && !this.#writes.has(name);
  }

  async write(id: string, { buffer, length: bytes, header }: Place, crc: number): Promise<void> {
    const [name, foot] = [nameOf(id), footOf(header, crc)];
    if (foot === null) return;
    const length = fileBytesOf(bytes, foot);
    // Its place is taken before anything is waited for: another article counts it.
    const going = this.#evict(this.#goersFor(length));
    this.#add(name, length, Date.now());
    this.#writing += bytes;
    this.#writes.add(name);
    try {
      await going;
      await this.#put(name, buffer, bytes, foot);
    } catch (error) {
      await this.#evict([name]);
      // Others were on their way to the same full disk: it is told once.
      const isNews = performance.now() >= this.#restsUntil;
      this.#restsUntil = performance.now() + REST_MS;
      if (isNews)
        this.#options.onWarning(
          `a Usenet article could not be kept on disk (${reasonOf(error)}); it is tried again in a minute`,
        );
    } finally {
      this.#writing -= bytes;
      this.#writes.delete(name);
    }
  }

  async #put(name: string, buffer: SlabBuffer, length: number, foot: Buffer): Promise<void> {
    const path = join(this.#options.folder, name);
    const room = roomOf(buffer);
    const end = fileBytesOf(length, foot);
    const isInPlace = room !== null && end <= room.length;
    const bytes = isInPlace ? room.subarray(0, end) : Buffer.alloc(end);
    if (!isInPlace) bytes.set(buffer.bytes.subarray(0, length));
    bytes.set(foot, end - foot.length);
    await this.#writeNew(path, bytes, isInPlace ? room : null);
    // It had to go while it was being written.
    if (!this.#files.has(name)) await unlink(path).catch(() => {});
  }

  /** Somebody may have removed the folder. */
  async #writeNew(path: string, bytes: Buffer, room: Buffer | null): Promise<void> {
    await this.#disk.write(path, bytes, room).catch(async (error) => {
      if (reasonOf(error) !== 'ENOENT') throw error;
      await mkdir(this.#options.folder, { recursive: true });
      await this.#disk.write(path, bytes, room);
    });
  }

  async measure(): Promise<void> {
    if (this.#maxBytes === 0 || this.#restsUntil === Number.POSITIVE_INFINITY) return;
    await this.#room.measure(this.#used);
    await this.#evict(this.#goersFor(0));
  }

  #goersFor(bytes: number): string[] {
    let missing = this.#used + bytes - this.#room.limitBytes();
    const goers: string[] = [];
    for (const [name, file] of this.#files) {
      if (missing <= 0) break;
      goers.push(name);
      missing -= file.bytes;
    }
    return goers;
  }

  #add(name: string, bytes: number, markedAt: number): void {
    this.#files.set(name, { bytes, markedAt });
    this.#used += bytes;
  }

  /** From the books at once, from the disk soon. */
  async #evict(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#used -= this.#files.get(name)?.bytes ?? 0;
      this.#files.delete(name);
    }
    await Promise.all(names.map((name) => unlink(join(this.#options.folder, name)).catch(() => {})));
  }

  /** The order of use outlives a restart. */
  #touch(name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#files.delete(name);
    this.#files.set(name, file);
    const now = Date.now();
    if (now - file.markedAt < MARK_MS) return;
    file.markedAt = now;
    utimes(join(this.#options.folder, name), now / 1000, now / 1000).catch(() => {});
  }
}

/** A message id may hold anything that a file name may not. */
function nameOf(id: string): string {
  return hash('sha256', id, 'hex');
}

/** Its code: the message names paths. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
