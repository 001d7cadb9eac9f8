import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { SOURCE_FINDERS } from '../place.ts';
import { type FilesOf, tableOf } from './files.ts';
import { holdHealth } from './sources.ts';

/** From now on it is gone for everybody, and its name is free; what it holds goes later. The caller holds its row. */
export async function markDeleted(tx: Db, id: number): Promise<void> {
  await tx.query(command('sources.mark_deleted')`
    UPDATE source SET deleted_at = now(), is_active = false, name = public_id::text, next_scan_at = NULL, is_scan_asked = false
    WHERE id = ${id}
  `);
}

const Deleted = z.object({ id: z.int(), publicId: z.uuid(), finder: z.enum(SOURCE_FINDERS) });
export type DeletedSource = z.infer<typeof Deleted>;

/** Those that have still to go, oldest first. */
export function deletedSources(db: Db, limit: number): Promise<readonly DeletedSource[]> {
  return db.any(rows('sources.deleted', Deleted)`
    SELECT id, public_id AS "publicId", finder FROM source WHERE deleted_at IS NOT NULL ORDER BY deleted_at, id LIMIT ${limit}
  `);
}

/** What its scans noted, in the order it goes. */
export const SCAN_TABLES = ['scan_item', 'scan_subtitle', 'scan_folder', 'scan_seen'] as const;

/** Rows of what its scans noted, `most` at a time; answers how many went. */
export async function dropNotes(
  db: Db,
  table: (typeof SCAN_TABLES)[number],
  sourceId: number,
  most: number,
): Promise<number> {
  const from = sql.identifier([table]);
  const { rowCount } = await db.query(command('sources.drop_notes')`
    DELETE FROM ${from} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${from} WHERE source_id = ${sourceId} LIMIT ${most}))
  `);
  return rowCount;
}

const StreamId = z.object({ streamId: z.int() });

/** Some of its streams, for the one caller until the transaction ends. */
export async function streamsToDrop(tx: Db, source: FilesOf, most: number): Promise<number[]> {
  const found = await tx.any(rows('sources.streams_to_drop', StreamId)`
    SELECT h.stream_id AS "streamId" FROM ${tableOf(source)} h WHERE h.source_id = ${source.id}
    ORDER BY h.file_path LIMIT ${most} FOR UPDATE SKIP LOCKED
  `);
  return found.map(({ streamId }) => streamId);
}

/** Takes the row of a source that is deleted, with what little hangs on it still. Within a transaction. */
export async function dropSource(tx: Db, { id, publicId }: DeletedSource): Promise<void> {
  await holdHealth(tx, publicId);
  await tx.query(command('sources.drop')`DELETE FROM source WHERE id = ${id} AND deleted_at IS NOT NULL`);
}
