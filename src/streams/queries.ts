import { z } from 'zod';
import { type command, type Db, type Fragment, type rows, type Statement, sql } from '../platform/db.ts';
import type { SealedColumn } from './reseal.ts';

// What the queries of all kinds share. Each kind writes its own table, in its own folder.

export const StreamId = z.object({ streamId: z.int() });

/** The stream a statement finds, or null. */
export async function streamIdBy(db: Db, statement: Statement<typeof StreamId>): Promise<number | null> {
  return (await db.maybeOne(statement))?.streamId ?? null;
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
