import type { NzbFile, NzbSegment } from '../nzb/nzb.ts';
import { ArticleDamaged, type Lane } from '../providers/articles-of.ts';
import type { YencHeader } from '../yenc/decoder.ts';
import { HoleInFile, isGone, PartAbsent } from './hole-in-file.ts';
import type { Lease } from './lease.ts';
import { Leases } from './leases.ts';
import type { LearnedFile, PostedFile } from './part.ts';
import { SeekMap } from './seek-map.ts';
import type { ArticleStore } from './store.ts';

export type PostedFileOptions = Pick<NzbFile, 'segments' | 'missing'> & {
  store: ArticleStore;
  /** As the NZB says. */
  name: string;
  learned: LearnedFile | null;
  /** `learned()` says more than before: keep it, not each time. */
  onLearned?: () => void;
  /** Whose connections `open` and `read` count to. */
  viewer?: number;
};

/** The part that a byte lies in, as its article says. */
export type Found = { index: number; lease: Lease; header: YencHeader };
/** Asks for a part at once; whoever gives it leaves the lease. */
export type AskFor = (index: number) => Lease;

/** A posted file whose parts can be had one by one; an index is one less than a segment's number. */
export type SeekableFile = PostedFile & {
  readonly count: number;
  /** Null: the NZB lacks it. */
  segment(index: number): NzbSegment | null;
  /** The part that most likely holds that byte; where a part most likely begins. */
  guess(offset: number): number;
  beginOf(index: number): number;
  /** Null: there is no memory for it now; never so for `head`. It must be there. */
  want(index: number, lane: Lane, viewer: number): Lease | null;
  /** The part that holds the byte at `offset`. Rejects with PartAbsent where there is none. */
  find(offset: number, ask: AskFor): Promise<Found>;
  /** How far what begins at an absent part goes, and over how many; null: over more than `most`. */
  hole(index: number, ask: AskFor, most: number): Promise<{ end: number; parts: number } | null>;
  /** What this article said of itself is not true. */
  forget(index: number): void;
};

/** So many articles are asked for in vain before a place counts as absent. */
const MAX_ABSENT = 4;
const YENC_SHARE = 1.032;

export function createPostedFile(options: PostedFileOptions): SeekableFile {
  return new Posted(options);
}

class Posted implements SeekableFile {
  readonly #options: PostedFileOptions;
  readonly #parts: readonly (NzbSegment | null)[];
  readonly #map: SeekMap;
  #name: string;

  constructor(options: PostedFileOptions) {
    const { segments, missing, learned, name } = options;
    this.#options = options;
    this.#name = name;
    // By rank: some number from 0 on.
    const numbers = [
      ...segments.map((segment): [number, NzbSegment | null] => [segment.number, segment]),
      ...missing.map((number): [number, NzbSegment | null] => [number, null]),
    ].sort(([one], [other]) => one - other);
    this.#parts = numbers.filter(([number], at) => number !== numbers[at - 1]?.[0]).map(([, part]) => part);
    this.#map = new SeekMap(
      this.#parts.map((part) => (part === null ? null : part.bytes)),
      learned,
    );
  }

  get name(): string {
    return this.#name;
  }

  get sizeBytes(): number | null {
    return this.#map.sizeBytes;
  }

  get count(): number {
    return this.#map.count;
  }

  segment(index: number): NzbSegment | null {
    return this.#parts[index] ?? null;
  }

  guess(offset: number): number {
    return this.#map.guess(offset);
  }

  beginOf(index: number): number {
    return this.#map.beginOf(index);
  }

  learned(): LearnedFile | null {
    return this.#map.learned();
  }

  forget(index: number): void {
    this.#map.forget(index);
  }

  want(index: number, lane: Lane, viewer: number): Lease | null {
    const segment = this.segment(index);
    if (segment === null) throw new PartAbsent(index, new Error('the NZB lacks this part'));
    const { id, bytes } = segment;
    const expectedBytes = this.#map.partBytes ?? Math.ceil(bytes / YENC_SHARE);
    const check = (header: YencHeader) => this.#map.fault(index, header);
    return this.#options.store.want({ id, bytes, expectedBytes, lane, viewer, check });
  }

  async find(offset: number, ask: AskFor): Promise<Found> {
    const absent = new Map<number, unknown>();
    for (let probes = 0; ; probes += 1) {
      const index = this.#pick(offset, probes, absent);
      const lease = ask(index);
      const header = await this.#headerOf(index, lease).catch((error) => {
        if (!isGone(error)) throw error;
        absent.set(index, error);
        return null;
      });
      if (header !== null && header.begin <= offset && offset < header.end) return { index, lease, header };
    }
  }

  /** Ends: each that was asked narrows what is left, by where it lies or by being absent. */
  #pick(offset: number, probes: number, absent: ReadonlyMap<number, unknown>): number {
    const { low, lowOffset, high } = this.#map.candidates(offset);
    const guess = this.#map.guess(offset, probes);
    const whyNot = (index: number): unknown =>
      this.segment(index) === null ? new Error('the NZB lacks this part') : absent.get(index);
    const isBehind = offset >= (this.sizeBytes ?? Number.POSITIVE_INFINITY) || low >= high;
    if (isBehind) throw new PartAbsent(this.count, new Error('the file ends before'));
    if (whyNot(guess) === undefined) return guess;
    const isCertain = offset === lowOffset || this.#map.partBytes !== null || absent.size >= MAX_ABSENT;
    const other = isCertain ? -1 : nearest(guess, low, high, (index) => whyNot(index) === undefined);
    if (other < 0) throw new PartAbsent(guess, whyNot(guess));
    return other;
  }

  async hole(index: number, ask: AskFor, most: number): Promise<{ end: number; parts: number } | null> {
    for (let next = index + 1; next - index <= most && next <= this.count; next += 1) {
      if (!this.#map.isSure(next) && this.segment(next) !== null)
        await this.#headerOf(next, ask(next)).catch((error) => {
          if (!isGone(error)) throw error;
        });
      if (this.#map.isSure(next)) return { end: this.#map.beginOf(next), parts: next - index };
    }
    return null;
  }

  async #headerOf(index: number, lease: Lease): Promise<YencHeader> {
    try {
      await lease.more(0);
    } catch (error) {
      if (error instanceof ArticleDamaged) this.#map.forget(index);
      throw error;
    }
    return this.#learn(index, lease);
  }

  /** What came from memory or the disk was asked for by others, who may have looked for something else. */
  #learn(index: number, lease: Lease): YencHeader {
    const { header } = lease;
    const fault = header === null ? 'it has no header' : this.#map.fault(index, header);
    if (header === null || fault !== null) throw new ArticleDamaged(lease.id, fault ?? '');
    if (this.sizeBytes === null) this.#name = header.name;
    if (this.#map.learn(index, header)) this.#options.onLearned?.();
    return header;
  }

  async open(signal: AbortSignal): Promise<{ name: string; sizeBytes: number }> {
    const { sizeBytes } = this;
    if (sizeBytes !== null) return { name: this.#name, sizeBytes };
    return await this.#leased(signal, 'head', async (ask) => {
      let cause: unknown = new Error('the NZB lacks every part');
      const indexes = this.#parts.flatMap((part, index) => (part === null ? [] : [index]));
      for (const index of indexes.slice(0, MAX_ABSENT)) {
        const lease = ask(index);
        try {
          // The size is told to viewers: it is that of an article that is right.
          await lease.whole();
          const { fileSize } = this.#learn(index, lease);
          return { name: this.#name, sizeBytes: fileSize };
        } catch (error) {
          if (!isGone(error)) throw error;
          cause = error;
        }
      }
      throw new HoleInFile(0, cause);
    });
  }

  async read(offset: number, length: number, signal: AbortSignal, lane: Lane = 'head'): Promise<Buffer> {
    return await this.#leased(signal, lane, async (ask) => {
      const chunks: Buffer[] = [];
      let [at, end] = [offset, offset + length];
      for (let articles = 0; articles < 2 && at < end; articles += 1) {
        end = Math.min(end, this.sizeBytes ?? end);
        if (at >= end) break;
        const chunk = await this.#copyFrom(at, end, ask);
        chunks.push(chunk);
        at += chunk.length;
        end = Math.min(end, this.sizeBytes ?? end);
      }
      return chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
    });
  }

  async #copyFrom(at: number, end: number, ask: AskFor): Promise<Buffer> {
    try {
      const { lease, header } = await this.find(at, ask);
      await lease.whole();
      const part = lease.part(at - header.begin, Math.min(end, header.end) - header.begin);
      const copy = Buffer.from(part.buffer.bytes.subarray(part.from, part.to));
      part.release();
      return copy;
    } catch (error) {
      if (error instanceof PartAbsent) throw new HoleInFile(at, error.cause);
      throw isGone(error) ? new HoleInFile(at, error) : error;
    }
  }

  async #leased<T>(signal: AbortSignal, lane: Lane, work: (ask: AskFor) => Promise<T>): Promise<T> {
    const leases = new Leases(signal);
    try {
      return await work((index) => leases.add(this.want(index, lane, this.#options.viewer ?? 0)));
    } finally {
      leases.leave();
    }
  }
}

function nearest(from: number, low: number, high: number, isRight: (index: number) => boolean): number {
  for (let away = 1; from - away >= low || from + away < high; away += 1) {
    if (from + away < high && isRight(from + away)) return from + away;
    if (from - away >= low && isRight(from - away)) return from - away;
  }
  return -1;
}
