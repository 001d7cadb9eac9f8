import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import type { SourcePlace } from '../kind.ts';
import { Sealed, sealedIn, sourceAccess, streamsByUrlHash } from '../queries.ts';
import { SourceAccess } from '../source-access.ts';

/** The streams with these URLs, in their order, or null. */
export function streamsOfUrls(db: Db, urlHashes: readonly Buffer[]): Promise<(number | null)[]> {
  return streamsByUrlHash(db, 'stream_http', 'http.find', urlHashes);
}

export type HttpRow = {
  streamId: number;
  url: string;
  urlHash: Buffer;
  format: string;
  headersSealed: Buffer | null;
  /** ISO 8601. */
  expiresAt: string | null;
  /** Null: as it is. */
  place: SourcePlace | null;
};

/** Writes rows, of each stream one. */
export async function saveHttpRows(db: Db, given: readonly HttpRow[]): Promise<void> {
  const values = given.map(({ streamId, url, urlHash, format, headersSealed, expiresAt, place }) => [
    ...[streamId, url, urlHash, format, headersSealed, expiresAt],
    ...[place?.sourceId ?? null, place?.filePath ?? null],
  ]);
  await db.query(command('http.save')`
    INSERT INTO stream_http AS h (stream_id, url, url_hash, format, headers_sealed, expires_at, source_id, file_path)
    SELECT * FROM ${sql.unnest(values, ['int8', 'text', 'bytea', 'text', 'bytea', 'timestamptz', 'int8', 'text'])}
      AS g(stream_id, url, url_hash, format, headers_sealed, expires_at, source_id, file_path)
    ON CONFLICT (stream_id) DO UPDATE SET
      source_id = coalesce(excluded.source_id, h.source_id), file_path = coalesce(excluded.file_path, h.file_path),
      url = excluded.url, url_hash = excluded.url_hash, format = excluded.format,
      headers_sealed = excluded.headers_sealed, expires_at = excluded.expires_at
  `);
}

/** The files of a source have other addresses from now on. */
export async function rebaseHttp(db: Db, sourceId: number, baseUrl: string): Promise<void> {
  await db.query(command('http.rebase')`
    UPDATE stream_http SET url = ${baseUrl} || file_path, url_hash = sha256(convert_to(${baseUrl} || file_path, 'UTF8'))
    WHERE source_id = ${sourceId}
  `);
}

export const { stale: staleHeaders, replace: replaceHeaders } = sealedIn(
  { table: 'stream_http', column: 'headers_sealed' },
  { stale: rows('http.stale_headers', Sealed), replace: command('http.replace_headers') },
);

const Offer = z.object({
  streamId: z.int(),
  url: z.string(),
  name: z.string(),
  /** Epoch ms. */
  expiresAt: z.number().nullable(),
  /** Of a file of a source that wants no login, as its owner offers it. */
  direct: z.enum(['direct', 'both']).nullable(),
});

/** Those of the streams that may be offered now: active, not blocked, not expired. */
export function offeredHttp(db: Db, streamIds: readonly number[]): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('http.offers', Offer)`
    SELECT h.stream_id AS "streamId", h.url, s.name, (extract(epoch FROM h.expires_at) * 1000)::float8 AS "expiresAt",
      CASE WHEN c.offers <> 'proxied' AND c.username IS NULL AND h.headers_sealed IS NULL THEN c.offers END AS direct
    FROM stream_http h JOIN stream s ON s.id = h.stream_id
    LEFT JOIN source c ON c.id = h.source_id
    WHERE h.stream_id = ANY (${sql.array([...streamIds], 'int8')})
      AND s.is_active AND NOT s.is_blocked
      AND (h.expires_at IS NULL OR h.expires_at > now())
  `);
}

const Stored = z.object({
  url: z.string(),
  format: z.enum(['progressive', 'hls', 'dash']).nullable(),
  headersSealed: z.instanceof(Buffer).nullable(),
  isExpired: z.boolean(),
  source: SourceAccess,
});

export function storedHttp(db: Db, streamId: number): Promise<z.infer<typeof Stored> | null> {
  return db.maybeOne(rows('http.stored', Stored)`
    SELECT h.url, h.format, h.headers_sealed AS "headersSealed", coalesce(h.expires_at <= now(), false) AS "isExpired",
      ${sourceAccess} AS source
    FROM stream_http h LEFT JOIN source c ON c.id = h.source_id
    WHERE h.stream_id = ${streamId}
  `);
}
