import type { SlabBuffer } from '../../slab-memory.ts';
import type { Lane } from '../providers/articles-of.ts';

/** Bytes of a range in order, as they lie in shared memory; `release` once they have been sent. */
export type Part = { buffer: SlabBuffer; from: number; to: number; release(): void };

/** Where consecutive bytes of a file lie: in which posted file, at which of its offsets. */
export type Stretch = { volume: number; offset: number; length: number };

/** How a file that viewers see is made of posted files: one stretch for a plain post, one a volume for a stored archive. */
export type Layout = {
  readonly sizeBytes: number;
  /** The stretch that begins with the byte at `offset`. Checked: where a volume's header was only guessed so far it is read first. */
  locate(offset: number, signal: AbortSignal): Stretch | Promise<Stretch>;
  /** The same without waiting; good enough to read ahead. */
  guess(offset: number): Stretch;
};

/** What was learned of one posted file and need not be asked again. Survives JSON. */
export type LearnedFile = {
  sizeBytes: number;
  /** Decoded bytes of each part but the last, where all are alike; null: they differ. */
  partBytes: number | null;
  /** Where parts that were fetched begin: pairs of index and offset, only where `partBytes` is null. */
  anchors: readonly (readonly [number, number])[];
};

/** One posted file, read at offsets. */
export type PostedFile = {
  /** By yEnc, once an article of it is here; by the NZB before. */
  readonly name: string;
  /** Null until the first article, or what was learned, told it. */
  readonly sizeBytes: number | null;
  /** Fetches the first article where the size is not known. */
  open(signal: AbortSignal): Promise<{ name: string; sizeBytes: number }>;
  /** Few bytes for a header: of at most two articles, cut at the end of the file. Without a lane somebody waits for them. */
  read(offset: number, length: number, signal: AbortSignal, lane?: Lane): Promise<Buffer>;
  /** What is known by now; null: nothing. */
  learned(): LearnedFile | null;
};
