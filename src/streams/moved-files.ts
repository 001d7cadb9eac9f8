import { z } from 'zod';
import { type Db, rows, sql } from '../platform/db.ts';

const Moved = z.object({ streamId: z.int() });

/** Where the file of a stream lies now. `filePath`: as of SourcePlace. */
type MovedUrl = { streamId: number; url: string; urlHash: Buffer; filePath: string };

/** Files of sources have these addresses now, in one statement; answers their streams. Those whose address another stream has stay as they are. */
export const moveHttp = (db: Db, moved: readonly MovedUrl[]): Promise<number[]> =>
  moveUrls(db, 'stream_http', rows('http.move', Moved), moved);

export const moveFtp = (db: Db, moved: readonly MovedUrl[]): Promise<number[]> =>
  moveUrls(db, 'stream_ftp', rows('ftp.move', Moved), moved);

async function moveUrls(
  db: Db,
  table: 'stream_http' | 'stream_ftp',
  named: ReturnType<typeof rows<typeof Moved>>,
  moved: readonly MovedUrl[],
): Promise<number[]> {
  const values = moved.map(({ streamId, url, urlHash, filePath }) => [streamId, url, urlHash, filePath]);
  const name = sql.identifier([table]);
  const found = await db.any(named`
    UPDATE ${name} k SET url = g.url, url_hash = g.url_hash, file_path = g.file_path
    FROM ${sql.unnest(values, ['int8', 'text', 'bytea', 'text'])} AS g(stream_id, url, url_hash, file_path)
    WHERE k.stream_id = g.stream_id AND NOT EXISTS (SELECT 1 FROM ${name} o WHERE o.url_hash = g.url_hash)
    RETURNING k.stream_id AS "streamId"
  `);
  return found.map(({ streamId }) => streamId);
}

type MovedLocal = { streamId: number; folder: string; path: string; filePath: string };

/** The same of files in folders of this machine. */
export async function moveLocal(db: Db, moved: readonly MovedLocal[]): Promise<number[]> {
  const values = moved.map(({ streamId, folder, path, filePath }) => [streamId, folder, path, filePath]);
  const found = await db.any(rows('local.move', Moved)`
    UPDATE stream_local k SET folder = g.folder, path = g.path, file_path = g.file_path
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'text'])} AS g(stream_id, folder, path, file_path)
    WHERE k.stream_id = g.stream_id
      AND NOT EXISTS (SELECT 1 FROM stream_local o WHERE o.folder = g.folder AND o.path = g.path)
    RETURNING k.stream_id AS "streamId"
  `);
  return found.map(({ streamId }) => streamId);
}
