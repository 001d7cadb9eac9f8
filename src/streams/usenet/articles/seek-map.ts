import type { YencHeader } from '../yenc/decoder.ts';
import type { LearnedFile } from './part.ts';

/** What an article adds in line ends, escapes and lines of its own: 3.2 % measured; for where nothing better is known yet. */
const YENC_SHARE = 1.032;
/** A post of which the NZB names less than a fifth is no post: what yEnc says of the number of parts is believed so far. */
const [MAX_PARTS_FACTOR, MAX_PARTS_MORE] = [4, 64];
/** Proportions find a part in two; a post whose NZB tells nonsense is halved from here on. */
const PROPORTIONAL_PROBES = 4;
/** What is kept of a post with parts of all lengths: 64 KiB of JSON. */
const MAX_ANCHORS = 4096;

/** The parts that may hold a byte: from `low` on, which begins at `lowOffset` for sure, to `high`, which begins behind it. */
export type Candidates = { low: number; lowOffset: number; high: number };

/** Where a posted file's parts lie: by the length of its first part where all are alike, by what was seen and the NZB's proportions else. */
export class SeekMap {
  #sizeBytes: number | null = null;
  #partBytes: number | null = null;
  /** Parts that begin at a known offset: an article tells it of itself and of the next one. Both ascend. */
  readonly #indexes: number[] = [];
  readonly #offsets: number[] = [];
  /** Of the encoded bytes before each part, as the NZB says; one more than there are parts. */
  #before: Float64Array;
  readonly #named: number;
  readonly #isComplete: boolean;
  #isLearned = false;

  /** Encoded bytes of each part, null for one that the NZB lacks. */
  constructor(parts: readonly (number | null)[], learned: LearnedFile | null) {
    this.#before = sums(parts);
    this.#named = parts.length;
    this.#isComplete = !parts.includes(null);
    if (learned === null || !isPlausible(learned)) return;
    this.#isLearned = true;
    this.#sizeBytes = learned.sizeBytes;
    this.#partBytes = learned.partBytes;
    for (const [index, offset] of learned.anchors) if (this.#fits(index, offset)) this.#anchor(index, offset);
  }

  get count(): number {
    return this.#before.length - 1;
  }

  get sizeBytes(): number | null {
    return this.#sizeBytes;
  }

  /** Decoded bytes of each part but the last, as long as nothing spoke against it. */
  get partBytes(): number | null {
    return this.#partBytes;
  }

  /** Where a part begins, as far as is known. */
  beginOf(index: number): number {
    if (index >= this.count) return this.#sizeBytes ?? Number.POSITIVE_INFINITY;
    if (this.#partBytes !== null) return index * this.#partBytes;
    const at = lastAtMost(this.#indexes, index);
    const [low, lowOffset] = [this.#indexes[at] ?? 0, this.#offsets[at] ?? 0];
    if (low === index) return lowOffset;
    const { high, highOffset } = this.#above(at);
    return Math.floor(
      lowOffset + this.#between(low, index) * this.#bytesPerEncoded(low, lowOffset, high, highOffset),
    );
  }

  /** Whether that is more than a guess. */
  isSure(index: number): boolean {
    if (index >= this.count) return this.#sizeBytes !== null;
    return (
      this.#partBytes !== null || index === 0 || this.#indexes[lastAtMost(this.#indexes, index)] === index
    );
  }

  candidates(offset: number): Candidates {
    const at = lastAtMost(this.#offsets, offset);
    const { high } = this.#above(at);
    return { low: this.#indexes[at] ?? 0, lowOffset: this.#offsets[at] ?? 0, high };
  }

  /** The part that most likely holds the byte at `offset`, when so many were looked at in vain. */
  guess(offset: number, probes = 0): number {
    const { low, lowOffset, high } = this.candidates(offset);
    const last = Math.max(low, high - 1);
    if (low === last || offset === lowOffset) return low;
    if (this.#partBytes !== null) return clamp(Math.floor(offset / this.#partBytes), low, last);
    if (probes >= PROPORTIONAL_PROBES) return (low + last) >> 1;
    const { highOffset } = this.#above(lastAtMost(this.#offsets, offset));
    const perEncoded = this.#bytesPerEncoded(low, lowOffset, high, highOffset);
    const target = (this.#before[low] ?? 0) + (offset - lowOffset) / perEncoded;
    return clamp(lastAtMost(this.#before, target), low, last);
  }

  /** Why an article cannot be this part of this file, in words for a log; null: it can. */
  fault(index: number, header: YencHeader): string | null {
    const { begin, end, fileSize } = header;
    if (this.#isOther(index, header)) return 'it is another part';
    if (this.#sizeBytes !== null && fileSize !== this.#sizeBytes) return 'it is of a file of another size';
    if (begin < 0 || end > fileSize || (end <= begin && fileSize > 0)) return 'it lies outside of its file';
    if (!isBetween(begin, this.#bounds(index))) return 'it does not begin where it should';
    if (index + 1 < this.count && !isBetween(end, this.#bounds(index + 1)))
      return 'it does not end where it should';
    return null;
  }

  /**
   * A server that mixes up two articles of a file would put every part of it in a wrong place. Only where yEnc counts as the NZB does,
   * and not where it lies just where it should.
   */
  #isOther(index: number, { part, total, begin }: YencHeader): boolean {
    if (!this.#isComplete || total !== this.#named || part === index + 1) return false;
    return begin !== index * (this.#partBytes ?? 0);
  }

  /** What the parts around it leave for where a part begins. */
  #bounds(index: number): { least: number; most: number } {
    const at = lastAtMost(this.#indexes, index);
    const [low, lowOffset] = [this.#indexes[at] ?? 0, this.#offsets[at] ?? 0];
    // Each part between has a byte at least.
    const least = lowOffset + index - low;
    if (low === index) return { least, most: least };
    return { least, most: this.#offsets[at + 1] ?? this.#sizeBytes ?? Number.POSITIVE_INFINITY };
  }

  /** Takes in what an article says that has no fault. True: that was news. */
  learn(index: number, header: YencHeader): boolean {
    const isFirst = this.#sizeBytes === null;
    this.#sizeBytes ??= header.fileSize;
    const wasUniform = this.#partBytes !== null;
    this.#partBytes ??= this.#uniformBytes(index, header);
    if (this.#partBytes === null && header.total !== null) this.#extendTo(header.total);
    if (index === this.count - 1 && header.end < header.fileSize) this.#extendTo(this.count + 1);
    const isUniform = this.#partBytes !== null && this.#isAsGuessed(index, header);
    if (!isUniform) this.#partBytes = null;
    const isNew = this.#anchor(index, header.begin);
    const isNextNew = index + 1 < this.count && this.#anchor(index + 1, header.end);
    return isFirst || wasUniform !== isUniform || (!isUniform && (isNew || isNextNew));
  }

  /** What a damaged article said is not known. */
  forget(index: number): void {
    for (const one of [index, index + 1]) {
      const at = this.#indexes.indexOf(one);
      if (at < 0) continue;
      this.#indexes.splice(at, 1);
      this.#offsets.splice(at, 1);
    }
    if (this.#indexes.length > 0 || this.#isLearned) return;
    this.#sizeBytes = null;
    this.#partBytes = null;
  }

  learned(): LearnedFile | null {
    if (this.#sizeBytes === null) return null;
    const pairs = this.#indexes.map((index, at): [number, number] => [index, this.#offsets[at] ?? 0]);
    const step = Math.ceil(pairs.length / MAX_ANCHORS);
    const anchors = this.#partBytes === null ? pairs.filter((_, at) => at % step === 0) : [];
    return { sizeBytes: this.#sizeBytes, partBytes: this.#partBytes, anchors };
  }

  #uniformBytes(index: number, { begin, end, fileSize }: YencHeader): number | null {
    const partBytes = end - begin;
    if (!this.#isComplete || partBytes <= 0 || begin !== index * partBytes) return null;
    const isSo = Math.ceil(fileSize / partBytes) === this.count;
    return isSo && this.#indexes.every((one, at) => this.#offsets[at] === one * partBytes) ? partBytes : null;
  }

  /** The number of segments may fit by accident: each article is looked at. */
  #isAsGuessed(index: number, { begin, end, fileSize }: YencHeader): boolean {
    const partBytes = this.#partBytes ?? 0;
    return begin === index * partBytes && end === Math.min(fileSize, begin + partBytes);
  }

  #anchor(index: number, offset: number): boolean {
    const at = lastAtMost(this.#indexes, index);
    if (this.#indexes[at] === index) return false;
    this.#indexes.splice(at + 1, 0, index);
    this.#offsets.splice(at + 1, 0, offset);
    return true;
  }

  #fits(index: number, offset: number): boolean {
    const isAfter = index > (this.#indexes.at(-1) ?? -1) && offset > (this.#offsets.at(-1) ?? -1);
    return isAfter && index < this.count && offset < (this.#sizeBytes ?? 0);
  }

  #above(at: number): { high: number; highOffset: number | null } {
    const high = this.#indexes[at + 1];
    if (high === undefined) return { high: this.count, highOffset: this.#sizeBytes };
    return { high, highOffset: this.#offsets[at + 1] ?? null };
  }

  #between(low: number, high: number): number {
    return (this.#before[high] ?? 0) - (this.#before[low] ?? 0);
  }

  #bytesPerEncoded(low: number, lowOffset: number, high: number, highOffset: number | null): number {
    const encoded = this.#between(low, high);
    const decoded = highOffset === null ? encoded / YENC_SHARE : highOffset - lowOffset;
    return Math.max(decoded, 1) / Math.max(encoded, 1);
  }

  /** Parts at the end that the NZB does not even name. */
  #extendTo(wished: number): void {
    const count = Math.min(wished, this.#named * MAX_PARTS_FACTOR + MAX_PARTS_MORE);
    if (!(count > this.count)) return;
    const each = Math.max(1, (this.#before.at(-1) ?? 0) / Math.max(1, this.count));
    const before = new Float64Array(count + 1);
    before.set(this.#before);
    for (let at = this.count + 1; at <= count; at += 1) before[at] = (before[at - 1] ?? 0) + each;
    this.#before = before;
  }
}

function sums(parts: readonly (number | null)[]): Float64Array {
  const known = parts.filter((bytes) => bytes !== null);
  const each = known.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, known.length);
  const before = new Float64Array(parts.length + 1);
  // Never none: two parts at one place could not be told apart.
  for (const [at, bytes] of parts.entries()) before[at + 1] = (before[at] ?? 0) + Math.max(1, bytes ?? each);
  return before;
}

function isPlausible({ sizeBytes, partBytes }: LearnedFile): boolean {
  return Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && (partBytes === null || partBytes > 0);
}

function isBetween(value: number, { least, most }: { least: number; most: number }): boolean {
  return value >= least && value <= most;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** The last of the ascending `values` that is not above `value`; -1: all are. */
function lastAtMost(values: ArrayLike<number>, value: number): number {
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((values[middle] ?? 0) <= value) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}
