import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../platform/db.ts';
import { Report, type ReportQuery } from './schemas.ts';

export type ReportTarget = {
  mediaId: number | null;
  episodeId: number | null;
  streamId: number | null;
  tagId: number | null;
};
const Inserted = z.object({ id: z.int(), isNew: z.boolean() });

/** The report, or the one of the same by the same user that waits. */
export async function putReport(
  db: Db,
  report: ReportTarget & { reporterId: number; kind: string; description: string | null },
): Promise<z.infer<typeof Inserted>> {
  const { reporterId, mediaId, episodeId, streamId, tagId, kind, description } = report;
  return db.one(rows('reports.put', Inserted)`
    INSERT INTO content_report AS r (reporter_id, media_id, episode_id, stream_id, tag_id, kind, description)
    VALUES (${reporterId}, ${mediaId}, ${episodeId}, ${streamId}, ${tagId}, ${kind}, ${description})
    ON CONFLICT (reporter_id, media_id, episode_id, stream_id, tag_id, kind) WHERE state = 'pending'
      DO UPDATE SET description = coalesce(EXCLUDED.description, r.description)
    RETURNING id, xmax = 0 AS "isNew"
  `);
}

const Load = z.object({ pending: z.int(), today: z.int() });

/** Reports of a user that wait, and those of the last 24 hours. */
export function reportLoad(db: Db, userId: number): Promise<z.infer<typeof Load>> {
  return db.one(rows('reports.load', Load)`
    SELECT count(*) FILTER (WHERE state = 'pending') AS pending,
      count(*) FILTER (WHERE created_at > now() - interval '1 day') AS today
    FROM content_report WHERE reporter_id = ${userId}
  `);
}

const Known = z.object({ isKnown: z.boolean() });

/** Whether a user may know of a stream: it is shown to all, of a title that is; or their own. */
export async function isStreamKnownTo(db: Db, streamId: number, userId: number): Promise<boolean> {
  const { isKnown } = await db.one(rows('reports.knows_stream', Known)`
    SELECT EXISTS (
      SELECT FROM stream s JOIN stream_media_link l ON l.stream_id = s.id JOIN media m ON m.id = l.media_id
      WHERE s.id = ${streamId} AND (s.is_public OR s.owner_id = ${userId})
        AND ((m.is_published AND m.is_public) OR m.owner_id = ${userId})
    ) AS "isKnown"
  `);
  return isKnown;
}

/** Whose reports are told to whom: their own to users, all to moderators. */
export type Seer = { userId: number | null; isModerator: boolean };

const seenBy = ({ userId, isModerator }: Seer, mine: boolean) =>
  isModerator && !mine ? sql.fragment`true` : sql.fragment`r.reporter_id = ${userId}::bigint`;

const TARGETS = {
  title: sql.fragment`r.media_id IS NOT NULL`,
  episode: sql.fragment`r.episode_id IS NOT NULL`,
  stream: sql.fragment`r.stream_id IS NOT NULL`,
};

const columnsFor = ({ userId, isModerator }: Seer) => sql.fragment`
    SELECT r.public_id AS id, r.kind, r.state, r.description, r.note, ${isoTime('r', 'created_at')} AS "createdAt",
      ${isoTime('r', 'resolved_at')} AS "resolvedAt", coalesce(r.reporter_id = ${userId}::bigint, false) AS "isOwn",
      CASE WHEN ${isModerator} THEN coalesce(ru.username, ru.email) END AS reporter,
      CASE WHEN ${isModerator} THEN coalesce(vu.username, vu.email) END AS reviewer,
      CASE WHEN r.stream_id IS NOT NULL THEN 'stream' WHEN r.episode_id IS NOT NULL THEN 'episode' ELSE 'title' END AS target,
      CASE WHEN m.id IS NOT NULL THEN jsonb_build_object('id', m.public_id, 'title', m.title, 'year', m.year, 'posterUrl', m.poster_url) END AS title,
      se.number AS season, e.number AS episode,
      CASE WHEN s.id IS NOT NULL THEN jsonb_build_object('id', s.public_id, 'kind', s.kind, 'name', s.name, 'isHidden', s.is_blocked,
        'service', x.service, 'url', x.url) END AS stream,
      CASE WHEN t.id IS NOT NULL THEN jsonb_build_object('tag', t.tag, 'name', t.name) END AS tag
    FROM content_report r
    JOIN app_user ru ON ru.id = r.reporter_id
    LEFT JOIN app_user vu ON vu.id = r.reviewer_id
    LEFT JOIN stream s ON s.id = r.stream_id
    LEFT JOIN stream_external x ON x.stream_id = s.id
    LEFT JOIN LATERAL (
      SELECT l.media_id, l.episode_id FROM stream_media_link l JOIN media lm ON lm.id = l.media_id
      WHERE l.stream_id = r.stream_id AND (${isModerator} OR (lm.is_published AND lm.is_public) OR lm.owner_id = ${userId}::bigint)
      ORDER BY l.id LIMIT 1
    ) l ON true
    LEFT JOIN episode e ON e.id = coalesce(r.episode_id, l.episode_id)
    LEFT JOIN season se ON se.id = e.season_id
    LEFT JOIN media m ON m.id = coalesce(r.media_id, e.media_id, l.media_id)
    LEFT JOIN content_tag t ON t.id = r.tag_id`;

/** A page of reports, newest first. */
export function reportPage(
  db: Db,
  seer: Seer,
  { state, kind, target, mine, limit, cursor }: z.infer<typeof ReportQuery>,
): Promise<readonly z.infer<typeof Report>[]> {
  const after = sql.fragment`r.id < (SELECT c.id FROM content_report c WHERE c.public_id = ${cursor ?? null}::uuid)`;
  return db.any(rows('reports.page', Report)`
    ${columnsFor(seer)}
    WHERE ${seenBy(seer, mine === 'true')}
      AND ${state === undefined ? sql.fragment`true` : sql.fragment`r.state = ${state}`}
      AND ${kind === undefined ? sql.fragment`true` : sql.fragment`r.kind = ${kind}`}
      AND ${target === undefined ? sql.fragment`true` : TARGETS[target]}
      AND ${cursor === undefined ? sql.fragment`true` : after}
    ORDER BY r.id DESC LIMIT ${limit}
  `);
}

export function reportAnswer(db: Db, id: number, seer: Seer): Promise<z.infer<typeof Report>> {
  return db.one(rows('reports.answer', Report)`${columnsFor(seer)} WHERE r.id = ${id}`);
}

const Counts = z.object({ pending: z.int(), resolved: z.int(), dismissed: z.int() });

/** How many there are of each state; no further than a thousand. */
export function reportCounts(db: Db, seer: Seer, mine: boolean): Promise<z.infer<typeof Counts>> {
  const seen = seenBy(seer, mine);
  const countOf = (state: string) =>
    sql.fragment`(SELECT count(*) FROM (SELECT FROM content_report r WHERE r.state = ${state} AND ${seen} LIMIT 1000) n)`;
  return db.one(rows('reports.counts', Counts)`
    SELECT ${countOf('pending')} AS pending, ${countOf('resolved')} AS resolved, ${countOf('dismissed')} AS dismissed
  `);
}

const Locked = z.object({
  ...{ id: z.int(), reporterId: z.int(), state: z.string(), kind: z.string() },
  ...{ mediaId: z.int().nullable(), episodeId: z.int().nullable(), streamId: z.int().nullable() },
  /** Of the episode, where that is what was reported. */
  episodeMediaId: z.int().nullable(),
});
export type LockedReport = z.infer<typeof Locked>;

/** A report, locked until the transaction ends. */
export function lockReport(db: Db, publicId: string): Promise<LockedReport | null> {
  return db.maybeOne(rows('reports.lock', Locked)`
    SELECT r.id, r.reporter_id AS "reporterId", r.state, r.kind, r.media_id AS "mediaId", r.episode_id AS "episodeId",
      r.stream_id AS "streamId", (SELECT e.media_id FROM episode e WHERE e.id = r.episode_id) AS "episodeMediaId"
    FROM content_report r WHERE r.public_id = ${publicId}::uuid FOR UPDATE
  `);
}

export async function decideReport(
  db: Db,
  id: number,
  decision: { state: string; note: string | null; reviewerId: number | null },
): Promise<void> {
  await db.query(command('reports.decide')`
    UPDATE content_report SET state = ${decision.state}, note = ${decision.note}, reviewer_id = ${decision.reviewerId}, resolved_at = now()
    WHERE id = ${id}
  `);
}

export async function deleteReport(db: Db, id: number): Promise<void> {
  await db.query(command('reports.delete')`DELETE FROM content_report WHERE id = ${id}`);
}
