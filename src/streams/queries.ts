import { z } from 'zod';
import { type Db, type Statement, sql } from '../platform/db.ts';

// What the queries of all kinds share. Each kind writes its own table, in its own folder.

export const StreamId = z.object({ streamId: z.int() });

/** The stream a statement finds, or null. */
export async function streamIdBy(db: Db, statement: Statement<typeof StreamId>): Promise<number | null> {
  return (await db.maybeOne(statement))?.streamId ?? null;
}

/** The rest of a SELECT from `k`, the kind's own table: of these streams those that may be offered, active and not blocked. */
export function offeredFrom(
  table: 'stream_external' | 'stream_telegram' | 'stream_usenet' | 'stream_youtube',
  streamIds: readonly number[],
) {
  return sql.fragment`
    FROM ${sql.identifier([table])} k JOIN stream s ON s.id = k.stream_id
    WHERE k.stream_id = ANY (${sql.array([...streamIds], 'int8')}) AND s.is_active AND NOT s.is_blocked`;
}
