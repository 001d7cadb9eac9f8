import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Writes down a play and answers a row when it counts: the same subject and title count once in 4 hours. Triggers add to the counters. */
export async function insertPlay(
  db: Db,
  play: { subjectHash: Buffer; mediaId: number; streamId: number | null },
): Promise<boolean> {
  const counted = await db.any(rows('streams.count_play', z.object({ mediaId: z.int() }))`
    INSERT INTO play_count AS p (subject_hash, media_id, stream_id)
    VALUES (${sql.binary(play.subjectHash)}, ${play.mediaId}, ${play.streamId}::int8)
    ON CONFLICT (subject_hash, media_id) DO UPDATE SET counted_at = now(), stream_id = EXCLUDED.stream_id
      WHERE p.counted_at < now() - interval '4 hours'
    RETURNING p.media_id AS "mediaId"
  `);
  return counted.length > 0;
}

/** At most `limit` plays that no longer keep another from counting. */
export async function deleteOldPlays(db: Db, limit: number): Promise<number> {
  const result = await db.query(command('streams.delete_old_plays')`
    DELETE FROM play_count WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM play_count WHERE counted_at < now() - interval '4 hours' ORDER BY counted_at LIMIT ${limit}))
  `);
  return result.rowCount;
}

/** At most `limit` counts of days that no catalogue looks at any more. */
export async function deleteOldPlayDays(db: Db, limit: number): Promise<number> {
  const result = await db.query(command('streams.delete_old_play_days')`
    DELETE FROM play_day WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM play_day WHERE day < (now() AT TIME ZONE 'UTC')::date - 14 ORDER BY day LIMIT ${limit}))
  `);
  return result.rowCount;
}

/** Switches off at most `limit` streams whose URL has expired. */
export async function deactivateExpired(db: Db, limit: number): Promise<number> {
  const result = await db.query(command('streams.deactivate_expired')`
    UPDATE stream SET is_active = false WHERE id = ANY (ARRAY(
      SELECT h.stream_id FROM stream_http h JOIN stream s ON s.id = h.stream_id AND s.is_active
      WHERE h.expires_at <= now() ORDER BY h.expires_at LIMIT ${limit}))
  `);
  return result.rowCount;
}

/**
 * Deletes at most `limit` streams nothing links to. A trigger deletes a stream with its last link, so these are
 * leftovers of a save that never came to its links. Reads all of `stream` once on purpose: a daily job.
 */
export async function deleteOrphans(db: Db, limit: number): Promise<number> {
  const result = await db.query(command('streams.delete_orphans')`
    DELETE FROM stream WHERE id = ANY (ARRAY(
      SELECT s.id FROM stream s
      WHERE s.created_at < now() - interval '1 hour'
        AND NOT EXISTS (SELECT 1 FROM stream_media_link l WHERE l.stream_id = s.id)
      LIMIT ${limit}))
  `);
  return result.rowCount;
}
