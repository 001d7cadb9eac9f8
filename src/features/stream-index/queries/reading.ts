import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import type { StreamColumns } from './streams.ts';

const Unread = z.object({
  streamId: z.int(),
  name: z.string(),
  /** Whether the name still tells the spoken languages: nobody said them, or, where that was not kept, there are none. */
  isNameHeard: z.boolean(),
});

/** Streams whose names were read by another version of the reader, at most `limit`. */
export function readByOthers(
  db: Db,
  version: string,
  limit: number,
): Promise<readonly z.infer<typeof Unread>[]> {
  return db.any(rows('streams.read_by_others', Unread)`
    SELECT s.id AS "streamId", s.name,
      CASE WHEN s.told IS NULL THEN (
          SELECT count(*) = 0 FROM (SELECT 1 FROM stream_language g WHERE g.stream_id = s.id AND g.kind = 'audio' LIMIT 1) one)
        ELSE NOT 'languages' = ANY(s.told) END AS "isNameHeard"
    FROM (
      (SELECT id FROM stream WHERE parser_version < ${version} ORDER BY parser_version LIMIT ${limit})
      UNION ALL
      (SELECT id FROM stream WHERE parser_version > ${version} ORDER BY parser_version LIMIT ${limit})
      LIMIT ${limit}
    ) o
    JOIN stream s ON s.id = o.id
    ORDER BY s.id
  `);
}

/** Writes what names are read as now over what they were read as, never over what was told; where that was not kept only into gaps. */
export async function writeReadings(
  db: Db,
  version: string,
  readings: readonly { streamId: number; columns: StreamColumns }[],
): Promise<void> {
  const json = readings.map(({ streamId, columns }) => ({ ...columns, id: streamId }));
  await db.query(command('streams.write_readings')`
    UPDATE stream s SET parser_version = ${version},
      resolution = CASE WHEN coalesce(NOT 'resolution' = ANY(s.told), s.resolution IS NULL) THEN n.resolution ELSE s.resolution END,
      quality = CASE WHEN coalesce(NOT 'quality' = ANY(s.told), s.quality IS NULL) THEN n.quality ELSE s.quality END,
      codec = CASE WHEN coalesce(NOT 'codec' = ANY(s.told), s.codec IS NULL) THEN n.codec ELSE s.codec END,
      audio = CASE WHEN coalesce(NOT 'audio' = ANY(s.told), s.audio = '{}') THEN coalesce(n.audio, '{}') ELSE s.audio END,
      channels = CASE WHEN coalesce(NOT 'channels' = ANY(s.told), s.channels = '{}') THEN coalesce(n.channels, '{}') ELSE s.channels END,
      hdr_formats = CASE WHEN coalesce(NOT 'hdr_formats' = ANY(s.told), s.hdr_formats = '{}') THEN coalesce(n.hdr_formats, '{}')
        ELSE s.hdr_formats END,
      visual_tags = CASE WHEN coalesce(NOT 'visual_tags' = ANY(s.told), s.visual_tags = '{}') THEN coalesce(n.visual_tags, '{}')
        ELSE s.visual_tags END,
      release_group = CASE WHEN coalesce(NOT 'release_group' = ANY(s.told), s.release_group IS NULL) THEN n.release_group
        ELSE s.release_group END,
      edition = CASE WHEN coalesce(NOT 'edition' = ANY(s.told), s.edition IS NULL) THEN n.edition ELSE s.edition END,
      part_number = CASE WHEN coalesce(NOT 'part_number' = ANY(s.told), s.part_number IS NULL) THEN n.part_number ELSE s.part_number END
    FROM jsonb_populate_recordset(NULL::stream, ${sql.jsonb(json)}) AS n
    WHERE s.id = n.id
  `);
}
