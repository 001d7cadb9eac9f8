import type { Cipher } from '../archives/archive.ts';
import type { Layout, PostedFile } from '../articles/part.ts';
import type { Learned } from '../engine.ts';

/** A file that viewers see, and how it is made of posted files. */
export type ReleaseEntry = {
  path: string;
  sizeBytes: number;
  /** Of the stored bytes: of the cipher text where `cipher` is set. */
  layout: Layout;
  cipher: Cipher | null;
};

/** A release whose files are known. */
export type Release = {
  readonly posted: readonly PostedFile[];
  readonly files: readonly ReleaseEntry[];
  /** All that need not be asked again. */
  learned(): Learned;
  /** Something was learned since `learned` was asked. */
  hasNews(): boolean;
};
