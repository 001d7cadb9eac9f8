import type { Layout, Stretch } from '../articles/part.ts';
import type { ArchiveRefused, Cipher, Extent } from './archive.ts';

export type StoredLayout = Layout & {
  /** Where all of a range lies, as far as is known by now; without one of the whole file. */
  extents(from?: number, to?: number): readonly Extent[];
  /** Reads the header of the volume that byte lies in, where it was guessed; false: it is not so, which the first touch mends. */
  confirm(offset: number, signal: AbortSignal): Promise<boolean>;
  /** Somebody read the headers of these, and they are as was guessed. */
  settle(read: readonly Extent[]): void;
};

/** A file in an archive; `refusal`: why it cannot be played. */
export type StoredFile = {
  path: string;
  sizeBytes: number;
  cipher: Cipher | null;
  layout: StoredLayout;
  refusal: ArchiveRefused | null;
};

export type Opened = {
  format: 'rar4' | 'rar5' | '7z' | 'zip' | 'split';
  isPassworded: boolean;
  files: readonly StoredFile[];
};

/** Of an extent that was guessed. */
export type CheckExtent = {
  /** Reads the header of its volume. */
  isRight(extent: Extent, signal: AbortSignal): Promise<boolean>;
  /** All extents of the file, where it was not. */
  anew(extent: Extent, signal: AbortSignal): Promise<readonly Extent[]>;
};

/** A layout over extents; the guessed ones are checked when they are touched. */
export function layoutOver(extents: readonly Extent[], check: CheckExtent | null = null): StoredLayout {
  let held = extents;
  let starts = startsOf(held);
  const sizeBytes = held.reduce((sum, { length }) => sum + length, 0);
  const extentsOf = (from = 0, to = sizeBytes) => extentsIn(from, to);
  return { sizeBytes, guess, locate, extents: extentsOf, confirm, settle };

  function guess(offset: number): Stretch {
    return stretchAt(indexOf(offset), offset);
  }

  function locate(offset: number, signal: AbortSignal): Stretch | Promise<Stretch> {
    const index = indexOf(offset);
    const extent = held[index];
    return extent?.isGuessed && check ? checked(extent, offset, check, signal) : stretchAt(index, offset);
  }

  async function checked(
    extent: Extent,
    offset: number,
    by: CheckExtent,
    signal: AbortSignal,
  ): Promise<Stretch> {
    if (await by.isRight(extent, signal)) settle([extent]);
    else {
      held = await by.anew(extent, signal);
      starts = startsOf(held);
    }
    return stretchAt(indexOf(offset), offset);
  }

  async function confirm(offset: number, signal: AbortSignal): Promise<boolean> {
    const extent = held[indexOf(offset)];
    if (!extent?.isGuessed) return true;
    const isRight = (await check?.isRight(extent, signal)) ?? false;
    if (isRight) settle([extent]);
    return isRight;
  }

  function settle(read: readonly Extent[]): void {
    held = settled(held, read);
  }

  function extentsIn(from: number, to: number): readonly Extent[] {
    if (from === 0 && to === sizeBytes) return held;
    if (from >= to) return [];
    const first = indexOf(from);
    return held.slice(first, indexOf(to - 1) + 1).map((extent, at) => {
      const start = starts[first + at] ?? 0;
      const skipped = Math.max(0, from - start);
      const length = Math.min(extent.length, to - start) - skipped;
      return { ...extent, offset: extent.offset + skipped, length };
    });
  }

  function stretchAt(index: number, offset: number): Stretch {
    const [extent, start] = [held[index], starts[index]];
    if (!extent || start === undefined) throw new RangeError(`${offset} is outside of the file`);
    const into = offset - start;
    return { volume: extent.volume, offset: extent.offset + into, length: extent.length - into };
  }

  function indexOf(offset: number): number {
    if (!(offset >= 0 && offset < sizeBytes)) throw new RangeError(`${offset} is outside of the file`);
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** What was read is no guess any more, whoever read it. */
export function settled(extents: readonly Extent[], read: readonly Extent[]): readonly Extent[] {
  const places = new Set(read.map(placeOf));
  return extents.map((extent) => (places.has(placeOf(extent)) ? { ...extent, isGuessed: false } : extent));
}

function placeOf({ volume, offset, length }: Extent): string {
  return `${volume}/${offset}/${length}`;
}

function startsOf(extents: readonly Extent[]): number[] {
  const starts: number[] = [];
  let at = 0;
  for (const { length } of extents) {
    starts.push(at);
    at += length;
  }
  return starts;
}
