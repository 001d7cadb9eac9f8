import { randomBytes } from 'node:crypto';
import { mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createCacheFiles } from '../../../platform/write-whole.ts';
import { createDiskRoom, type DiskRoom, reserveOf } from '../../disk-room.ts';
import type { SlabBuffer } from '../../slab-memory.ts';
import type { YencHeader } from '../yenc/decoder.ts';
import type { Place } from './attempt.ts';
import { Segment } from './segment.ts';
import { entryBytesOf, footOf, PAGE_BYTES } from './segment-foot.ts';
import { WritePace } from './write-pace.ts';

/**
 * Articles on disk, by message id, many in a file; the files that were unused longest go first. Nothing here rejects: without a disk films
 * play on.
 */
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
  /** Whether `write` would keep so many bytes of it now; then they count as written. */
  admit(id: string, bytes: number): boolean;
  /** `crc` is the CRC-32 of its bytes. The memory of `buffer` behind them is written to. */
  write(id: string, place: Place, crc: number): Promise<void>;
  /** Looks how full the disk is, and makes room where others took it. */
  measure(): Promise<void>;
  usedBytes(): number;
  /** Resolves when all that was given is written. */
  close(): Promise<void>;
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
/** Some 45 articles. A file for each cost as much to make and to remove as to write: 0.33 s of CPU a GB, so 0.14. */
const SEGMENT_BYTES = 32 * 1024 * 1024;
/** Of a small cache no more than this share goes at once. */
const SEGMENT_SHARE = 1 / 16;
/** After a full disk nothing is written for so long. */
const REST_MS = 60_000;
/** What waits for the disk stays in memory: of a disk slower than its pace the rest is not kept. */
const MAX_WRITING_BYTES = 4 * 1024 * 1024;
/** A file for each article, as they were kept before. */
const EARLIER_NAME = /^[0-9a-f]{64}$/;
/** Node has four threads to ask the disk. */
const AT_ONCE = 64;

/** Finds what an earlier run left behind. */
export async function openArticleDisk(options: ArticleDiskOptions): Promise<ArticleDisk> {
  const disk = new Disk(options);
  await disk.find();
  return disk;
}

class Disk implements ArticleDisk {
  readonly #options: ArticleDiskOptions;
  readonly #maxBytes: number;
  readonly #room: DiskRoom;
  readonly #files = createCacheFiles();
  /** Longest unused first. */
  readonly #segments = new Set<Segment>();
  /** What is written to. */
  #open: Segment | null = null;
  readonly #articles = new Map<string, { segment: Segment; end: number }>();
  /** A secret, see its use in the feet; and how many segments it has begun. */
  readonly #run = randomBytes(16).toString('hex');
  #begun = 0;
  #writing = 0;
  readonly #writes = new Map<string, Promise<void>>();
  #restsUntil = 0;
  readonly #pace = new WritePace(performance.now());

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
      const found: NonNullable<Awaited<ReturnType<typeof Segment.find>>>[] = [];
      for (let at = 0; at < names.length; at += AT_ONCE)
        for (const one of await Promise.all(names.slice(at, at + AT_ONCE).map((name) => this.#look(name))))
          if (one !== null) found.push(one);
      for (const { segment, ends } of found.sort((one, other) => one.segment.usedAt - other.segment.usedAt)) {
        this.#segments.add(segment);
        for (const [id, end] of ends) this.#learn(id, segment, end);
      }
      await this.measure();
    } catch (error) {
      onWarning(`the cache of Usenet articles cannot be used: ${reasonOf(error)}`);
      this.#restsUntil = Number.POSITIVE_INFINITY;
    }
  }

  async #look(name: string): ReturnType<typeof Segment.find> {
    const { folder } = this.#options;
    if (EARLIER_NAME.test(name)) await unlink(join(folder, name)).catch(() => {});
    return await Segment.find(folder, name);
  }

  has(id: string): boolean {
    return this.#articles.has(id);
  }

  usedBytes(): number {
    let used = 0;
    for (const { size } of this.#segments) used += size;
    return used;
  }

  async read(
    id: string,
    take: (header: YencHeader) => SlabBuffer | null,
    give: (buffer: SlabBuffer) => void,
  ): Promise<Place | null> {
    const entry = this.#articles.get(id);
    if (entry === undefined) return null;
    const { segment, end } = entry;
    const place = await segment.read(end, take, give);
    if (place === 'gone') await this.#evict([segment]);
    else if (place === 'wrong') await this.#forget(id, segment);
    if (typeof place === 'string') return null;
    this.#touch(segment);
    return place;
  }

  admit(id: string, bytes: number): boolean {
    const now = performance.now();
    if (now < this.#restsUntil || bytes > this.#room.limitBytes()) return false;
    if (this.#writing + bytes > MAX_WRITING_BYTES || this.#articles.has(id) || this.#writes.has(id))
      return false;
    return this.#pace.spend(bytes, now);
  }

  async write(id: string, place: Place, crc: number): Promise<void> {
    this.#writing += place.length;
    const writing = this.#append(id, place, crc).catch((error: unknown) => this.#failed(error));
    this.#writes.set(id, writing);
    await writing;
    this.#writing -= place.length;
    this.#writes.delete(id);
  }

  #failed(error: unknown): void {
    // Others were on their way to the same full disk: it is told once.
    const isNews = performance.now() >= this.#restsUntil;
    this.#restsUntil = performance.now() + REST_MS;
    if (isNews)
      this.#options.onWarning(
        `a Usenet article could not be kept on disk (${reasonOf(error)}); it is tried again in a minute`,
      );
  }

  async close(): Promise<void> {
    await Promise.all(this.#writes.values());
    await this.#open?.close();
    this.#open = null;
    this.#restsUntil = Number.POSITIVE_INFINITY;
  }

  async #append(given: string, place: Place, crc: number): Promise<void> {
    // The one given may be a piece of the whole NZB's text, which would stay for as long as the article does.
    const id = Buffer.from(given).toString();
    const foot = footOf({ run: this.#run, id, header: place.header, crc });
    if (foot === null) return;
    const segment = this.#segmentFor(entryBytesOf(place.length, foot));
    try {
      const end = await segment.append(this.#files, place, foot);
      if (!segment.isGone) this.#learn(id, segment, end);
    } catch (error) {
      segment.seal();
      await this.#evictIfEmpty(segment);
      throw error;
    }
  }

  #segmentFor(bytes: number): Segment {
    if (this.#open?.fits(bytes) === true) return this.#open;
    this.#open?.seal();
    const share = Math.min(SEGMENT_BYTES, this.#maxBytes * SEGMENT_SHARE, this.#room.limitBytes());
    const capacity = Math.max(bytes, Math.floor(share / PAGE_BYTES) * PAGE_BYTES);
    const room = this.#evict(this.#goersFor(capacity));
    this.#begun += 1;
    this.#open = Segment.begin(this.#options.folder, this.#run, this.#begun, { capacity, room });
    this.#segments.add(this.#open);
    return this.#open;
  }

  #learn(id: string, segment: Segment, end: number): void {
    // Two instances, or two runs, may have kept the same one.
    this.#articles.get(id)?.segment.ids.delete(id);
    this.#articles.set(id, { segment, end });
    segment.ids.add(id);
  }

  async #forget(id: string, segment: Segment): Promise<void> {
    if (this.#articles.get(id)?.segment !== segment) return;
    this.#articles.delete(id);
    segment.ids.delete(id);
    await this.#evictIfEmpty(segment);
  }

  async measure(): Promise<void> {
    if (this.#maxBytes === 0 || this.#restsUntil === Number.POSITIVE_INFINITY) return;
    await this.#room.measure(this.usedBytes());
    await this.#evict(this.#goersFor(0));
  }

  #goersFor(bytes: number): Segment[] {
    let missing = bytes - this.#room.limitBytes();
    for (const { capacity } of this.#segments) missing += capacity;
    const goers: Segment[] = [];
    for (const segment of this.#segments) {
      if (missing <= 0) break;
      goers.push(segment);
      missing -= segment.capacity;
    }
    return goers;
  }

  async #evictIfEmpty(segment: Segment): Promise<void> {
    if (segment.ids.size === 0 && segment.isIdle) await this.#evict([segment]);
  }

  /** From the books at once, from the disk soon. */
  async #evict(segments: readonly Segment[]): Promise<void> {
    for (const segment of segments) {
      this.#segments.delete(segment);
      if (this.#open === segment) this.#open = null;
      for (const id of segment.ids) this.#articles.delete(id);
      segment.ids.clear();
    }
    await Promise.all(segments.map((segment) => segment.remove()));
  }

  #touch(segment: Segment): void {
    if (!this.#segments.delete(segment)) return;
    this.#segments.add(segment);
    segment.markUsed();
  }
}

/** Its code: the message names paths. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
