import type { Db } from '../platform/db.ts';
import type { SourcePlace } from './kind.ts';

/** What `save` is given of a stream. */
export type SavedDetail = { streamId: number; detail: unknown; place?: SourcePlace | undefined };

/** What a kind can do for imports of thousands. Absent: one after the other. */
export type ManyAtOnce = {
  /** `find` of many, in their order. */
  findAll?(db: Db, details: readonly unknown[]): Promise<readonly (number | null)[]>;
  /** `save` of many, each stream once. */
  saveAll?(db: Db, saved: readonly SavedDetail[]): Promise<void>;
};
