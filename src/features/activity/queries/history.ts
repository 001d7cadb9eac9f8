import { z } from 'zod';
import { command, type Db, type Fragment, isoTime, rows, sql } from '../../../platform/db.ts';
import { HistoryEntry, ListedTitle, type Origin } from '../schemas.ts';
import { ofAccount, TITLE } from './titles.ts';

/** What is played: a film, or an episode of a series. */
export type Played = { mediaId: number; episodeId: number | null };
/** Where a page ended, in microseconds since 1970 as the database counts, and the row there. */
export type Place = { micros: number; id: number };

const EntryRow = HistoryEntry.omit({ progressPercent: true, isWatched: true }).extend({
  ...{ rowId: z.int(), micros: z.int(), title: ListedTitle },
});
export type EntryRow = z.infer<typeof EntryRow>;

const ENTRY = sql.fragment`h.id AS "rowId", (extract(epoch FROM h.played_at) * 1000000)::bigint AS micros, h.public_id AS "entryId",
  ${TITLE} AS title, se.number AS season, e.number AS episode, e.title AS "episodeTitle", ${isoTime('h', 'played_at')} AS "playedAt",
  h.progress_seconds AS "progressSeconds", h.duration_seconds AS "durationSeconds", h.is_completed AS "isCompleted", h.origin, h.source, h.context`;
const JOINS = sql.fragment`JOIN media m ON m.id = h.media_id
  LEFT JOIN episode e ON e.id = h.episode_id LEFT JOIN season se ON se.id = e.season_id`;

/** One writer of a profile's history at a time, until the transaction ends. */
export async function lockHistory(db: Db, profileId: number): Promise<void> {
  await db.query(
    command('activity.lock')`SELECT pg_advisory_xact_lock(hashtext('activity'), ${profileId}::integer)`,
  );
}

/** Newest first. Titles the account may not see any more are left out. */
export function historyPage(
  db: Db,
  of: { profileId: number; userId: number; after: Place | null; limit: number },
): Promise<readonly EntryRow[]> {
  const past: Fragment =
    of.after === null
      ? sql.fragment``
      : sql.fragment`AND (h.played_at, h.id) < ('epoch'::timestamptz + ${of.after.micros}::bigint * interval '1 microsecond', ${of.after.id}::bigint)`;
  return db.any(rows('activity.history', EntryRow)`
    SELECT ${ENTRY} FROM watch_history h ${JOINS}
    WHERE h.profile_id = ${of.profileId} ${past} AND ${ofAccount(of.userId)}
    ORDER BY h.played_at DESC, h.id DESC LIMIT ${of.limit}
  `);
}

/** Plays of the last time that are looked at for what goes on. */
const LOOKED_AT = 500;

/** Of each title what was begun last and not ended, unless its end was seen since. */
export function continued(
  db: Db,
  of: { profileId: number; userId: number; limit: number },
): Promise<readonly EntryRow[]> {
  return db.any(rows('activity.continued', EntryRow)`
    SELECT ${ENTRY} FROM (
      SELECT DISTINCT ON (r.media_id) r.* FROM (
        SELECT * FROM watch_history p WHERE p.profile_id = ${of.profileId} ORDER BY p.played_at DESC, p.id DESC LIMIT ${LOOKED_AT}
      ) r
      WHERE NOT r.is_completed AND NOT EXISTS (
        SELECT FROM watch_history c WHERE c.profile_id = r.profile_id AND c.media_id = r.media_id AND c.is_completed
          AND c.episode_id IS NOT DISTINCT FROM r.episode_id AND (c.played_at, c.id) > (r.played_at, r.id))
      ORDER BY r.media_id, r.played_at DESC, r.id DESC
    ) h ${JOINS}
    WHERE ${ofAccount(of.userId)}
    ORDER BY h.played_at DESC, h.id DESC LIMIT ${of.limit}
  `);
}

/** The last titles, each once, by its newest play. */
export function recentlyWatched(
  db: Db,
  of: { profileId: number; userId: number; limit: number },
): Promise<readonly EntryRow[]> {
  return db.any(rows('activity.recently_watched', EntryRow)`
    SELECT ${ENTRY} FROM (
      SELECT DISTINCT ON (r.media_id) r.* FROM (
        SELECT * FROM watch_history p WHERE p.profile_id = ${of.profileId} ORDER BY p.played_at DESC, p.id DESC LIMIT ${LOOKED_AT}
      ) r ORDER BY r.media_id, r.played_at DESC, r.id DESC
    ) h ${JOINS}
    WHERE ${ofAccount(of.userId)}
    ORDER BY h.played_at DESC, h.id DESC LIMIT ${of.limit}
  `);
}

export async function entryOf(db: Db, profileId: number, rowId: number): Promise<EntryRow | null> {
  return db.maybeOne(rows('activity.entry', EntryRow)`
    SELECT ${ENTRY} FROM watch_history h ${JOINS} WHERE h.id = ${rowId} AND h.profile_id = ${profileId}
  `);
}

const RowId = z.object({ rowId: z.int() });

/** One row for a play, with the stream where it is known and still there; null: the title is gone. */
export async function insertEntry(
  db: Db,
  entry: Played & {
    profileId: number;
    streamId: number | null;
    /** ISO time; null: now. */
    playedAt: string | null;
    progressSeconds: number | null;
    durationSeconds: number | null;
    isCompleted: boolean;
    origin: Origin;
    source: string | null;
    context: string | null;
    pauses: number;
    rewinds: number;
  },
): Promise<number | null> {
  const made = await db.maybeOne(rows('activity.insert', RowId)`
    INSERT INTO watch_history (profile_id, media_id, episode_id, stream_id, played_at, progress_seconds, duration_seconds,
      is_completed, origin, source, context, pauses, rewinds)
    SELECT p.id, m.id, (SELECT e.id FROM episode e WHERE e.id = ${entry.episodeId}::bigint AND e.media_id = m.id),
      (SELECT s.id FROM stream s WHERE s.id = ${entry.streamId}::bigint), coalesce(${entry.playedAt}::timestamptz, now()),
      ${entry.progressSeconds}::integer, ${entry.durationSeconds}::integer, ${entry.isCompleted}::boolean, ${entry.origin}::text,
      ${entry.source}::text, ${entry.context}::text, ${entry.pauses}::integer, ${entry.rewinds}::integer
    FROM media m JOIN profile p ON p.id = ${entry.profileId}
    WHERE m.id = ${entry.mediaId}
    RETURNING id AS "rowId"
  `);
  return made?.rowId ?? null;
}

/** The newest play of this that was not ended. */
export function openEntry(
  db: Db,
  { profileId, mediaId, episodeId }: Played & { profileId: number },
): Promise<{ rowId: number; durationSeconds: number | null } | null> {
  return db.maybeOne(rows('activity.open', RowId.extend({ durationSeconds: z.int().nullable() }))`
    SELECT h.id AS "rowId", h.duration_seconds AS "durationSeconds" FROM watch_history h
    WHERE h.profile_id = ${profileId} AND h.media_id = ${mediaId} AND h.episode_id IS NOT DISTINCT FROM ${episodeId}::bigint
      AND NOT h.is_completed
    ORDER BY h.played_at DESC, h.id DESC LIMIT 1
  `);
}

export type Progress = {
  progressSeconds: number;
  durationSeconds: number | null;
  isCompleted: boolean;
  source: string | null;
  context: string | null;
  /** Null: as before. */
  pauses: number | null;
  rewinds: number | null;
};

/** How far that play is; it becomes the newest one. */
export async function trackEntry(db: Db, rowId: number, now: Progress): Promise<void> {
  await db.query(command('activity.track')`
    UPDATE watch_history SET played_at = now(), progress_seconds = ${now.progressSeconds}, duration_seconds = ${now.durationSeconds}::integer,
      is_completed = ${now.isCompleted},
      source = coalesce(${now.source}, source), context = coalesce(${now.context}, context),
      pauses = coalesce(${now.pauses}::integer, pauses), rewinds = coalesce(${now.rewinds}::integer, rewinds)
    WHERE id = ${rowId}
  `);
}

/** Whether a play of this is written down that began within four hours, by whatever but by hand. */
export async function isPlayedLately(
  db: Db,
  { profileId, mediaId, episodeId }: Played & { profileId: number },
): Promise<boolean> {
  const { played } = await db.one(rows('activity.played_lately', z.object({ played: z.boolean() }))`
    SELECT EXISTS (SELECT FROM watch_history h
      WHERE h.profile_id = ${profileId} AND h.media_id = ${mediaId} AND h.episode_id IS NOT DISTINCT FROM ${episodeId}::bigint
        AND h.origin IN ('play', 'stream', 'track') AND h.played_at > now() - interval '4 hours') AS played
  `);
  return played;
}

/** A profile keeps this many plays; older ones go as new ones come. */
const MOST_ENTRIES = 20_000;
const DROPPED_AT_ONCE = 100;

export async function dropOldEntries(db: Db, profileId: number): Promise<void> {
  await db.query(command('activity.drop_old')`
    DELETE FROM watch_history WHERE id = ANY (ARRAY(
      SELECT h.id FROM watch_history h WHERE h.profile_id = ${profileId}
      ORDER BY h.played_at DESC, h.id DESC OFFSET ${MOST_ENTRIES} LIMIT ${DROPPED_AT_ONCE}))
  `);
}

export async function deleteEntry(db: Db, profileId: number, entryId: string): Promise<boolean> {
  const result = await db.query(command('activity.delete')`
    DELETE FROM watch_history WHERE public_id = ${entryId}::uuid AND profile_id = ${profileId}
  `);
  return result.rowCount > 0;
}

export async function deleteHistory(db: Db, profileId: number): Promise<void> {
  await db.query(command('activity.delete_all')`DELETE FROM watch_history WHERE profile_id = ${profileId}`);
}
