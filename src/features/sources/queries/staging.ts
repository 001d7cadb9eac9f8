import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { type FilesOf, tableOf } from './files.ts';

/** A video as a scan found it. */
export type StagedVideo = {
  path: string;
  name: string;
  sizeBytes: number | null;
  /** ISO 8601. */
  modifiedAt: string | null;
  isExtra: boolean;
};
export type StagedSubtitle = { path: string; folder: string; name: string };
type Batch = { source: FilesOf; batchId: string };

const Staged = z.object({ inserted: z.int(), extras: z.int() });

/**
 * Stages the videos that are neither a stream of this source nor staged already (C24); answers how many, and how many of these are extras.
 * `isHeld`: they wait for the end of the scan, which may find that they are known ones that moved. As JSON, which is one text: arrays of columns
 * are put together from some six pieces a value.
 */
export async function stageVideos(
  db: Db,
  { source, batchId, isHeld }: Batch & { isHeld: boolean },
  videos: readonly StagedVideo[],
): Promise<z.infer<typeof Staged>> {
  if (videos.length === 0) return { inserted: 0, extras: 0 };
  return await db.one(rows('sources.stage_videos', Staged)`
    WITH added AS (
      INSERT INTO scan_item (source_id, batch_id, file_path, name, size_bytes, newest_at, state)
      SELECT ${source.id}, ${batchId}::uuid, g.path, g.name, g."sizeBytes", least(coalesce(g."modifiedAt", now()), now()),
        CASE WHEN g."isExtra" THEN 'extra' WHEN ${isHeld} THEN 'held' ELSE 'pending' END
      FROM json_to_recordset(${JSON.stringify(videos)}::json)
        AS g(path text, name text, "sizeBytes" bigint, "modifiedAt" timestamptz, "isExtra" boolean)
      WHERE NOT EXISTS (SELECT 1 FROM ${tableOf(source)} h WHERE h.source_id = ${source.id} AND h.file_path = g.path)
      ON CONFLICT (source_id, file_path) DO NOTHING
      RETURNING state
    )
    SELECT (count(*) FILTER (WHERE state <> 'extra'))::integer AS inserted, (count(*) FILTER (WHERE state = 'extra'))::integer AS extras
    FROM added
  `);
}

/** Stages the subtitles that are new; answers how many. */
export async function stageSubtitles(
  db: Db,
  { source, batchId }: Batch,
  subtitles: readonly StagedSubtitle[],
): Promise<number> {
  if (subtitles.length === 0) return 0;
  const values = subtitles.map((s) => [s.path, s.folder, s.name]);
  const { rowCount } = await db.query(command('sources.stage_subtitles')`
    INSERT INTO scan_subtitle (source_id, batch_id, file_path, folder, name)
    SELECT ${source.id}, ${batchId}::uuid, g.path, g.folder, g.name
    FROM ${sql.unnest(values, ['text', 'text', 'text'])} AS g(path, folder, name)
    ON CONFLICT (source_id, file_path) DO NOTHING
  `);
  return rowCount;
}

/** Files of a source that are staged, matched or not yet: so many at most are counted. */
export async function countStaged(db: Db, sourceId: number, most: number): Promise<number> {
  const { count } = await db.one(rows('sources.count_staged', z.object({ count: z.int() }))`
    SELECT count(*)::integer AS count FROM (
      (SELECT 1 FROM scan_item i WHERE i.source_id = ${sourceId} LIMIT ${most})
      UNION ALL (SELECT 1 FROM scan_subtitle t WHERE t.source_id = ${sourceId} AND t.state <> 'linked' LIMIT ${most})
      LIMIT ${most}) s
  `);
  return count;
}

/** These paths were there. */
export async function noteSeenPaths(db: Db, sourceId: number, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await db.query(command('sources.note_seen')`
    INSERT INTO scan_seen (source_id, path_hash)
    SELECT ${sourceId}, hashtextextended(g.path, 0) FROM json_array_elements_text(${JSON.stringify(paths)}::json) AS g(path)
    ON CONFLICT DO NOTHING
  `);
}

/** What came of a walk that was whole: `h` is not among what it saw, and lies in no folder that could not be read. */
const isGone = (sourceId: number, path: ReturnType<typeof sql.identifier>) => sql.fragment`
  NOT EXISTS (SELECT 1 FROM scan_seen n WHERE n.source_id = ${sourceId} AND n.path_hash = hashtextextended(${path}, 0))
  AND NOT EXISTS (SELECT 1 FROM scan_folder f WHERE f.source_id = ${sourceId} AND f.state = 'failed' AND starts_with(${path}, f.path || '/'))`;
const FILE_PATH = sql.identifier(['h', 'file_path']);
const ITEM_PATH = sql.identifier(['i', 'file_path']);
const leaf = (path: ReturnType<typeof sql.identifier>) => sql.fragment`substring(${path} FROM '[^/]*$')`;

const Sights = z.object({ hasSeen: z.boolean(), hasFiles: z.boolean() });

/** Whether the scan saw anything, and whether anything was known. */
export function sightsOf(db: Db, source: FilesOf): Promise<z.infer<typeof Sights>> {
  return db.one(rows('sources.sights', Sights)`
    SELECT EXISTS (SELECT 1 FROM scan_seen n WHERE n.source_id = ${source.id}) AS "hasSeen",
      EXISTS (SELECT 1 FROM ${tableOf(source)} h WHERE h.source_id = ${source.id}) AS "hasFiles"
  `);
}

const Moved = z.object({ streamId: z.int(), itemId: z.int(), path: z.string() });
export type Moved = z.infer<typeof Moved>;

/**
 * Files that are somewhere else now: one that is gone and one that is new have this name and size, and no others have. Counted together rather than
 * joined: without statistics a join of ten thousand with ten thousand takes minutes.
 */
export function movedFiles(db: Db, source: FilesOf): Promise<readonly Moved[]> {
  return db.any(rows('sources.moved', Moved)`
    SELECT min(f.stream_id) AS "streamId", min(f.item_id) AS "itemId", min(f.path) AS path
    FROM (
      SELECT h.stream_id, NULL::int8 AS item_id, NULL::text AS path, ${leaf(FILE_PATH)} AS leaf, s.size_bytes
      FROM ${tableOf(source)} h JOIN stream s ON s.id = h.stream_id
      WHERE h.source_id = ${source.id} AND s.size_bytes IS NOT NULL AND ${isGone(source.id, FILE_PATH)}
      UNION ALL
      SELECT NULL, i.id, i.file_path, ${leaf(ITEM_PATH)}, i.size_bytes FROM scan_item i
      WHERE i.source_id = ${source.id} AND i.state = 'held' AND i.size_bytes IS NOT NULL
    ) f
    GROUP BY f.leaf, f.size_bytes
    HAVING count(f.stream_id) = 1 AND count(f.item_id) = 1
  `);
}

export async function dropItems(db: Db, itemIds: readonly number[]): Promise<void> {
  await db.query(
    command('sources.drop_items')`DELETE FROM scan_item WHERE id = ANY (${sql.array(itemIds, 'int8')})`,
  );
}

const StreamId = z.object({ streamId: z.int() });

/** Streams whose file is not there any more, and was until now. */
export function goneStreams(db: Db, source: FilesOf): Promise<readonly z.infer<typeof StreamId>[]> {
  return db.any(rows('sources.gone', StreamId)`
    SELECT h.stream_id AS "streamId" FROM ${tableOf(source)} h JOIN stream s ON s.id = h.stream_id
    WHERE h.source_id = ${source.id} AND s.state <> 'broken' AND ${isGone(source.id, FILE_PATH)}
  `);
}

/** Streams whose file is there again. */
export function foundStreams(db: Db, source: FilesOf): Promise<readonly z.infer<typeof StreamId>[]> {
  return db.any(rows('sources.found', StreamId)`
    SELECT h.stream_id AS "streamId" FROM ${tableOf(source)} h JOIN stream s ON s.id = h.stream_id
    WHERE h.source_id = ${source.id} AND s.state = 'broken'
      AND EXISTS (SELECT 1 FROM scan_seen n WHERE n.source_id = ${source.id} AND n.path_hash = hashtextextended(h.file_path, 0))
  `);
}

/** Staged files that are gone are forgotten, and what was held is to be matched. */
export async function settleItems(db: Db, sourceId: number): Promise<void> {
  await db.query(command('sources.drop_gone_items')`
    DELETE FROM scan_item i WHERE i.source_id = ${sourceId} AND i.state <> 'processing' AND ${isGone(sourceId, ITEM_PATH)}
  `);
  await releaseItems(db, sourceId);
}

export async function releaseItems(db: Db, sourceId: number): Promise<void> {
  await db.query(command('sources.release_items')`
    UPDATE scan_item SET state = 'pending', next_at = now() WHERE source_id = ${sourceId} AND state = 'held'
  `);
}

const GoneSubtitle = z.object({ streamId: z.int().nullable(), path: z.string() });

/** Subtitle files that are gone, with the streams they were linked to; their rows go. */
export function dropGoneSubtitles(
  db: Db,
  sourceId: number,
): Promise<readonly z.infer<typeof GoneSubtitle>[]> {
  return db.any(rows('sources.drop_gone_subtitles', GoneSubtitle)`
    DELETE FROM scan_subtitle i WHERE i.source_id = ${sourceId} AND ${isGone(sourceId, ITEM_PATH)}
    RETURNING i.stream_id AS "streamId", i.file_path AS path
  `);
}
