import type { Cipher } from '../archives/archive.ts';
import type { Guesses } from '../archives/guesses.ts';
import type { Padding } from '../articles/padding.ts';
import type { Layout } from '../articles/part.ts';
import type { SeekableFile } from '../articles/posted-file.ts';
import type { Learned } from '../engine.ts';

/** A file that viewers see, and how it is made of posted files. */
export type ReleaseEntry = {
  /** What it goes by, the same before and after the release was looked into: see `fileIndexes`. */
  index: number;
  path: string;
  sizeBytes: number;
  /** Of the stored bytes: of the cipher text where `cipher` is set. */
  layout: Layout;
  cipher: Cipher | null;
  /** Null: all of it is known. */
  guesses: Guesses | null;
  /** What may be made of bytes that cannot be had, over all its readings; null: of this file nothing. */
  padding: Padding | null;
};

/** A release whose files are known. */
export type Release = {
  readonly posted: readonly SeekableFile[];
  readonly files: readonly ReleaseEntry[];
  /** All that need not be asked again. */
  learned(): Learned;
  /** Something was learned since `learned` was asked. */
  hasNews(): boolean;
};
