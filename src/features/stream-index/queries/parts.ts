import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Rows written or taken away answer their stream, so that an import can tell what changed. */
const Touched = z.object({ streamId: z.int() });
type Answer = Promise<readonly z.infer<typeof Touched>[]>;

export type FileRow = {
  streamId: number;
  index: number;
  name: string;
  sizeBytes: number | null;
  contentType: string | null;
};

/** Adds the files of streams; a size that is not given stays. */
export function putFiles(db: Db, files: readonly FileRow[]): Answer {
  const values = files.map((f) => [f.streamId, f.index, f.name, f.sizeBytes, f.contentType]);
  return db.any(rows('streams.put_files', Touched)`
    INSERT INTO stream_file AS f (stream_id, file_index, name, size_bytes, content_type)
    SELECT g.stream_id, g.file_index, g.name, g.size_bytes, g.content_type
    FROM ${sql.unnest(values, ['int8', 'int4', 'text', 'int8', 'text'])} AS g(stream_id, file_index, name, size_bytes, content_type)
    ON CONFLICT (stream_id, file_index) DO UPDATE SET
      name = EXCLUDED.name, size_bytes = coalesce(EXCLUDED.size_bytes, f.size_bytes),
      content_type = coalesce(EXCLUDED.content_type, f.content_type)
      WHERE (f.name, f.size_bytes, f.content_type) IS DISTINCT FROM
        (EXCLUDED.name, coalesce(EXCLUDED.size_bytes, f.size_bytes), coalesce(EXCLUDED.content_type, f.content_type))
    RETURNING f.stream_id AS "streamId"
  `);
}

/** Makes the languages that are missing. */
export async function insertLanguages(
  db: Db,
  languages: readonly { code: string; iso6392: string; name: string }[],
): Promise<void> {
  const values = languages.map(({ code, iso6392, name }) => [code, iso6392, name]);
  await db.query(command('streams.insert_languages')`
    INSERT INTO language (code, iso639_2, name)
    SELECT g.code, g.iso639_2, g.name
    FROM ${sql.unnest(values, ['text', 'text', 'text'])} AS g(code, iso639_2, name)
    WHERE NOT EXISTS (SELECT 1 FROM language l WHERE l.code = g.code)
    ON CONFLICT DO NOTHING
  `);
}

export type LanguageRow = { streamId: number; language: string; kind: 'audio' | 'subtitle' };
const languageValues = (given: readonly LanguageRow[]) =>
  given.map(({ streamId, language, kind }) => [streamId, language, kind]);

/** Takes every other spoken language away from these streams. */
export function keepAudio(db: Db, streamIds: readonly number[], kept: readonly LanguageRow[]): Answer {
  return db.any(rows('streams.keep_audio', Touched)`
    DELETE FROM stream_language l
    WHERE l.stream_id = ANY(${sql.array(streamIds, 'int8')}) AND l.kind = 'audio'
      AND (l.stream_id, l.language, l.kind) NOT IN (SELECT * FROM ${sql.unnest(languageValues(kept), ['int8', 'text', 'text'])} AS g)
    RETURNING l.stream_id AS "streamId"
  `);
}

/** The same language may be spoken and written (C22). */
export function addLanguages(db: Db, given: readonly LanguageRow[]): Answer {
  return db.any(rows('streams.add_languages', Touched)`
    INSERT INTO stream_language (stream_id, language, kind)
    SELECT g.stream_id, g.language, g.kind
    FROM ${sql.unnest(languageValues(given), ['int8', 'text', 'text'])} AS g(stream_id, language, kind)
    ON CONFLICT DO NOTHING
    RETURNING stream_id AS "streamId"
  `);
}

export type SubtitleRow = {
  streamId: number;
  path: string;
  language: string | null;
  /** Which file of the stream it is; null: it lies elsewhere. */
  fileIndex: number | null;
  ofFileIndex: number | null;
};

/** Adds subtitle files; what is not given stays. */
export function putSubtitles(db: Db, subtitles: readonly SubtitleRow[]): Answer {
  const values = subtitles.map((u) => [u.streamId, u.path, u.language, u.fileIndex, u.ofFileIndex]);
  return db.any(rows('streams.put_subtitles', Touched)`
    INSERT INTO stream_subtitle AS s (stream_id, path, language, file_index, of_file_index)
    SELECT g.stream_id, g.path, g.language, g.file_index, g.of_file_index
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'int4', 'int4'])} AS g(stream_id, path, language, file_index, of_file_index)
    ON CONFLICT (stream_id, path) DO UPDATE SET language = coalesce(EXCLUDED.language, s.language),
      file_index = coalesce(EXCLUDED.file_index, s.file_index), of_file_index = coalesce(EXCLUDED.of_file_index, s.of_file_index)
      WHERE (s.language, s.file_index, s.of_file_index) IS DISTINCT FROM
        (coalesce(EXCLUDED.language, s.language), coalesce(EXCLUDED.file_index, s.file_index),
         coalesce(EXCLUDED.of_file_index, s.of_file_index))
    RETURNING s.stream_id AS "streamId"
  `);
}

/** `similarity` of the names, 0 to 1. */
export type FoundSubtitle = {
  streamId: number;
  path: string;
  language: string | null;
  encoding: string | null;
  similarity: number;
};

/** Adds subtitles that lie beside the file of a stream; what is known better stays. */
export async function putFoundSubtitles(db: Db, found: readonly FoundSubtitle[]): Promise<void> {
  const values = found.map((u) => [u.streamId, u.path, u.language, u.encoding, u.similarity]);
  await db.query(command('streams.put_found_subtitles')`
    INSERT INTO stream_subtitle AS s (stream_id, path, language, encoding, similarity)
    SELECT g.stream_id, g.path, l.code, g.encoding, g.similarity
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'text', 'float4'])} AS g(stream_id, path, language, encoding, similarity)
    LEFT JOIN language l ON l.code = g.language
    ON CONFLICT (stream_id, path) DO UPDATE SET language = coalesce(EXCLUDED.language, s.language),
      encoding = coalesce(EXCLUDED.encoding, s.encoding), similarity = EXCLUDED.similarity
  `);
}

/** Takes subtitles that lie elsewhere away from their streams. */
export async function dropSubtitles(
  db: Db,
  subtitles: readonly { streamId: number; path: string }[],
): Promise<void> {
  if (subtitles.length === 0) return;
  const values = subtitles.map(({ streamId, path }) => [streamId, path]);
  await db.query(command('streams.drop_subtitles')`
    DELETE FROM stream_subtitle s USING ${sql.unnest(values, ['int8', 'text'])} AS g(stream_id, path)
    WHERE s.stream_id = g.stream_id AND s.path = g.path
  `);
}

export type LinkRow = {
  streamId: number;
  mediaId: number;
  episodeId: number | null;
  fileIndex: number | null;
  isVerified: boolean;
  confidence: number;
  linkedBy: number | null;
};

/** Links streams to titles and episodes; a link that is there becomes verified or surer, never less (C5). File name and size are the file's. */
export function putLinks(db: Db, links: readonly LinkRow[]): Answer {
  const values = links.map((l) => [
    l.streamId,
    l.mediaId,
    l.episodeId,
    l.fileIndex,
    l.isVerified,
    l.confidence,
    l.linkedBy,
  ]);
  return db.any(rows('streams.put_links', Touched)`
    INSERT INTO stream_media_link AS l (stream_id, media_id, episode_id, file_index, file_name, size_bytes, is_verified, confidence, linked_by)
    SELECT g.stream_id, g.media_id, g.episode_id, g.file_index, f.name, f.size_bytes, g.is_verified, g.confidence, g.linked_by
    FROM ${sql.unnest(values, ['int8', 'int8', 'int8', 'int4', 'bool', 'float4', 'int8'])}
      AS g(stream_id, media_id, episode_id, file_index, is_verified, confidence, linked_by)
    LEFT JOIN stream_file f ON f.stream_id = g.stream_id AND f.file_index = g.file_index
    ON CONFLICT (stream_id, media_id, episode_id, file_index) DO UPDATE SET
      file_name = coalesce(EXCLUDED.file_name, l.file_name), size_bytes = coalesce(EXCLUDED.size_bytes, l.size_bytes),
      is_verified = l.is_verified OR EXCLUDED.is_verified, confidence = greatest(l.confidence, EXCLUDED.confidence)
      WHERE (l.file_name, l.size_bytes, l.is_verified, l.confidence) IS DISTINCT FROM
        (coalesce(EXCLUDED.file_name, l.file_name), coalesce(EXCLUDED.size_bytes, l.size_bytes),
         l.is_verified OR EXCLUDED.is_verified, greatest(l.confidence, EXCLUDED.confidence))
    RETURNING l.stream_id AS "streamId"
  `);
}

/** Takes every file away from a stream but these. */
export async function keepFiles(db: Db, streamId: number, indexes: readonly number[]): Promise<void> {
  await db.query(command('streams.keep_files')`
    DELETE FROM stream_file WHERE stream_id = ${streamId} AND NOT (file_index = ANY (${sql.array([...indexes], 'int4')}))
  `);
}

type Place = Pick<LinkRow, 'mediaId' | 'episodeId' | 'fileIndex'>;

/** Of each title or episode in `kept` the stream's links to other files go. */
export async function dropOtherLinks(db: Db, streamId: number, kept: readonly Place[]): Promise<void> {
  const values = kept.map(({ mediaId, episodeId, fileIndex }) => [mediaId, episodeId, fileIndex]);
  await db.query(command('streams.drop_other_links')`
    WITH kept AS (
      SELECT * FROM ${sql.unnest(values, ['int8', 'int8', 'int4'])} AS g(media_id, episode_id, file_index)
    )
    DELETE FROM stream_media_link l
    WHERE l.stream_id = ${streamId}
      AND EXISTS (SELECT FROM kept k WHERE k.media_id = l.media_id AND k.episode_id IS NOT DISTINCT FROM l.episode_id)
      AND NOT EXISTS (SELECT FROM kept k WHERE k.media_id = l.media_id AND k.episode_id IS NOT DISTINCT FROM l.episode_id
        AND k.file_index IS NOT DISTINCT FROM l.file_index)
  `);
}
