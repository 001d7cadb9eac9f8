import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import type { SourcePlace } from '../kind.ts';
import { offeredFrom, Sealed, sealedIn, sourceAccess, streamsByUrlHash } from '../queries.ts';
import { SourceAccess } from '../source-access.ts';

/** The streams with these URLs, in their order, or null. */
export function streamsOfFtpUrls(db: Db, urlHashes: readonly Buffer[]): Promise<(number | null)[]> {
  return streamsByUrlHash(db, 'stream_ftp', 'ftp.find', urlHashes);
}

export type FtpRow = {
  streamId: number;
  url: string;
  urlHash: Buffer;
  credentialsSealed: Buffer | null;
  /** Null: as it is. */
  place: SourcePlace | null;
};

/** Writes rows, of each stream one. */
export async function saveFtpRows(db: Db, given: readonly FtpRow[]): Promise<void> {
  const values = given.map(({ streamId, url, urlHash, credentialsSealed, place }) => [
    ...[streamId, url, urlHash, credentialsSealed],
    ...[place?.sourceId ?? null, place?.filePath ?? null],
  ]);
  await db.query(command('ftp.save')`
    INSERT INTO stream_ftp AS f (stream_id, url, url_hash, credentials_sealed, source_id, file_path)
    SELECT * FROM ${sql.unnest(values, ['int8', 'text', 'bytea', 'bytea', 'int8', 'text'])}
      AS g(stream_id, url, url_hash, credentials_sealed, source_id, file_path)
    ON CONFLICT (stream_id) DO UPDATE SET
      source_id = coalesce(excluded.source_id, f.source_id), file_path = coalesce(excluded.file_path, f.file_path),
      url = excluded.url, url_hash = excluded.url_hash, credentials_sealed = excluded.credentials_sealed
  `);
}

export const { stale: staleCredentials, replace: replaceCredentials } = sealedIn(
  { table: 'stream_ftp', column: 'credentials_sealed' },
  { stale: rows('ftp.stale_credentials', Sealed), replace: command('ftp.replace_credentials') },
);

const Offer = z.object({ streamId: z.int(), url: z.string() });

/** Those of the streams that may be offered now. */
export function offeredFtp(db: Db, streamIds: readonly number[]): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('ftp.offers', Offer)`
    SELECT k.stream_id AS "streamId", k.url ${offeredFrom('stream_ftp', streamIds)}
  `);
}

const Stored = z.object({
  url: z.string(),
  credentialsSealed: z.instanceof(Buffer).nullable(),
  source: SourceAccess,
});

export function storedFtp(db: Db, streamId: number): Promise<z.infer<typeof Stored> | null> {
  return db.maybeOne(rows('ftp.stored', Stored)`
    SELECT f.url, f.credentials_sealed AS "credentialsSealed", ${sourceAccess} AS source
    FROM stream_ftp f LEFT JOIN source c ON c.id = f.source_id
    WHERE f.stream_id = ${streamId}
  `);
}
