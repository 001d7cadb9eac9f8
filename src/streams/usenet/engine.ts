import type { ByteRange } from '../../kit/range.ts';
import type { ByteSink } from '../kind.ts';
import type { LearnedFile } from './articles/part.ts';
import type { Nzb } from './nzb/nzb.ts';
import type { ProviderState } from './providers/provider.ts';

/** What was learned of a release and need not be asked again: kept in Postgres, given back when it is opened. Survives JSON. */
export type Learned = {
  version: 1;
  /** By the NZB's own order; null: nothing of that file. */
  posted: readonly (({ name: string | null } & Partial<LearnedFile>) | null)[];
  /** The files viewers see, as they were found; null: not looked into yet. */
  files: readonly LearnedInner[] | null;
};

/** A file viewers see and where its bytes lie: extents are [posted file, offset, length, 1 where guessed]. Keys are never kept. */
export type LearnedInner = {
  path: string;
  sizeBytes: number;
  extents: readonly (readonly [number, number, number, 0 | 1])[];
  isEncrypted: boolean;
};

/** What opens a release. */
export type UsenetSpec = {
  /** The same for the same articles: a hash of the ordered message ids. */
  key: string;
  nzb: Nzb;
  /** Of archives; wins over the NZB's own. */
  password: string | null;
  learned: Learned | null;
};

export type ReleaseFile = { index: number; path: string; sizeBytes: number };

/** How a release is doing for its viewers right now. */
export type ReleaseState = {
  key: string;
  readers: number;
  bytesPerSecond: number;
  /** Articles that no provider had, of those asked for since it was opened. */
  missing: number;
};

export type OpenRelease = {
  readonly key: string;
  readonly files: readonly ReleaseFile[];
  /** Sends a half-open range of one file. Rejects in the middle where an article cannot be had: whoever reads must then be cut off. */
  read(fileIndex: number, range: ByteRange, sink: ByteSink, signal: AbortSignal): Promise<void>;
  state(): ReleaseState | null;
  /** One user less. Idempotent. */
  close(): void;
};

/** By STAT of a sample (criterion 45). */
export type ReleaseHealth = {
  /** Articles asked for, and of them those that were there. */
  asked: number;
  there: number;
  /** Share of the articles that were there, 0–1; parts that the NZB lacks count as not there. */
  completeness: number;
  verdict: 'complete' | 'damaged' | 'gone' | 'unknown';
};

/** What reads Usenet. One for the process. */
export type UsenetEngine = {
  /**
   * Resolves when the files inside are known. `load` is called only where the release is not open already: an NZB of 70,000 articles takes
   * a while to unseal and to hand over, and players open a film once a range. Throws AppError `usenet.refused` (415) for what cannot be played,
   * UpstreamFailed 404 for what is gone.
   */
  open(key: string, load: () => Promise<UsenetSpec>, signal: AbortSignal): Promise<OpenRelease>;
  health(spec: UsenetSpec, signal: AbortSignal): Promise<ReleaseHealth>;
  /** Of the last second. */
  providers(): readonly ProviderState[];
  state(key: string): ReleaseState | null;
  close(): Promise<void>;
};
