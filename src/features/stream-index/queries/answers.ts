import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import { StreamAnswer, StreamFileAnswer, StreamLink } from '../schemas.ts';

const StreamRow = StreamAnswer.omit({ links: true }).extend({ rowId: z.int() });
export type StreamRow = z.infer<typeof StreamRow>;

/** Everything the API shows of some streams but their links, in their order. */
export function streamRows(db: Db, streamIds: readonly number[]): Promise<readonly StreamRow[]> {
  return db.any(rows('streams.rows', StreamRow)`
    SELECT s.id AS "rowId", s.public_id AS "streamId", s.kind, s.name, s.size_bytes AS "sizeBytes", s.resolution, s.quality, s.codec,
      s.audio, s.channels, s.hdr_formats AS "hdrFormats", s.visual_tags AS "visualTags", s.release_group AS "releaseGroup", s.edition,
      s.part_number AS "partNumber",
      ARRAY(SELECT g.language FROM stream_language g WHERE g.stream_id = s.id AND g.kind = 'audio' ORDER BY g.language) AS languages,
      ARRAY(SELECT g.language FROM stream_language g WHERE g.stream_id = s.id AND g.kind = 'subtitle' ORDER BY g.language) AS "subtitleLanguages",
      coalesce((SELECT jsonb_agg(jsonb_build_object('url', CASE WHEN u.file_index IS NULL THEN u.path END,
          'language', u.language, 'fileIndex', u.file_index) ORDER BY u.id)
        FROM stream_subtitle u WHERE u.stream_id = s.id), '[]') AS subtitles,
      CASE WHEN li.code IS NOT NULL THEN jsonb_build_object('code', li.code, 'name', li.name, 'url', li.url, 'isOpen', li.is_open) END AS licence,
      s.attribution, s.licence_proof_url AS "licenceProofUrl", s.state, s.is_active AS "isActive", s.is_blocked AS "isBlocked",
      s.is_public AS "isPublic", s.score, s.playback_count AS "playbackCount",
      to_char(s.last_seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "lastSeenAt",
      to_char(s.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "createdAt",
      to_char(s.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "updatedAt"
    FROM stream s
    LEFT JOIN licence li ON li.code = s.licence_code
    WHERE s.id = ANY(${sql.array(streamIds, 'int8')})
    ORDER BY s.id
  `);
}

const LinkRow = StreamLink.extend({ rowId: z.int() });
export type AnswerLink = z.infer<typeof LinkRow>;

/** The links of some streams, to one title or (null) to all; at most `limit`. */
export function answerLinks(
  db: Db,
  streamIds: readonly number[],
  mediaId: number | null,
  limit: number,
): Promise<readonly AnswerLink[]> {
  const ofTitle = mediaId === null ? sql.fragment`` : sql.fragment`AND l.media_id = ${mediaId}`;
  return db.any(rows('streams.answer_links', LinkRow)`
    SELECT l.stream_id AS "rowId", m.public_id AS "mediaId", m.title, se.number AS season, e.number AS episode,
      l.file_index AS "fileIndex", l.file_name AS "fileName", l.is_verified AS "isVerified", l.confidence
    FROM stream_media_link l
    JOIN media m ON m.id = l.media_id
    LEFT JOIN episode e ON e.id = l.episode_id
    LEFT JOIN season se ON se.id = e.season_id
    WHERE l.stream_id = ANY(${sql.array(streamIds, 'int8')}) ${ofTitle}
    ORDER BY l.stream_id, m.id, se.number, e.number, l.file_index LIMIT ${limit}
  `);
}

/** The files of a stream, at most `limit`. */
export function filesOf(
  db: Db,
  streamId: number,
  limit: number,
): Promise<readonly z.infer<typeof StreamFileAnswer>[]> {
  return db.any(rows('streams.files_of', StreamFileAnswer)`
    SELECT f.file_index AS index, f.name, f.size_bytes AS size, f.content_type AS type
    FROM stream_file f WHERE f.stream_id = ${streamId} ORDER BY f.file_index LIMIT ${limit}
  `);
}

/** Row numbers of the streams linked to a title (or one of its episodes), after `afterId`. */
export async function streamIdsOfTitle(
  db: Db,
  place: { mediaId: number; episodeId: number | null },
  afterId: number,
  limit: number,
): Promise<readonly number[]> {
  const ofEpisode =
    place.episodeId === null ? sql.fragment`` : sql.fragment`AND l.episode_id = ${place.episodeId}`;
  const found = await db.any(rows('streams.ids_of_title', z.object({ rowId: z.int() }))`
    SELECT DISTINCT l.stream_id AS "rowId" FROM stream_media_link l
    WHERE l.media_id = ${place.mediaId} ${ofEpisode} AND l.stream_id > ${afterId}
    ORDER BY l.stream_id LIMIT ${limit}
  `);
  return found.map((row) => row.rowId);
}

const Playable = z.object({ isPlayable: z.boolean() });

/** May a link to this stream still be played? False: blocked, switched off, or gone. */
export async function isPlayable(db: Db, streamId: number): Promise<boolean> {
  const row = await db.maybeOne(rows('streams.is_playable', Playable)`
    SELECT s.is_active AND NOT s.is_blocked AS "isPlayable" FROM stream s WHERE s.id = ${streamId}
  `);
  return row?.isPlayable ?? false;
}
