import type { Db } from '../../platform/db.ts';
import {
  deactivateExpired,
  deleteOldPlayDays,
  deleteOldPlays,
  deleteOrphans,
  insertPlay,
} from './queries/plays.ts';

/** Rows one statement of an upkeep job touches, so that it never holds locks for long. */
const BATCH = 1000;
/** Statements of one run; the next run goes on. */
const MAX_BATCHES = 1000;

/** Counts a play; false when this subject was counted for the title within 4 hours. `subjectHash`: 32 bytes that say nothing of who it is. */
export function countPlay(
  db: Db,
  play: { subjectHash: Buffer; mediaId: number; streamId: number | null },
): Promise<boolean> {
  return insertPlay(db, play);
}

/** Switches off streams whose URL has expired (hourly). Answers how many. */
export function expireStreams(db: Db): Promise<number> {
  return inBatches(() => deactivateExpired(db, BATCH));
}

/** Deletes streams nothing links to, older than an hour (daily). Answers how many. */
export function dropOrphanStreams(db: Db): Promise<number> {
  return inBatches(() => deleteOrphans(db, BATCH));
}

/** Deletes plays older than the 4 hours in which they keep another from counting, and counts of days older than 14 (hourly). Answers how many. */
export async function forgetOldPlays(db: Db): Promise<number> {
  const plays = await inBatches(() => deleteOldPlays(db, BATCH));
  return plays + (await inBatches(() => deleteOldPlayDays(db, BATCH)));
}

async function inBatches(work: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const count = await work();
    total += count;
    if (count < BATCH) break;
  }
  return total;
}
