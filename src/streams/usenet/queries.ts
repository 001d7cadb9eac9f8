import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';

const StreamId = z.object({ streamId: z.int() });

export async function streamOfNzb(db: Db, guid: string): Promise<number | null> {
  const row = await db.maybeOne(rows('usenet.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_usenet WHERE nzb_guid = ${guid}
  `);
  return row?.streamId ?? null;
}

export type UsenetRow = { streamId: number; guid: string; urlSealed: Buffer | null; isPassworded: boolean };

export async function saveUsenetRow(db: Db, row: UsenetRow): Promise<void> {
  const url = row.urlSealed === null ? null : sql.binary(row.urlSealed);
  await db.query(command('usenet.save')`
    INSERT INTO stream_usenet (stream_id, nzb_guid, nzb_url_sealed, is_passworded)
    VALUES (${row.streamId}, ${row.guid}, ${url}::bytea, ${row.isPassworded})
    ON CONFLICT (stream_id) DO UPDATE SET
      nzb_guid = excluded.nzb_guid, nzb_url_sealed = coalesce(excluded.nzb_url_sealed, stream_usenet.nzb_url_sealed),
      is_passworded = excluded.is_passworded
  `);
}

/** Those of the streams that may be offered: active, not blocked. */
export function offeredUsenet(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof StreamId>[]> {
  return db.any(rows('usenet.offers', StreamId)`
    SELECT u.stream_id AS "streamId"
    FROM stream_usenet u JOIN stream s ON s.id = u.stream_id
    WHERE u.stream_id = ANY (${sql.array([...streamIds], 'int8')}) AND s.is_active AND NOT s.is_blocked
  `);
}
