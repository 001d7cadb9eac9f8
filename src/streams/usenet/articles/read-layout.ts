import type { ByteRange } from '../../../kit/range.ts';
import { abortable } from '../../../platform/abortable.ts';
import { ArticleDamaged } from '../providers/articles-of.ts';
import { HoleInFile, isGone, PartAbsent } from './hole-in-file.ts';
import type { Lease } from './lease.ts';
import type { Padding } from './padding.ts';
import type { Part, Stretch } from './part.ts';
import type { SeekableFile } from './posted-file.ts';
import { ReadAhead, type ReadAheadOptions } from './read-ahead.ts';

export type ReadOptions = Omit<ReadAheadOptions, 'end'> & {
  /** Half-open, within the layout. */
  range: ByteRange;
  signal: AbortSignal;
  /** What is made of bytes that cannot be had; null: the reading ends there. */
  padding?: Padding | null;
};

/** While an article comes its bytes go on in steps of this at least, after the first. */
const STEP_BYTES = 64 * 1024;
const ZERO_BYTES = 1024 * 1024;

/**
 * The bytes of a range in order, each part as it lies in memory until it is released. The article that the range begins in is given while
 * it comes, but for its last byte (or that of the range), which waits for the check of all others; the rest are given once they are
 * checked, so that a damaged one comes from another provider and nobody is cut off. Rejects with HoleInFile where bytes
 * cannot be had, with ArticleDamaged where such were given already, with what `ArticlesOf.fetch` says else; whoever reads must then be cut off.
 */
export async function* readLayout(options: ReadOptions): AsyncGenerator<Part> {
  const { range, signal } = options;
  signal.throwIfAborted();
  if (range.end <= range.start) return;
  const reading = new Reading(options);
  const onAbort = () => reading.close(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!reading.isDone) {
      const part = await reading.next();
      yield part;
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    reading.close(new Error('nobody reads any more'));
  }
}

/** The article under the head: `stop` is where reading of it ends, in the article. */
type Current = { lease: Lease; file: SeekableFile; index: number; begin: number; stop: number };

class Reading {
  readonly #options: ReadOptions;
  readonly #ahead: ReadAhead;
  #at: number;
  #stretch: Stretch | null = null;
  #from = 0;
  #current: Current | null = null;
  /** The article that something was given of first. */
  #first: Lease | null = null;

  constructor(options: ReadOptions) {
    this.#options = options;
    this.#at = options.range.start;
    this.#ahead = new ReadAhead({ ...options, end: options.range.end });
  }

  get isDone(): boolean {
    return this.#at >= this.#options.range.end;
  }

  async next(): Promise<Part> {
    this.#ahead.isWaiting = true;
    for (;;) {
      const part = (await this.#fromArticle()) ?? (await this.#toNext());
      if (part === null) continue;
      this.#ahead.isWaiting = false;
      this.#at += part.to - part.from;
      this.#ahead.took(part.to - part.from);
      return part;
    }
  }

  /** Null: the head has left it, or stands nowhere yet. */
  async #fromArticle(): Promise<Part | null> {
    const current = this.#current;
    if (current === null) return null;
    const { lease, begin, stop, index, file } = current;
    const from = this.#offset(this.#stretch) - begin;
    if (from >= stop) {
      this.#current = null;
      return null;
    }
    try {
      const isFirst = (this.#first ?? lease) === lease;
      return await (isFirst ? this.#usable(lease, from, stop) : checked(lease, from, stop));
    } catch (error) {
      if (error instanceof ArticleDamaged) file.forget(index);
      // Nothing of it was given: it is looked for again, and found absent.
      if (!isGone(error) || lease.hasGiven) throw error;
      this.#current = null;
      return null;
    }
  }

  /** Its bytes from `from` on, as many as can be given now. */
  async #usable(lease: Lease, from: number, stop: number): Promise<Part> {
    const step = this.#first === null ? 1 : STEP_BYTES;
    this.#first ??= lease;
    for (;;) {
      if (lease.failure !== null) throw lease.failure.error;
      const to = lease.isWhole ? stop : Math.min(lease.usable, stop - 1);
      if (to >= Math.min(from + step, stop - 1) && to > from) return lease.part(from, to);
      const wish = Math.min(from + step, stop - 1);
      await (wish > from ? lease.more(wish) : lease.whole());
    }
  }

  #offset(stretch: Stretch | null): number {
    return (stretch?.offset ?? 0) + this.#at - this.#from;
  }

  /** Finds the article that holds the byte at the head; where there is none, a part of nothing, if such is allowed. */
  async #toNext(): Promise<Part | null> {
    const stretch = await this.#locate();
    const file = this.#options.files[stretch.volume];
    if (file === undefined) throw new Error('there is no such volume');
    const offset = this.#offset(stretch);
    const last = stretch.offset + Math.min(stretch.length, this.#options.range.end - this.#from);
    const ask = (index: number) => this.#ahead.want(stretch.volume, index);
    try {
      const { lease, header, index } = await file.find(offset, ask);
      const stop = Math.min(header.end, last) - header.begin;
      this.#current = { lease, file, index, begin: header.begin, stop };
      this.#ahead.moveTo({ from: this.#from, stretch, index });
      return null;
    } catch (error) {
      if (!(error instanceof PartAbsent)) throw error;
      return await this.#overHole(error, file, stretch, last - offset);
    }
  }

  async #locate(): Promise<Stretch> {
    const known = this.#stretch;
    if (known !== null && this.#at < this.#from + known.length) return known;
    const { layout, signal } = this.#options;
    const located = layout.locate(this.#at, signal);
    const stretch = located instanceof Promise ? await abortable(located, signal) : located;
    if (stretch.length <= 0) throw new HoleInFile(this.#at, new Error('nothing lies there'));
    this.#stretch = stretch;
    this.#from = this.#at;
    return stretch;
  }

  async #overHole(absent: PartAbsent, file: SeekableFile, stretch: Stretch, most: number): Promise<Part> {
    const { padding = null, store } = this.#options;
    const { index, cause } = absent;
    const offset = this.#offset(stretch);
    const ask = (next: number) => this.#ahead.want(stretch.volume, next);
    const hole = padding === null ? null : await file.hole(index, ask, padding.maxInARow);
    const bytes = hole === null ? 0 : hole.end - Math.min(offset, file.beginOf(index));
    if (
      hole === null ||
      hole.end <= offset ||
      padding?.allows(stretch.volume, index, hole.parts, bytes) !== true
    )
      throw new HoleInFile(this.#at, cause);
    return store.zeros(Math.min(hole.end - offset, most, ZERO_BYTES));
  }

  close(reason: unknown): void {
    this.#ahead.close(reason);
  }
}

async function checked(lease: Lease, from: number, stop: number): Promise<Part> {
  if (!lease.isWhole) await lease.whole();
  return lease.part(from, stop);
}
