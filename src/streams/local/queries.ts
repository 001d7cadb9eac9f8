import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import type { SourcePlace } from '../kind.ts';

const Place = z.object({ folder: z.string(), path: z.string() });
const Offer = Place.extend({ streamId: z.int() });

type File = z.infer<typeof Place>;

/** The streams of these files, in their order, or null. */
export async function streamsOfFiles(db: Db, files: readonly File[]): Promise<(number | null)[]> {
  const values = files.map(({ folder, path }) => [folder, path]);
  const found = await db.any(rows('local.find', Offer)`
    SELECT l.stream_id AS "streamId", l.folder, l.path
    FROM ${sql.unnest(values, ['text', 'text'])} AS g(folder, path)
    JOIN stream_local l ON l.folder = g.folder AND l.path = g.path
  `);
  const known = new Map(found.map(({ folder, path, streamId }) => [`${folder}/${path}`, streamId]));
  return files.map(({ folder, path }) => known.get(`${folder}/${path}`) ?? null);
}

/** Writes rows, of each stream one; a place that is null stays as it is. */
export async function saveLocalRows(
  db: Db,
  given: readonly (File & { streamId: number; place: SourcePlace | null })[],
): Promise<void> {
  const values = given.map(({ streamId, folder, path, place }) => [
    ...[streamId, folder, path],
    ...[place?.sourceId ?? null, place?.filePath ?? null],
  ]);
  await db.query(command('local.save')`
    INSERT INTO stream_local AS l (stream_id, folder, path, source_id, file_path)
    SELECT * FROM ${sql.unnest(values, ['int8', 'text', 'text', 'int8', 'text'])} AS g(stream_id, folder, path, source_id, file_path)
    ON CONFLICT (stream_id) DO UPDATE SET folder = excluded.folder, path = excluded.path,
      source_id = coalesce(excluded.source_id, l.source_id), file_path = coalesce(excluded.file_path, l.file_path)
  `);
}

/** Those of the streams that may be offered: active, not blocked. */
export function offeredLocal(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('local.offers', Offer)`
    SELECT l.stream_id AS "streamId", l.folder, l.path
    FROM stream_local l JOIN stream s ON s.id = l.stream_id
    WHERE l.stream_id = ANY (${sql.array([...streamIds], 'int8')}) AND s.is_active AND NOT s.is_blocked
  `);
}

export function storedLocal(db: Db, streamId: number): Promise<z.infer<typeof Place> | null> {
  return db.maybeOne(rows('local.stored', Place)`
    SELECT folder, path FROM stream_local WHERE stream_id = ${streamId}
  `);
}

type MovedLocal = { streamId: number; folder: string; path: string; filePath: string };

/** The same of files in folders of this machine. */
export async function moveLocal(db: Db, moved: readonly MovedLocal[]): Promise<number[]> {
  const values = moved.map(({ streamId, folder, path, filePath }) => [streamId, folder, path, filePath]);
  const found = await db.any(rows('local.move', z.object({ streamId: z.int() }))`
    UPDATE stream_local k SET folder = g.folder, path = g.path, file_path = g.file_path
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'text'])} AS g(stream_id, folder, path, file_path)
    WHERE k.stream_id = g.stream_id
      AND NOT EXISTS (SELECT 1 FROM stream_local o WHERE o.folder = g.folder AND o.path = g.path)
    RETURNING k.stream_id AS "streamId"
  `);
  return found.map(({ streamId }) => streamId);
}
