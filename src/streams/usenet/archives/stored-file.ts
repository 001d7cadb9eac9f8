import type { Layout, Stretch } from '../articles/part.ts';
import type { ArchiveRefused, Cipher, Extent } from './archive.ts';

/** A layout that also tells where all of a range lies, as far as is known by now; without one of the whole file. */
export type StoredLayout = Layout & { extents(from?: number, to?: number): readonly Extent[] };

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

/** Reads the header of a volume whose extent was guessed; answers all extents of the file as they are known then. */
export type CheckExtent = (extent: Extent, signal: AbortSignal) => Promise<readonly Extent[]>;

/** A layout over extents; the guessed ones are checked when they are touched. */
export function layoutOver(extents: readonly Extent[], check: CheckExtent | null = null): StoredLayout {
  let held = extents;
  let starts = startsOf(held);
  const sizeBytes = held.reduce((sum, { length }) => sum + length, 0);
  return { sizeBytes, guess, locate, extents: (from = 0, to = sizeBytes) => extentsIn(from, to) };

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
    held = await by(extent, signal);
    starts = startsOf(held);
    return stretchAt(indexOf(offset), offset);
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

function startsOf(extents: readonly Extent[]): number[] {
  const starts: number[] = [];
  let at = 0;
  for (const { length } of extents) {
    starts.push(at);
    at += length;
  }
  return starts;
}
