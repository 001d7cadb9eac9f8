import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

const Listed = z.object({
  streamId: z.int(),
  kind: z.string(),
  name: z.string(),
  codec: z.string().nullable(),
  fileIndex: z.int().nullable(),
  fileName: z.string().nullable(),
  sizeBytes: z.int().nullable(),
});

/** The files of a stream that may be played, or (without any) the stream itself; none when it is blocked or switched off. */
export function playlistOf(
  db: Db,
  streamId: number,
  limit: number,
): Promise<readonly z.infer<typeof Listed>[]> {
  return db.any(rows('streams.playlist_of', Listed)`
    SELECT s.id AS "streamId", s.kind, s.name, s.codec, f.file_index AS "fileIndex", f.name AS "fileName",
      f.size_bytes AS "sizeBytes"
    FROM stream s LEFT JOIN stream_file f ON f.stream_id = s.id
    WHERE s.id = ${streamId} AND s.is_active AND NOT s.is_blocked
    ORDER BY f.file_index LIMIT ${limit}
  `);
}

const Linked = Listed.omit({ sizeBytes: true }).extend({
  linkId: z.int(),
  title: z.string(),
  year: z.int().nullable(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
});
export type LinkedFile = z.infer<typeof Linked>;

/** Everything of some kinds that a title offers, by links after `afterId`, at most `limit`. */
export function linkedPlaylist(
  db: Db,
  kinds: readonly string[],
  afterId: number,
  limit: number,
): Promise<readonly LinkedFile[]> {
  return db.any(rows('streams.linked_playlist', Linked)`
    SELECT l.id AS "linkId", s.id AS "streamId", s.kind, s.name, s.codec, l.file_index AS "fileIndex",
      l.file_name AS "fileName", m.title, m.year, se.number AS season, e.number AS episode
    FROM stream_media_link l
    JOIN stream s ON s.id = l.stream_id
    JOIN media m ON m.id = l.media_id
    LEFT JOIN episode e ON e.id = l.episode_id
    LEFT JOIN season se ON se.id = e.season_id
    WHERE l.id > ${afterId} AND s.kind = ANY(${sql.array(kinds, 'text')})
      AND s.is_active AND NOT s.is_blocked AND s.state = 'active'
    ORDER BY l.id LIMIT ${limit}
  `);
}

const Subtitle = z.object({
  id: z.int(),
  streamId: z.int(),
  path: z.string(),
  isInside: z.boolean(),
  ofFileIndex: z.int().nullable(),
});

/** The subtitles of some streams. */
export function playlistSubtitles(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof Subtitle>[]> {
  return db.any(rows('streams.playlist_subtitles', Subtitle)`
    SELECT u.id, u.stream_id AS "streamId", u.path, u.file_index IS NOT NULL AS "isInside",
      u.of_file_index AS "ofFileIndex"
    FROM stream_subtitle u WHERE u.stream_id = ANY(${sql.array(streamIds, 'int8')}) ORDER BY u.id
  `);
}
