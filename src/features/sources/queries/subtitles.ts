import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { type FilesOf, tableOf } from './files.ts';

const SourceId = z.object({ sourceId: z.int() });

/** Sources that have new subtitles, and no videos that wait to become streams. */
export async function sourcesWithSubtitles(db: Db, limit: number): Promise<number[]> {
  const found = await db.any(rows('sources.with_subtitles', SourceId)`
    SELECT c.id AS "sourceId" FROM source c
    WHERE EXISTS (SELECT 1 FROM scan_subtitle u WHERE u.source_id = c.id AND u.state = 'pending')
      AND NOT EXISTS (SELECT 1 FROM scan_item i WHERE i.source_id = c.id AND i.state IN ('held', 'pending', 'processing'))
    ORDER BY c.id LIMIT ${limit}
  `);
  return found.map(({ sourceId }) => sourceId);
}

const Waiting = z.object({ id: z.int(), path: z.string(), name: z.string() });

/** Subtitles of a source that wait for their stream. */
export function waitingSubtitles(
  db: Db,
  sourceId: number,
  limit: number,
): Promise<readonly z.infer<typeof Waiting>[]> {
  return db.any(rows('sources.waiting_subtitles', Waiting)`
    SELECT u.id, u.file_path AS path, u.name FROM scan_subtitle u
    WHERE u.source_id = ${sourceId} AND u.state = 'pending' ORDER BY u.id LIMIT ${limit}
  `);
}

const Video = z.object({ streamId: z.int(), path: z.string() });

/** Streams of a source whose files lie in these folders (of the path as it is stored; `''` the base). */
export function videosIn(
  db: Db,
  source: FilesOf,
  folders: readonly string[],
): Promise<readonly z.infer<typeof Video>[]> {
  return db.any(rows('sources.videos_in', Video)`
    SELECT h.stream_id AS "streamId", h.file_path AS path FROM ${tableOf(source)} h
    WHERE h.source_id = ${source.id} AND regexp_replace(h.file_path, '/?[^/]*$', '') = ANY (${sql.array(folders, 'text')})
    ORDER BY h.stream_id
  `);
}

/** What came of subtitles: the stream each was linked to, or (null) that it fits none. */
export async function endSubtitles(
  db: Db,
  ends: readonly { id: number; streamId: number | null }[],
): Promise<void> {
  const values = ends.map(({ id, streamId }) => [id, streamId]);
  await db.query(command('sources.end_subtitles')`
    UPDATE scan_subtitle u SET stream_id = g.stream_id, state = CASE WHEN g.stream_id IS NULL THEN 'unmatched' ELSE 'linked' END
    FROM ${sql.unnest(values, ['int8', 'int8'])} AS g(id, stream_id)
    WHERE u.id = g.id
  `);
}

/** A file that came later may be what they belong to. */
export async function reviveSubtitles(db: Db, sourceIds: readonly number[]): Promise<void> {
  await db.query(command('sources.revive_subtitles')`
    UPDATE scan_subtitle SET state = 'pending' WHERE source_id = ANY (${sql.array(sourceIds, 'int8')}) AND state = 'unmatched'
  `);
}
