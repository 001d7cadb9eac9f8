import { z } from 'zod';
import { command, type Db, rows, sql, sqlState } from './db.ts';

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

type ValueKey = { space: string; key: string };

const SharedValue = z.object({ token: z.string(), value: z.string().nullable(), leftMs: z.number() });
export type SharedValue = z.infer<typeof SharedValue>;

/**
 * A shared value that lives; else the lease on it: whose `token` comes back with a null `value` has it for `leaseMs`.
 * `isWaiting` leaves word with whoever has it. A value that is there is only read.
 */
export async function readSharedValue(
  db: Db,
  {
    space,
    key,
    token,
    isWaiting,
    leaseMs,
  }: ValueKey & { token: string; isWaiting: boolean; leaseMs: number },
): Promise<SharedValue | null> {
  return await db.maybeOne(rows('platform.read_shared_value', SharedValue)`
    WITH known AS (
      SELECT v.token, v.value, v.ends_at FROM shared_value v
      WHERE v.space = ${space} AND v.key = ${key} AND v.value IS NOT NULL AND v.ends_at > now()
    ), taken AS (
      INSERT INTO shared_value AS v (space, key, token, ends_at)
      SELECT ${space}, ${key}, ${token}, now() + make_interval(secs => ${leaseMs / 1000})
      WHERE NOT EXISTS (SELECT FROM known)
      ON CONFLICT (space, key) DO UPDATE SET
        token = CASE WHEN v.ends_at <= now() THEN excluded.token ELSE v.token END,
        value = CASE WHEN v.ends_at <= now() THEN NULL ELSE v.value END,
        is_awaited = v.ends_at > now() AND (v.is_awaited OR ${isWaiting}),
        ends_at = CASE WHEN v.ends_at <= now() THEN excluded.ends_at ELSE v.ends_at END
      RETURNING v.token, v.value, v.ends_at
    )
    SELECT a.token, a.value, (extract(epoch FROM a.ends_at - now()) * 1000)::float8 AS "leftMs"
    FROM (SELECT * FROM known UNION ALL SELECT * FROM taken) a
    LIMIT 1
  `);
}

const Awaited = z.object({ isAwaited: z.boolean() });

/** Puts a value in the place of the lease, if that still holds; is somebody waiting? */
export async function storeSharedValue(
  db: Db,
  { space, key, token, value, lifeMs }: ValueKey & { token: string; value: string; lifeMs: number },
): Promise<boolean> {
  const stored = await db.maybeOne(rows('platform.store_shared_value', Awaited)`
    UPDATE shared_value SET value = ${value}, ends_at = now() + make_interval(secs => ${lifeMs / 1000})
    WHERE space = ${space} AND key = ${key} AND token = ${token} AND value IS NULL
    RETURNING is_awaited AS "isAwaited"
  `);
  return stored?.isAwaited ?? false;
}

/** Ends a lease without a value; `unlessAwaited`: only while nobody waits. Is somebody waiting? */
export async function endSharedLease(
  db: Db,
  { space, key, token, unlessAwaited }: ValueKey & { token: string; unlessAwaited: boolean },
): Promise<boolean> {
  const ended = await db.maybeOne(rows('platform.end_shared_lease', Awaited)`
    UPDATE shared_value SET ends_at = CASE WHEN is_awaited AND ${unlessAwaited} THEN ends_at ELSE '-infinity' END
    WHERE space = ${space} AND key = ${key} AND token = ${token} AND value IS NULL
    RETURNING is_awaited AS "isAwaited"
  `);
  return ended?.isAwaited ?? false;
}

/** Null: all of the space. */
export async function dropSharedValues(db: Db, space: string, keys: readonly string[] | null): Promise<void> {
  if (keys === null)
    await db.query(command('platform.drop_shared_space')`DELETE FROM shared_value WHERE space = ${space}`);
  else
    await db.query(command('platform.drop_shared_values')`
      DELETE FROM shared_value WHERE space = ${space} AND key = ANY (${sql.array([...keys], 'text')})
    `);
}

const Deleted = z.object({ deleted: z.int() });

/** Deletes shared values past their life, `most` at a time. Returns how many went. */
export async function deleteEndedValues(db: Db, most: number): Promise<number> {
  const { deleted } = await db.one(rows('platform.delete_ended_values', Deleted)`
    WITH gone AS (
      DELETE FROM shared_value
      WHERE (space, key) IN (
        SELECT space, key FROM shared_value
        WHERE ends_at < now() - interval '1 minute' LIMIT ${most} FOR UPDATE SKIP LOCKED
      )
      RETURNING 1
    )
    SELECT count(*) AS deleted FROM gone
  `);
  return deleted;
}

/** Tells every instance's cache that what it kept of titles and streams is old, as the triggers of migration 0005 do: for what no trigger sees. */
export async function tellTitlesChanged(db: Db): Promise<void> {
  await db.query(command('platform.tell_titles_changed')`
    SELECT pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}')
  `);
}
