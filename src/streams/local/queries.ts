import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import type { SourcePlace } from '../kind.ts';

const StreamId = z.object({ streamId: z.int() });
const Place = z.object({ folder: z.string(), path: z.string() });
const Offer = Place.extend({ streamId: z.int() });

export async function streamOfFile(db: Db, folder: string, path: string): Promise<number | null> {
  const row = await db.maybeOne(rows('local.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_local WHERE folder = ${folder} AND path = ${path}
  `);
  return row?.streamId ?? null;
}

export async function saveLocalRow(
  db: Db,
  streamId: number,
  { folder, path }: z.infer<typeof Place>,
  place: SourcePlace | null,
): Promise<void> {
  await db.query(command('local.save')`
    INSERT INTO stream_local AS l (stream_id, folder, path, source_id, file_path)
    VALUES (${streamId}, ${folder}, ${path}, ${place?.sourceId ?? null}::int8, ${place?.filePath ?? null}::text)
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
