import { z } from 'zod';
import { command, type Db, rows, sql } from '../platform/db.ts';
import type { LiveStream } from './live.ts';

/** One lease: whose (subject and address, both hashed) and of what, as a key. */
export type LeaseKeys = { key: string; subjectKey: string; ipKey: string };
/** Most running at once; 0 = as many as they like. */
export type StreamLimits = { perSubject: number; perIp: number };

const Taken = z.object({ wait: z.int() });

/** Takes or renews a lease under both limits, atomically over all instances. 0: held; else seconds until a counted one ends. */
export async function takeLease(
  db: Db,
  holder: string,
  { key, subjectKey, ipKey }: LeaseKeys,
  { perSubject, perIp }: StreamLimits,
  lifeSeconds: number,
): Promise<number> {
  const { wait } = await db.one(rows('play.take_lease', Taken)`
    SELECT take_stream_lease(${key}, ${holder}, ${subjectKey}, ${ipKey}, ${perSubject}, ${perIp}, ${lifeSeconds})
      AS wait
  `);
  return wait;
}

/** Prolongs leases, and makes again those that are lost (the table does not survive a crash of Postgres). */
export async function renewLeases(
  db: Db,
  holder: string,
  leases: readonly LeaseKeys[],
  lifeSeconds: number,
): Promise<void> {
  const columns = leases.map(({ key, subjectKey, ipKey }) => [key, subjectKey, ipKey]);
  await db.query(command('play.renew_leases')`
    INSERT INTO stream_lease AS l (key, holder, subject_key, ip_key, ends_at)
    SELECT w.key, ${holder}, w.subject_key, w.ip_key, clock_timestamp() + make_interval(secs => ${lifeSeconds})
    FROM ${sql.unnest(columns, ['text', 'text', 'text'])} AS w(key, subject_key, ip_key)
    ON CONFLICT (key, holder) DO UPDATE SET ends_at = excluded.ends_at
  `);
}

export async function dropLeases(db: Db, holder: string, keys: readonly string[]): Promise<void> {
  await db.query(command('play.drop_leases')`
    DELETE FROM stream_lease WHERE key = ANY (${sql.array([...keys], 'text')}) AND holder = ${holder}
  `);
}

const Deleted = z.object({ deleted: z.int() });

/** Deletes leases of viewers whose instance died, and the lists of such instances. Returns how many rows went. */
export async function forgetEndedStreams(db: Db): Promise<number> {
  const { deleted } = await db.one(rows('play.forget_ended', Deleted)`
    WITH leases AS (
      DELETE FROM stream_lease
      WHERE (key, holder) IN (
        SELECT key, holder FROM stream_lease
        WHERE ends_at < now() - interval '1 minute' LIMIT 10000 FOR UPDATE SKIP LOCKED
      )
      RETURNING 1
    ), lists AS (
      DELETE FROM live_list WHERE updated_at < now() - interval '1 minute' RETURNING 1
    )
    SELECT (SELECT count(*) FROM leases) + (SELECT count(*) FROM lists) AS deleted
  `);
  return deleted;
}

/** Shows the others what this instance sends; does nothing while it is the only one that listens to notices. */
export async function putLiveList(db: Db, instance: string, streams: readonly LiveStream[]): Promise<void> {
  await db.query(command('play.put_live_list')`
    INSERT INTO live_list (instance, streams, updated_at)
    SELECT ${instance}, ${JSON.stringify(streams)}::jsonb, clock_timestamp()
    WHERE (
      SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'tributary notify'
    ) > 1
    ON CONFLICT (instance) DO UPDATE SET streams = excluded.streams, updated_at = excluded.updated_at
  `);
}

export async function dropLiveList(db: Db, instance: string): Promise<void> {
  await db.query(command('play.drop_live_list')`DELETE FROM live_list WHERE instance = ${instance}`);
}

/** The lists of the other instances that are up: shown within the last `maxAgeSeconds`. */
export async function otherLiveLists(
  db: Db,
  instance: string,
  maxAgeSeconds: number,
): Promise<readonly unknown[]> {
  const found = await db.any(rows('play.live_lists', z.object({ streams: z.array(z.unknown()) }))`
    SELECT streams FROM live_list
    WHERE instance <> ${instance} AND updated_at > clock_timestamp() - make_interval(secs => ${maxAgeSeconds})
    ORDER BY instance LIMIT 100
  `);
  return found.flatMap(({ streams }) => streams);
}
