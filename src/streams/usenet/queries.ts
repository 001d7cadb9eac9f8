import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import { offeredFrom, StreamId, streamIdBy } from '../queries.ts';

export function streamOfNzb(db: Db, guid: string): Promise<number | null> {
  return streamIdBy(
    db,
    rows('usenet.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_usenet WHERE nzb_guid = ${guid}
  `,
  );
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

const Sealed = z.object({ streamId: z.int(), sealed: z.instanceof(Buffer) });

/** Sealed NZB addresses that do not begin with `head`, after this stream. */
export function staleNzbUrls(
  db: Db,
  after: number,
  head: Buffer,
  most: number,
): Promise<readonly z.infer<typeof Sealed>[]> {
  return db.any(rows('usenet.stale_urls', Sealed)`
    SELECT stream_id AS "streamId", nzb_url_sealed AS "sealed"
    FROM stream_usenet
    WHERE stream_id > ${after} AND substring(nzb_url_sealed FROM 1 FOR 5) <> ${sql.binary(head)}
    ORDER BY stream_id LIMIT ${most}
  `);
}

export async function replaceNzbUrl(db: Db, old: z.infer<typeof Sealed>, sealed: Buffer): Promise<void> {
  await db.query(command('usenet.replace_url')`
    UPDATE stream_usenet SET nzb_url_sealed = ${sql.binary(sealed)}
    WHERE stream_id = ${old.streamId} AND nzb_url_sealed = ${sql.binary(old.sealed)}
  `);
}

/** Those of the streams that may be offered: active, not blocked. */
export function offeredUsenet(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof StreamId>[]> {
  return db.any(rows('usenet.offers', StreamId)`
    SELECT k.stream_id AS "streamId" ${offeredFrom('stream_usenet', streamIds)}
  `);
}
