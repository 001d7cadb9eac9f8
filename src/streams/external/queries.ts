import { z } from 'zod';
import { command, type Db, rows } from '../../platform/db.ts';
import { offeredFrom, StreamId, streamIdBy } from '../queries.ts';

const Offer = z.object({ streamId: z.int(), url: z.string(), service: z.string() });

export function streamOfPage(db: Db, service: string, url: string): Promise<number | null> {
  return streamIdBy(
    db,
    rows('external.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_external WHERE service = ${service} AND url = ${url}
  `,
  );
}

export type ExternalRow = {
  streamId: number;
  service: string;
  url: string;
  region: string | null;
  deepLink: string | null;
};

export async function saveExternalRow(db: Db, row: ExternalRow): Promise<void> {
  await db.query(command('external.save')`
    INSERT INTO stream_external (stream_id, service, url, region, deep_link)
    VALUES (${row.streamId}, ${row.service}, ${row.url}, ${row.region}, ${row.deepLink})
    ON CONFLICT (stream_id) DO UPDATE SET
      service = excluded.service, url = excluded.url, region = excluded.region, deep_link = excluded.deep_link
  `);
}

/** Those of the streams that may be offered: active, not blocked. */
export function offeredExternal(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('external.offers', Offer)`
    SELECT k.stream_id AS "streamId", k.url, k.service ${offeredFrom('stream_external', streamIds)}
  `);
}

/** One more user or device told of it. */
export async function countReport(db: Db, streamId: number): Promise<void> {
  await db.query(command('external.count_report')`
    UPDATE stream_external SET reported_count = reported_count + 1 WHERE stream_id = ${streamId}
  `);
}

/** Somebody opened it, and it is what it is said to be; or is not. */
export async function verifyLink(db: Db, streamId: number, isVerified: boolean): Promise<void> {
  await db.query(command('external.verify')`
    UPDATE stream_external SET is_verified = ${isVerified} WHERE stream_id = ${streamId}
  `);
}
