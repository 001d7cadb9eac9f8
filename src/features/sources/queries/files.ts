import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import { kindOf, type SourceFinder } from '../place.ts';

// What is known of the files of a source: its kind's own table has their paths. These are read here, and written by the kind alone.

export type FilesOf = { id: number; finder: SourceFinder };

/** Where the streams of a source are: `h` has `stream_id`, `source_id` and `file_path`. */
export function tableOf({ finder }: Pick<FilesOf, 'finder'>) {
  return sql.identifier([`stream_${kindOf(finder)}`]);
}

/** Whether it has any stream. */
export async function hasFiles(db: Db, source: FilesOf): Promise<boolean> {
  const { has } = await db.one(rows('sources.has_files', z.object({ has: z.boolean() }))`
    SELECT EXISTS (SELECT 1 FROM ${tableOf(source)} h WHERE h.source_id = ${source.id}) AS has
  `);
  return has;
}
