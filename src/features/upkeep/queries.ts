import { z } from 'zod';
import { type Db, rows, sqlState } from '../../platform/db.ts';

const Deleted = z.object({ deleted: z.int() });

/** Deletes windows of rate limits that ended before this moment (epoch ms), `most` at a time. Returns how many went. */
export async function deleteEndedLimits(db: Db, beforeMs: number, most: number): Promise<number> {
  const { deleted } = await db.one(rows('upkeep.delete_ended_limits', Deleted)`
    WITH gone AS (
      DELETE FROM rate_limit
      WHERE key IN (SELECT key FROM rate_limit WHERE expire < ${beforeMs} LIMIT ${most})
      RETURNING 1
    )
    SELECT count(*) AS deleted FROM gone
  `);
  return deleted;
}

/** Deletes jobs that were given up `days` ago. Returns how many went; 0 where no job ever ran. */
export async function deleteFailedJobs(db: Db, days: number): Promise<number> {
  try {
    const { deleted } = await db.one(rows('upkeep.delete_failed_jobs', Deleted)`
      SELECT count(*) AS deleted
      FROM graphile_worker.complete_jobs(ARRAY(
        SELECT id FROM graphile_worker.jobs
        WHERE attempts >= max_attempts AND locked_at IS NULL AND updated_at < now() - make_interval(days => ${days})
        LIMIT 10000
      ))
    `);
    return deleted;
  } catch (error) {
    // undefined_table, invalid_schema_name, undefined_function
    if (['42P01', '3F000', '42883'].includes(sqlState(error) ?? '')) return 0;
    throw error;
  }
}
