import { mkdir, open, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CacheFile, CacheFiles } from '../../../platform/write-whole.ts';
import { roomOf, type SlabBuffer } from '../../slab-memory.ts';
import type { YencHeader } from '../yenc/decoder.ts';
import type { Place } from './attempt.ts';
import { entryBytesOf, PAGE_BYTES, readBytes, readFoot } from './segment-foot.ts';

/** The time of last use is written down so often. */
const MARK_MS = 60_000;
const NAME = /^([0-9a-f]{32})-\d{1,12}\.articles$/;

type Entry = { bytes: Uint8Array; isAligned: boolean; resolve(): void; reject(error: unknown): void };

/** A file of articles, one behind the other: written once, read anywhere, removed as a whole. */
export class Segment {
  readonly #run: string;
  readonly #path: string;
  /** It will not be longer. */
  capacity: number;
  size = 0;
  usedAt = Date.now();
  /** Those that are whole and not forgotten. */
  readonly ids = new Set<string>();
  #file: Promise<CacheFile> | null = null;
  #room = Promise.resolve();
  #unwritten = 0;
  #isWriting = false;
  readonly #queue: Entry[] = [];
  #writtenTo = 0;
  #isSealed = false;
  isGone = false;

  private constructor(run: string, path: string, capacity: number) {
    this.#run = run;
    this.#path = path;
    this.capacity = capacity;
  }

  /** The `number`th of a run of 32 hex digits. Its file is made when something is written to it, and there is `room`. */
  static begin(
    folder: string,
    run: string,
    number: number,
    { capacity, room }: { capacity: number; room: Promise<void> },
  ): Segment {
    const segment = new Segment(run, join(folder, `${run}-${number}.articles`), capacity);
    segment.#room = room;
    return segment;
  }

  /**
   * One that an earlier run left, and where each article in it ends, the last first; null: it is none, or it held none and is removed. A run
   * that was killed leaves holes where it was writing.
   */
  static async find(folder: string, name: string): Promise<Found | null> {
    const run = NAME.exec(name)?.[1];
    const path = join(folder, name);
    const facts = run === undefined ? null : await stat(path).catch(() => null);
    if (run === undefined || facts === null) return null;
    const segment = new Segment(run, path, facts.size);
    segment.size = facts.size;
    segment.usedAt = facts.mtimeMs;
    segment.#isSealed = true;
    const ends = await segment.#ends().catch(() => []);
    if (ends.length > 0) return { segment, ends };
    await segment.remove();
    return null;
  }

  /** Nothing more is written behind what is on its way. */
  seal(): void {
    this.#isSealed = true;
    this.capacity = this.size;
    void this.#closeIfDone();
  }

  /** Resolves when its file is closed; nothing may be on its way. */
  async close(): Promise<void> {
    this.#isSealed = true;
    await this.#closeIfDone();
  }

  get isIdle(): boolean {
    return this.#unwritten === 0;
  }

  fits(bytes: number): boolean {
    return !this.#isSealed && this.size + bytes <= this.capacity;
  }

  /** Behind all that was given before; resolves to where it ends. Rejects where it cannot be written. */
  append(files: CacheFiles, { buffer, length }: Place, foot: Buffer): Promise<number> {
    const size = entryBytesOf(length, foot);
    const room = roomOf(buffer);
    const isAligned = room !== null && size <= room.length;
    const bytes = isAligned ? room.subarray(0, size) : Buffer.alloc(size);
    if (!isAligned) bytes.set(buffer.bytes.subarray(0, length));
    bytes.set(foot, size - foot.length);
    this.size += size;
    this.#unwritten += 1;
    const end = this.size;
    return new Promise((resolve, reject) => {
      this.#queue.push({ bytes, isAligned, resolve: () => resolve(end), reject });
      if (!this.#isWriting) void this.#write(files);
    });
  }

  /** What came while the disk was busy goes to it by one call. */
  async #write(files: CacheFiles): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0) await this.#writeAll(files, this.#queue.splice(0));
    this.#isWriting = false;
    await this.#closeIfDone();
  }

  async #writeAll(files: CacheFiles, entries: readonly Entry[]): Promise<void> {
    const parts = entries.map(({ bytes }) => bytes);
    const at = this.#writtenTo;
    for (const { length } of parts) this.#writtenTo += length;
    try {
      this.#file ??= this.#create(files);
      const file = await this.#file;
      await file.write(
        parts,
        at,
        entries.every(({ isAligned }) => isAligned),
      );
      for (const { resolve } of entries) resolve();
    } catch (error) {
      for (const { reject } of entries) reject(error);
    }
    this.#unwritten -= entries.length;
  }

  /** Somebody may have removed the folder. */
  async #create(files: CacheFiles): Promise<CacheFile> {
    await this.#room;
    try {
      return await files.create(this.#path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      await mkdir(dirname(this.#path), { recursive: true });
      return await files.create(this.#path);
    }
  }

  async #closeIfDone(): Promise<void> {
    if (this.#unwritten > 0 || !(this.#isSealed || this.isGone)) return;
    const file = this.#file;
    this.#file = null;
    await file?.then((opened) => opened.close()).catch(() => {});
  }

  /**
   * The article that ends there, read to where `take` says and checked. `gone`: the file is; `wrong`: it is not what was written;
   * `unwanted`: `take` has no place.
   */
  async read(
    end: number,
    take: (header: YencHeader) => SlabBuffer | null,
    give: (buffer: SlabBuffer) => void,
  ): Promise<Place | 'gone' | 'wrong' | 'unwanted'> {
    const file = await open(this.#path, 'r').catch(() => null);
    if (file === null) return 'gone';
    await using _closed = file;
    const foot = await readFoot(file, this.#run, end).catch(() => null);
    if (foot === null) return 'wrong';
    const { header, crc, from } = foot;
    const buffer = take(header);
    if (buffer === null) return 'unwanted';
    const length = header.end - header.begin;
    const isRight = await readBytes(file, from, buffer.bytes.subarray(0, length), crc).catch(() => false);
    if (isRight) return { buffer, length, header };
    give(buffer);
    return 'wrong';
  }

  /** The order of use outlives a restart. */
  markUsed(): void {
    const now = Date.now();
    if (now - this.usedAt < MARK_MS) return;
    this.usedAt = now;
    utimes(this.#path, now / 1000, now / 1000).catch(() => {});
  }

  async remove(): Promise<void> {
    this.isGone = true;
    // Its file may be about to be made.
    await this.#file?.catch(() => {});
    await this.#closeIfDone();
    await unlink(this.#path).catch(() => {});
  }

  async #ends(): Promise<[string, number][]> {
    await using file = await open(this.#path, 'r');
    const ends: [string, number][] = [];
    for (let end = this.size - (this.size % PAGE_BYTES); end > 0; ) {
      const foot = await readFoot(file, this.#run, end).catch(() => null);
      if (foot !== null) ends.push([foot.id, end]);
      end = foot?.from ?? end - PAGE_BYTES;
    }
    return ends;
  }
}

type Found = { segment: Segment; ends: [string, number][] };
