import type { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import { offeredFrom, Sealed, StreamId, sealedIn, streamIdBy } from '../queries.ts';

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

export const { stale: staleNzbUrls, replace: replaceNzbUrl } = sealedIn(
  { table: 'stream_usenet', column: 'nzb_url_sealed' },
  { stale: rows('usenet.stale_urls', Sealed), replace: command('usenet.replace_url') },
);

/** Those of the streams that may be offered: active, not blocked. */
export function offeredUsenet(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof StreamId>[]> {
  return db.any(rows('usenet.offers', StreamId)`
    SELECT k.stream_id AS "streamId" ${offeredFrom('stream_usenet', streamIds)}
  `);
}
