import type { ByteRange } from '../../../kit/range.ts';
import type { Learned, ReleaseFile, ReleaseState, UsenetSpec } from '../engine.ts';
import type { Provider, ProviderState } from '../providers/provider.ts';

/** What the thread is started with. */
export type ThreadData = {
  providers: readonly Provider[];
  outbound: { mode: 'all' | 'listed'; allow: readonly string[] };
  publicUrl: string | null;
  /** Articles in memory, of all viewers together. */
  memoryBytes: number;
  /** Articles on disk. */
  cache: { folder: string; maxBytes: number };
};

export type Ask =
  /** Answered with null where it is not open. */
  | { type: 'reopen'; key: string }
  | { type: 'open'; spec: UsenetSpec; ownPorts: readonly number[] }
  | { type: 'read'; key: string; fileIndex: number; range: ByteRange; fillsHoles: boolean }
  | { type: 'health'; spec: UsenetSpec; ownPorts: readonly number[] }
  | { type: 'close' };

export type Tell = { type: 'release'; key: string };

export type Told =
  /** Of every release that somebody reads, each second. */
  | { type: 'states'; states: readonly ReleaseState[] }
  /** Each second in which they changed. */
  | { type: 'providers'; providers: readonly ProviderState[] }
  /** It is worth keeping. */
  | { type: 'learned'; key: string; learned: Learned }
  /** Something of it is gone from every provider. */
  | { type: 'gone'; key: string }
  /** The owner should know. */
  | { type: 'warned'; text: string };

/** What `open` and `reopen` answer. */
export type Opened = { files: readonly ReleaseFile[] };
