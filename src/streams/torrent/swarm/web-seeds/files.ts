import { Bitfield } from '../bitfield.ts';
import { type Layout, pieceBytesOf } from '../layout.ts';
import type { BlockRequest } from '../wire.ts';

/** A part of a torrent that lies in one file. */
export type Segment = {
  fileIndex: number;
  /** Where the file begins and ends in the torrent. */
  start: number;
  end: number;
  /** Zeros, which no server has (BEP 47). */
  isPadding: boolean;
};

/** Where a byte of a torrent lies, and what that is called at a web seed. */
export class SeedFiles {
  readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
  }

  /** The first byte of a block in the torrent. */
  offsetOf({ index, begin }: BlockRequest): number {
    return index * this.layout.pieceLength + begin;
  }

  /** The file that holds this byte: the last one that begins there or before, as files without bytes may stand in front of it. */
  segmentAt(at: number): Segment {
    const { files, padding } = this.layout;
    let [low, high] = [0, files.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((files[middle]?.offset ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    const { offset, sizeBytes } = files[low] ?? { offset: 0, sizeBytes: 0 };
    return { fileIndex: low, start: offset, end: offset + sizeBytes, isPadding: padding.has(low) };
  }

  /**
   * BEP 19: the address of a single file is the seed's own unless that ends in a slash; those of a folder lie below it, each part
   * encoded. Null: the path leads out of the folder, or the address is none.
   */
  urlOf(seed: string, fileIndex: number): URL | null {
    const { files, name, isSingleFile } = this.layout;
    const parts = isSingleFile ? [name] : [name, ...(files[fileIndex]?.path ?? '').split('/')];
    if (parts.some((part) => part === '' || part === '.' || part === '..')) return null;
    const isFile = isSingleFile && !seed.endsWith('/');
    const base = seed.endsWith('/') ? seed : `${seed}/`;
    const url = URL.parse(isFile ? seed : base + parts.map(encodeURIComponent).join('/'));
    if (url !== null) url.hash = '';
    return url;
  }

  /** The pieces that lie in no file of `missing`; null where none is left. */
  piecesWithout(missing: ReadonlySet<number>, bad: ReadonlySet<number>): Bitfield | null {
    const { pieceCount, pieceLength, files, padding } = this.layout;
    const pieces = new Bitfield(pieceCount);
    let count = 0;
    for (let index = 0; index < pieceCount; index += 1) {
      const start = index * pieceLength;
      const end = start + pieceBytesOf(this.layout, index);
      let isHad = !bad.has(index);
      for (let { fileIndex } = this.segmentAt(start); isHad; fileIndex += 1) {
        const file = files[fileIndex];
        if (file === undefined || file.offset >= end) break;
        isHad = file.sizeBytes === 0 || padding.has(fileIndex) || !missing.has(fileIndex);
      }
      if (!isHad) continue;
      pieces.set(index);
      count += 1;
    }
    return count === 0 ? null : pieces;
  }
}
