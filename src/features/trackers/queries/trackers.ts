import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Gives every tracker a row; in the order of their names, so that two callers cannot wait for each other. */
export async function insertTrackers(db: Db, urls: readonly string[]): Promise<void> {
  await db.query(command('trackers.insert')`
    INSERT INTO tracker (url)
    SELECT n.url FROM unnest(${sql.array(urls, 'text')}) AS n(url)
    WHERE NOT EXISTS (SELECT 1 FROM tracker t WHERE t.url = n.url)
    ORDER BY n.url
    ON CONFLICT DO NOTHING
  `);
}

/** Says which torrents announce to which trackers; `tier` is the place in the torrent's own list. */
export async function linkTrackers(
  db: Db,
  links: readonly { streamId: number; url: string; tier: number }[],
): Promise<void> {
  const values = links.map(({ streamId, url, tier }) => [streamId, url, tier]);
  await db.query(command('trackers.link')`
    INSERT INTO torrent_tracker AS tt (stream_id, tracker_id, tier)
    SELECT s.stream_id, t.id, g.tier
    FROM ${sql.unnest(values, ['int8', 'text', 'int4'])} AS g(stream_id, url, tier)
    JOIN stream_torrent s ON s.stream_id = g.stream_id
    JOIN tracker t ON t.url = g.url
    ORDER BY s.stream_id, t.id
    ON CONFLICT DO NOTHING
  `);
}

/** These torrents announce to no tracker of their own any more. */
export async function unlinkTrackers(db: Db, streamIds: readonly number[]): Promise<void> {
  await db.query(command('trackers.unlink')`
    DELETE FROM torrent_tracker WHERE stream_id = ANY (${sql.array([...streamIds], 'int8')})
  `);
}

export const Tracker = z.object({
  url: z.string(),
  status: z.enum(['working', 'failing', 'unknown']),
  /** 0–1; null before the first check. */
  successRate: z.number().nullable(),
  /** Checks and real announces that were answered, and those that were not. */
  successes: z.int(),
  failures: z.int(),
  /** A moving average: each answer counts three tenths. */
  latencyMs: z.int().nullable(),
  lastCheckAt: z.iso.datetime().nullable(),
  nextCheckAt: z.iso.datetime(),
  /** Why it fails, or is not checked. */
  reason: z.string().nullable(),
  /** Lists it stands on besides those of torrents and the owner's. */
  lists: z.array(z.enum(['builtin', 'remote'])),
});
export type Tracker = z.infer<typeof Tracker>;

/**
 * Every tracker, or those of `urls`; working ones first. A scan of the whole table on purpose: hundreds of rows, all of
 * them shown.
 */
export function allTrackers(
  db: Db,
  { limit, urls = null }: { limit: number; urls?: readonly string[] | null },
): Promise<readonly Tracker[]> {
  const only = urls === null ? null : sql.array(urls, 'text');
  return db.any(rows('trackers.all', Tracker)`
    SELECT t.url, t.status, t.success_rate AS "successRate", t.successes, t.failures, t.latency_ms AS "latencyMs",
      to_char(t.last_check_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "lastCheckAt",
      to_char(t.next_check_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "nextCheckAt",
      t.reason, t.lists
    FROM tracker t
    WHERE ${only}::text[] IS NULL OR t.url = ANY (${only}::text[])
    ORDER BY array_position(ARRAY['working', 'unknown', 'failing'], t.status), t.success_rate DESC NULLS LAST, t.url
    LIMIT ${limit}
  `);
}

/** Sets which trackers stand on a list: those of `urls`, and no others. They have their rows. */
export async function setList(db: Db, name: 'builtin' | 'remote', urls: readonly string[]): Promise<void> {
  const wanted = sql.array(urls, 'text');
  await db.query(command('trackers.leave_list')`
    UPDATE tracker SET lists = array_remove(lists, ${name})
    WHERE lists <> '{}' AND ${name} = ANY (lists) AND NOT url = ANY (${wanted})
  `);
  await db.query(command('trackers.join_list')`
    UPDATE tracker SET lists = array_append(lists, ${name}) WHERE url = ANY (${wanted}) AND NOT ${name} = ANY (lists)
  `);
}

export const RemoteList = z.object({
  url: z.string(),
  fetchedAt: z.iso.datetime().nullable(),
  trackerCount: z.int(),
  /** Why the last try brought nothing. */
  reason: z.string().nullable(),
});
export type RemoteList = z.infer<typeof RemoteList>;

export async function remoteList(db: Db): Promise<RemoteList | null> {
  return await db.maybeOne(rows('trackers.remote_list', RemoteList)`
    SELECT url, to_char(fetched_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "fetchedAt",
      tracker_count AS "trackerCount", reason
    FROM tracker_list WHERE name = 'remote'
  `);
}

/** True for the one caller who is to fetch the list now: it is another than before, or its time has come. */
export async function claimRemoteList(db: Db, url: string, leaseS: number): Promise<boolean> {
  const claimed = await db.maybeOne(rows('trackers.claim_list', z.object({ name: z.string() }))`
    INSERT INTO tracker_list AS l (name, url, next_fetch_at)
    VALUES ('remote', ${url}, now() + make_interval(secs => ${leaseS}))
    ON CONFLICT (name) DO UPDATE SET url = excluded.url, next_fetch_at = excluded.next_fetch_at
    WHERE l.url <> excluded.url OR l.next_fetch_at <= now()
    RETURNING l.name
  `);
  return claimed !== null;
}

/** Writes down how the fetch ended; `trackerCount` null keeps what was there. */
export async function settleRemoteList(
  db: Db,
  {
    url,
    trackerCount,
    reason,
    againS,
  }: {
    url: string;
    trackerCount: number | null;
    reason: string | null;
    againS: number;
  },
): Promise<void> {
  await db.query(command('trackers.settle_list')`
    UPDATE tracker_list SET next_fetch_at = now() + make_interval(secs => ${againS}), reason = ${reason}::text,
      fetched_at = CASE WHEN ${trackerCount}::int4 IS NULL THEN fetched_at ELSE now() END,
      tracker_count = coalesce(${trackerCount}::int4, tracker_count)
    WHERE name = 'remote' AND url = ${url}
  `);
}

export async function dropRemoteList(db: Db): Promise<void> {
  await db.query(command('trackers.drop_list')`DELETE FROM tracker_list WHERE name = 'remote'`);
}
