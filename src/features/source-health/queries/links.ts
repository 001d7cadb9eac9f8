import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Unreachable for so long, a link is hidden; hidden for as long again, it may be deleted. */
const DAYS = 30;

/** Files of sources, in the tables of their kinds. */
const FILES = sql.fragment`(
      SELECT stream_id, source_id, file_path FROM stream_http UNION ALL
      SELECT stream_id, source_id, file_path FROM stream_ftp UNION ALL
      SELECT stream_id, source_id, file_path FROM stream_local)`;

const Sample = z.object({
  streamId: z.int(),
  kind: z.string(),
  name: z.string(),
  sizeBytes: z.int().nullable(),
  /** From the base of its source. */
  path: z.string(),
  /** It was not reached when it was looked at last. */
  wasFailing: z.boolean(),
});
export type LinkSample = z.infer<typeof Sample>;

/**
 * The file of a source to look at now: the next in the order of paths, so that all get their turn; every second time one that was not
 * reached before, once a day. Null: it has none.
 */
export function nextSample(db: Db, sourceId: number): Promise<LinkSample | null> {
  return db.maybeOne(rows('source_health.next_sample', Sample)`
    WITH health AS (
      SELECT source_id, sampled_path, random() < 0.5 AS is_again FROM source_health WHERE source_id = ${sourceId}
    ), failing AS (
      SELECT c.stream_id FROM health h, ${FILES} t JOIN source_link_check c ON c.stream_id = t.stream_id
      WHERE t.source_id = ${sourceId} AND h.is_again AND NOT c.is_with_source AND c.checked_at < now() - interval '1 day'
      ORDER BY c.checked_at LIMIT 1
    ), next AS (
      (SELECT t.stream_id, t.file_path FROM ${FILES} t, health h
        WHERE t.source_id = ${sourceId} AND t.file_path > coalesce(h.sampled_path, '') ORDER BY t.file_path LIMIT 1)
      UNION ALL
      (SELECT t.stream_id, t.file_path FROM ${FILES} t WHERE t.source_id = ${sourceId} ORDER BY t.file_path LIMIT 1)
      LIMIT 1
    ), turned AS (
      UPDATE source_health SET sampled_path = (SELECT file_path FROM next)
      WHERE source_id = ${sourceId} AND NOT EXISTS (SELECT FROM failing) AND EXISTS (SELECT FROM next)
    )
    SELECT s.id AS "streamId", s.kind, s.name, s.size_bytes AS "sizeBytes", t.file_path AS path,
      c.stream_id IS NOT NULL AS "wasFailing"
    FROM stream s JOIN ${FILES} t ON t.stream_id = s.id LEFT JOIN source_link_check c ON c.stream_id = s.id
    WHERE s.id = coalesce((SELECT stream_id FROM failing), (SELECT stream_id FROM next))
  `);
}

const Link = Sample.extend({ sourceId: z.int(), publicId: z.uuid(), baseUrl: z.string() });

/** A file that is offered, with its source; null: it is none of an active source, or was looked at within five minutes. */
export function linkOf(db: Db, streamId: number): Promise<z.infer<typeof Link> | null> {
  return db.maybeOne(rows('source_health.link_of', Link)`
    SELECT s.id AS "streamId", s.kind, s.name, s.size_bytes AS "sizeBytes", t.file_path AS path, c.stream_id IS NOT NULL AS "wasFailing",
      o.id AS "sourceId", o.public_id AS "publicId", o.base_url AS "baseUrl"
    FROM stream s JOIN ${FILES} t ON t.stream_id = s.id JOIN source o ON o.id = t.source_id
    LEFT JOIN source_link_check c ON c.stream_id = s.id
    WHERE s.id = ${streamId} AND s.state = 'active' AND o.is_active AND coalesce(c.checked_at < now() - interval '5 minutes', true)
  `);
}

/** A file was not reached; `isBroken`: it is gone, not only away. */
export async function noteFailing(
  db: Db,
  streamId: number,
  { isBroken, reason }: { isBroken: boolean; reason: string },
): Promise<void> {
  await db.query(command('source_health.note_failing')`
    INSERT INTO source_link_check AS c (stream_id, failing_since, broken_at, reason)
    VALUES (${streamId}, now(), CASE WHEN ${isBroken} THEN now() END, ${reason.slice(0, 300)})
    ON CONFLICT (stream_id) DO UPDATE SET checked_at = now(), reason = excluded.reason,
      broken_at = coalesce(c.broken_at, excluded.broken_at)
  `);
}

/** It is reached again. */
export async function forgetFailing(db: Db, streamId: number): Promise<void> {
  await db.query(command('source_health.forget_failing')`
    DELETE FROM source_link_check WHERE stream_id = ${streamId}
  `);
}

const StreamId = z.object({ streamId: z.int() });
const numbers = (found: readonly z.infer<typeof StreamId>[]) => found.map(({ streamId }) => streamId);

/** Files not reached for 30 days, by themselves; they are noted as hidden, `most` at a time. */
export async function hideLongFailing(db: Db, most: number): Promise<number[]> {
  const hidden = await db.any(rows('source_health.hide_failing', StreamId)`
    UPDATE source_link_check SET broken_at = now()
    WHERE stream_id IN (
      SELECT stream_id FROM source_link_check
      WHERE broken_at IS NULL AND failing_since < now() - make_interval(days => ${DAYS}) LIMIT ${most}
    )
    RETURNING stream_id AS "streamId"
  `);
  return numbers(hidden);
}

/** Files of sources that nobody reached for 30 days, noted as hidden with their source, `most` at a time. */
export async function hideWithSources(db: Db, most: number): Promise<number[]> {
  const hidden = await db.any(rows('source_health.hide_with_sources', StreamId)`
    INSERT INTO source_link_check AS c (stream_id, failing_since, broken_at, is_with_source, reason)
    SELECT t.stream_id, h.unreachable_since, now(), true, 'Its server was away for 30 days.'
    FROM source_health h JOIN ${FILES} t ON t.source_id = h.source_id
    LEFT JOIN source_link_check o ON o.stream_id = t.stream_id
    WHERE h.unreachable_since < now() - make_interval(days => ${DAYS}) AND o.broken_at IS NULL
    LIMIT ${most}
    ON CONFLICT (stream_id) DO UPDATE SET broken_at = now(), is_with_source = true
    RETURNING stream_id AS "streamId"
  `);
  return numbers(hidden);
}

/** Files that were hidden with a source that is reached again; they are noted no more, `most` at a time. */
export async function showWithSource(db: Db, sourceId: number, most: number): Promise<number[]> {
  const shown = await db.any(rows('source_health.show_with_source', StreamId)`
    DELETE FROM source_link_check WHERE stream_id IN (
      SELECT t.stream_id FROM ${FILES} t JOIN source_link_check c ON c.stream_id = t.stream_id
      WHERE t.source_id = ${sourceId} AND c.is_with_source LIMIT ${most}
    )
    RETURNING stream_id AS "streamId"
  `);
  return numbers(shown);
}

/** Files hidden for 30 days. */
export async function longHidden(db: Db, most: number): Promise<number[]> {
  const hidden = await db.any(rows('source_health.long_hidden', StreamId)`
    SELECT c.stream_id AS "streamId" FROM source_link_check c JOIN stream s ON s.id = c.stream_id AND s.state = 'broken'
    WHERE c.broken_at < now() - make_interval(days => ${DAYS}) LIMIT ${most}
  `);
  return numbers(hidden);
}
