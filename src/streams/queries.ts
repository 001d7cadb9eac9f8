import { z } from 'zod';
import { type command, type Db, type Fragment, rows, type Statement, sql } from '../platform/db.ts';
import type { SealedColumn } from './reseal.ts';

// What the queries of all kinds share. Each kind writes its own table, in its own folder.

export const StreamId = z.object({ streamId: z.int() });

/** The stream a statement finds, or null. */
export async function streamIdBy(db: Db, statement: Statement<typeof StreamId>): Promise<number | null> {
  return (await db.maybeOne(statement))?.streamId ?? null;
}

const Stored = z.object({ key: z.instanceof(Buffer), streamId: z.int() });

/** The streams that have these hashes of their URLs, in their order, or null; `named` names the statement. */
export async function streamsByUrlHash(
  db: Db,
  table: 'stream_http' | 'stream_ftp',
  named: string,
  hashes: readonly Buffer[],
): Promise<(number | null)[]> {
  const found = await db.any(rows(named, Stored)`
    SELECT k.url_hash AS key, k.stream_id AS "streamId" FROM ${sql.identifier([table])} k
    WHERE k.url_hash = ANY(${sql.array([...hashes], 'bytea')})
  `);
  const known = new Map(found.map(({ key, streamId }) => [key.toString('hex'), streamId]));
  return hashes.map((hash) => known.get(hash.toString('hex')) ?? null);
}

/** The rest of a SELECT from `k`, the kind's own table: of these streams those that may be offered, active and not blocked. */
export function offeredFrom(
  table: 'stream_external' | 'stream_ftp' | 'stream_telegram' | 'stream_usenet' | 'stream_youtube',
  streamIds: readonly number[],
) {
  return sql.fragment`
    FROM ${sql.identifier([table])} k JOIN stream s ON s.id = k.stream_id
    WHERE k.stream_id = ANY (${sql.array([...streamIds], 'int8')}) AND s.is_active AND NOT s.is_blocked`;
}

/** `SourceAccess` of the source joined as `c`. */
export const sourceAccess = sql.fragment`CASE WHEN c.id IS NOT NULL THEN jsonb_build_object('baseUrl', c.base_url, 'username', c.username,
        'passwordSealed', encode(c.password_sealed, 'base64'), 'allowsPrivate', c.allows_private) END`;

export const Sealed = z.object({ streamId: z.int(), sealed: z.instanceof(Buffer) });

/**
 * How `resealStreams` reads and replaces what a column holds sealed, by two statements its owner names; the id is that of its rows, whatever
 * they are. `isHeld`: true, once what has to be locked before the row that is written is locked.
 */
export function sealedIn(
  {
    table,
    column,
  }: {
    table: 'stream_http' | 'stream_ftp' | 'stream_usenet' | 'source' | 'finder';
    column: `${string}_sealed`;
  },
  named: { stale: ReturnType<typeof rows<typeof Sealed>>; replace: ReturnType<typeof command> },
  isHeld: (id: number) => Fragment = () => sql.fragment`true`,
): Pick<SealedColumn, 'stale' | 'replace'> {
  const id = sql.identifier([table.startsWith('stream_') ? 'stream_id' : 'id']);
  const [from, value] = [sql.identifier([table]), sql.identifier([column])];
  return {
    stale: (db, after, head, most) =>
      db.any(named.stale`
        SELECT ${id} AS "streamId", ${value} AS "sealed"
        FROM ${from}
        WHERE ${id} > ${after} AND substring(${value} FROM 1 FOR 5) <> ${sql.binary(head)}
        ORDER BY ${id} LIMIT ${most}
      `),
    async replace(db, old, sealed) {
      await db.query(named.replace`
        UPDATE ${from} SET ${value} = ${sql.binary(sealed)}
        WHERE ${isHeld(old.streamId)} AND ${id} = ${old.streamId} AND ${value} = ${sql.binary(old.sealed)}
      `);
    },
  };
}

/** Where the file of a stream lies now. `filePath`: as of SourcePlace. */
type MovedUrl = { streamId: number; url: string; urlHash: Buffer; filePath: string };

/** Files of sources have these addresses now, in one statement; answers their streams. Those whose address another stream has stay as they are. */
export const moveHttp = (db: Db, moved: readonly MovedUrl[]): Promise<number[]> =>
  moveUrls(db, 'stream_http', rows('http.move', StreamId), moved);

export const moveFtp = (db: Db, moved: readonly MovedUrl[]): Promise<number[]> =>
  moveUrls(db, 'stream_ftp', rows('ftp.move', StreamId), moved);

async function moveUrls(
  db: Db,
  table: 'stream_http' | 'stream_ftp',
  named: ReturnType<typeof rows<typeof StreamId>>,
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
