import { z } from 'zod';
import { MediaFacts } from '../../kit/media-facts.ts';
import { command, type Db, rows, sql } from '../../platform/db.ts';

export const FileFacts = z.object({
  etag: z.string().nullable(),
  sizeBytes: z.int().nullable(),
  videoHash: z.string().nullable(),
  media: MediaFacts.nullable(),
  /** Code of the error that looking into it ended with. */
  failure: z.string().nullable(),
  /** Columns of the stream that were set from these facts. */
  setColumns: z.array(z.string()),
});
export type FileFacts = z.infer<typeof FileFacts>;

/** The facts of a stream's file, whatever it was when they were found. */
export async function storedFacts(
  db: Db,
  streamId: number,
  fileIndex: number | null,
): Promise<FileFacts | null> {
  return await db.maybeOne(rows('file_facts.stored', FileFacts)`
    SELECT f.etag, f.size_bytes AS "sizeBytes", f.video_hash AS "videoHash", f.media, f.failure, f.set_columns AS "setColumns"
    FROM file_facts f WHERE f.stream_id = ${streamId} AND f.file_index IS NOT DISTINCT FROM ${fileIndex}::int4
  `);
}

/** Writes what was found; a stream that went meanwhile is nobody's. */
export async function saveFacts(
  db: Db,
  { streamId, fileIndex, ...facts }: FileFacts & { streamId: number; fileIndex: number | null },
): Promise<void> {
  await db.query(command('file_facts.save')`
    INSERT INTO file_facts (stream_id, file_index, etag, size_bytes, video_hash, media, failure, set_columns)
    SELECT s.id, ${fileIndex}::int4, ${facts.etag}::text, ${facts.sizeBytes}::int8, ${facts.videoHash}::text,
      ${facts.media === null ? null : sql.jsonb(facts.media)}::jsonb, ${facts.failure}::text, ${sql.array(facts.setColumns, 'text')}
    FROM stream s WHERE s.id = ${streamId}
    ON CONFLICT (stream_id, file_index) DO UPDATE SET
      etag = EXCLUDED.etag, size_bytes = EXCLUDED.size_bytes, video_hash = EXCLUDED.video_hash, media = EXCLUDED.media,
      failure = EXCLUDED.failure, set_columns = EXCLUDED.set_columns, probed_at = now()
  `);
}

/** `failure` of a file of which the hash alone was taken: nobody looked into it. */
export const HASHED_ONLY = 'media.hashed_only';

const SourceId = z.object({ id: z.int() });

/** Sources whose files can be read just now. */
export async function sourcesOfFiles(db: Db): Promise<number[]> {
  const found = await db.any(rows('file_facts.sources', SourceId)`
    SELECT id FROM source WHERE is_active AND is_reachable ORDER BY priority, id LIMIT 500
  `);
  return found.map(({ id }) => id);
}

const Unhashed = z.object({ streamId: z.int(), kind: z.string() });
export type UnhashedFile = z.infer<typeof Unhashed>;

/** Files of a source that nobody took the hash of, newest first. */
export function unhashedFiles(db: Db, sourceId: number, limit: number): Promise<readonly UnhashedFile[]> {
  return db.any(rows('file_facts.unhashed', Unhashed)`
    SELECT s.id AS "streamId", s.kind FROM (
      SELECT stream_id FROM stream_http WHERE source_id = ${sourceId}
      UNION ALL SELECT stream_id FROM stream_ftp WHERE source_id = ${sourceId}
      UNION ALL SELECT stream_id FROM stream_local WHERE source_id = ${sourceId}
    ) t JOIN stream s ON s.id = t.stream_id
    WHERE s.state = 'active' AND s.is_active AND NOT s.is_blocked
      AND NOT EXISTS (SELECT FROM file_facts f WHERE f.stream_id = t.stream_id AND f.file_index IS NULL)
    ORDER BY t.stream_id DESC LIMIT ${limit}
  `);
}

export type FileHash = Pick<FileFacts, 'etag' | 'sizeBytes' | 'videoHash'> & { streamId: number };

/** Writes hashes of streams that are one file; what was looked into meanwhile is known better. */
export async function saveHashes(db: Db, hashes: readonly FileHash[]): Promise<void> {
  const values = hashes.map(({ streamId, etag, sizeBytes, videoHash }) => [
    streamId,
    etag,
    sizeBytes,
    videoHash,
  ]);
  await db.query(command('file_facts.save_hashes')`
    INSERT INTO file_facts (stream_id, etag, size_bytes, video_hash, failure)
    SELECT s.id, n.etag, n.size_bytes, n.video_hash, ${HASHED_ONLY}
    FROM ${sql.unnest(values, ['int8', 'text', 'int8', 'text'])} AS n(stream_id, etag, size_bytes, video_hash)
    JOIN stream s ON s.id = n.stream_id
    ON CONFLICT (stream_id, file_index) DO NOTHING
  `);
}

const Target = z.object({ kind: z.string(), fileIndex: z.int().nullable() });

/** The files of a stream that titles link to, first linked first, at most `limit`; none for a blocked stream. */
export function linkedFiles(
  db: Db,
  streamId: number,
  limit: number,
): Promise<readonly z.infer<typeof Target>[]> {
  return db.any(rows('file_facts.linked_files', Target)`
    SELECT s.kind, l.file_index AS "fileIndex" FROM stream_media_link l JOIN stream s ON s.id = l.stream_id
    WHERE l.stream_id = ${streamId} AND NOT s.is_blocked
    GROUP BY s.kind, l.file_index ORDER BY min(l.id) LIMIT ${limit}
  `);
}

const SubtitlePath = z.object({
  path: z.string(),
  language: z.string().nullable(),
  encoding: z.string().nullable(),
  /** It is this file of the stream itself. */
  fileIndex: z.int().nullable(),
  kind: z.string(),
});

/** Where a subtitle of a stream lies; null when it is not that stream's. */
export async function storedSubtitle(
  db: Db,
  streamId: number,
  subtitleId: number,
): Promise<z.infer<typeof SubtitlePath> | null> {
  return await db.maybeOne(rows('file_facts.subtitle', SubtitlePath)`
    SELECT u.path, u.language, u.encoding, u.file_index AS "fileIndex", s.kind
    FROM stream_subtitle u JOIN stream s ON s.id = u.stream_id
    WHERE u.id = ${subtitleId} AND u.stream_id = ${streamId}
  `);
}
