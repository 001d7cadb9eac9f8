import { z } from 'zod';
import { type Db, rows, sqlState } from './db.ts';

const ServerFacts = z.object({
  version: z.string(),
  versionNumber: z.int(),
  encoding: z.string(),
  now: z.date(),
  hasTrigrams: z.boolean(),
});
export type ServerFacts = z.infer<typeof ServerFacts>;

/** What `npm run doctor` looks at. Under LC_CTYPE C pg_trgm finds no trigrams in letters beyond ASCII. */
export function serverFacts(db: Db): Promise<ServerFacts> {
  return db.one(rows('platform.server_facts', ServerFacts)`
    SELECT
      current_setting('server_version') AS version,
      current_setting('server_version_num')::integer AS "versionNumber",
      current_setting('server_encoding') AS encoding,
      clock_timestamp() AS now,
      cardinality(show_trgm('映画')) > 0 AS "hasTrigrams"
  `);
}

const TableSize = z.object({ table: z.string(), rows: z.int(), sizeBytes: z.int() });
export type TableSize = z.infer<typeof TableSize>;

/** Our tables, their rows as of the last ANALYZE (0 before the first) and their bytes with indexes and TOAST. */
export function tableSizes(db: Db): Promise<readonly TableSize[]> {
  return db.any(rows('platform.table_sizes', TableSize)`
    SELECT
      c.relname AS table,
      greatest(c.reltuples, 0)::bigint AS rows,
      pg_total_relation_size(c.oid) AS "sizeBytes"
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'm')
    ORDER BY c.relname
  `);
}

const JobCount = z.object({ job: z.string(), waiting: z.int(), running: z.int(), failed: z.int() });
export type JobCount = z.infer<typeof JobCount>;

/** Queued jobs by name; `failed`: given up after their last attempt. None before the queue's schema was made. */
export async function jobCounts(db: Db): Promise<readonly JobCount[]> {
  try {
    return await db.any(rows('platform.job_counts', JobCount)`
      SELECT
        j.task_identifier AS job,
        count(*) FILTER (WHERE j.locked_at IS NULL AND j.attempts < j.max_attempts) AS waiting,
        count(*) FILTER (WHERE j.locked_at IS NOT NULL) AS running,
        count(*) FILTER (WHERE j.locked_at IS NULL AND j.attempts >= j.max_attempts) AS failed
      FROM graphile_worker.jobs j
      GROUP BY j.task_identifier
    `);
  } catch (error) {
    // undefined_table, invalid_schema_name
    if (['42P01', '3F000'].includes(sqlState(error) ?? '')) return [];
    throw error;
  }
}
