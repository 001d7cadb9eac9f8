import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import { offeredFrom, Sealed, StreamId, sealedIn, streamIdBy } from '../queries.ts';
import type { Learned } from './engine.ts';
import { KeptLearned } from './learned.ts';

/** By the indexer's guid, else by its articles: two indexers may name the same ones. */
export function streamOfNzb(db: Db, guid: string, key: string | null): Promise<number | null> {
  return streamIdBy(
    db,
    rows('usenet.find', StreamId)`
    SELECT stream_id AS "streamId" FROM (
      (SELECT stream_id, 0 AS place FROM stream_usenet WHERE nzb_guid = ${guid})
      UNION ALL
      (SELECT stream_id, 1 FROM stream_usenet WHERE release_key = ${key}::text ORDER BY stream_id LIMIT 1)
    ) u ORDER BY place LIMIT 1
  `,
  );
}

export type UsenetRow = {
  streamId: number;
  guid: string;
  urlSealed: Buffer | null;
  isPassworded: boolean;
  passwordSealed: Buffer | null;
  /** Null: its NZB is not known yet. */
  nzb: NzbColumns | null;
};

export type NzbColumns = {
  key: string;
  sealed: Buffer;
  sizeBytes: number;
  completeness: number;
  /** Epoch seconds. */
  postedAt: number | null;
};

const binary = (bytes: Buffer | null) => (bytes === null ? null : sql.binary(bytes));

/** A second save with less (a bare guid after the file) keeps what is stored; what a check found stays too. */
export async function saveUsenetRow(db: Db, row: UsenetRow): Promise<void> {
  const { nzb } = row;
  await db.query(command('usenet.save')`
    INSERT INTO stream_usenet AS u (stream_id, nzb_guid, nzb_url_sealed, is_passworded, password_sealed, nzb_sealed, release_key,
      size_bytes, completeness, posted_at, next_check_at)
    VALUES (${row.streamId}, ${row.guid}, ${binary(row.urlSealed)}::bytea, ${row.isPassworded}, ${binary(row.passwordSealed)}::bytea,
      ${binary(nzb?.sealed ?? null)}::bytea, ${nzb?.key ?? null}::text, ${nzb?.sizeBytes ?? null}::int8,
      ${nzb?.completeness ?? null}::float4, to_timestamp(${nzb?.postedAt ?? null}::float8), CASE WHEN ${nzb !== null} THEN now() END)
    ON CONFLICT (stream_id) DO UPDATE SET
      nzb_url_sealed = coalesce(excluded.nzb_url_sealed, u.nzb_url_sealed),
      is_passworded = excluded.is_passworded OR u.is_passworded,
      password_sealed = coalesce(excluded.password_sealed, u.password_sealed),
      nzb_sealed = coalesce(excluded.nzb_sealed, u.nzb_sealed), release_key = coalesce(excluded.release_key, u.release_key),
      size_bytes = coalesce(excluded.size_bytes, u.size_bytes), posted_at = coalesce(excluded.posted_at, u.posted_at),
      completeness = CASE WHEN u.checked_at IS NULL THEN coalesce(excluded.completeness, u.completeness) ELSE u.completeness END,
      next_check_at = coalesce(u.next_check_at, excluded.next_check_at)
  `);
}

/** Whoever saves these next has the word alone: the indexer's key and the password of who had them before are gone. */
export async function forgetPostAccess(db: Db, streamIds: readonly number[]): Promise<void> {
  await db.query(command('usenet.forget_access')`
    UPDATE stream_usenet SET nzb_url_sealed = NULL, password_sealed = NULL
    WHERE stream_id = ANY (${sql.array([...streamIds], 'int8')})
  `);
}

type SealedPart = 'nzb_url_sealed' | 'nzb_sealed' | 'password_sealed';
const sealedColumn = (column: SealedPart) =>
  sealedIn(
    { table: 'stream_usenet', column },
    { stale: rows('usenet.stale', Sealed), replace: command('usenet.replace') },
  );
export const sealedUrls = sealedColumn('nzb_url_sealed');
export const sealedNzbs = sealedColumn('nzb_sealed');
export const sealedPasswords = sealedColumn('password_sealed');

/** As `sealedIn`, of NZBs behind links, which go by ids of their own. */
export const sealedUploads = {
  stale: (db: Db, after: number, head: Buffer, most: number): Promise<readonly z.infer<typeof Sealed>[]> =>
    db.any(rows('usenet.stale_uploads', Sealed)`
      SELECT id AS "streamId", nzb_sealed AS sealed FROM usenet_upload
      WHERE id > ${after} AND substring(nzb_sealed FROM 1 FOR 5) <> ${sql.binary(head)}
      ORDER BY id LIMIT ${most}
    `),
  async replace(db: Db, old: z.infer<typeof Sealed>, sealed: Buffer): Promise<void> {
    await db.query(command('usenet.replace_upload')`
      UPDATE usenet_upload SET nzb_sealed = ${sql.binary(sealed)}
      WHERE id = ${old.streamId} AND nzb_sealed = ${sql.binary(old.sealed)}
    `);
  },
};

const Offer = StreamId.extend({ guid: z.string(), key: z.string().nullable(), name: z.string() });

/** Those of the streams that may be offered: active, not blocked. */
export function offeredUsenet(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('usenet.offers', Offer)`
    SELECT k.stream_id AS "streamId", k.nzb_guid AS guid, k.release_key AS key, s.name ${offeredFrom('stream_usenet', streamIds)}
  `);
}

const Key = z.object({ key: z.string().nullable() });

/** By which a post may be open already; null: its NZB is not known yet. */
export async function keyOfStream(db: Db, streamId: number): Promise<string | null> {
  const row = await db.maybeOne(rows('usenet.key', Key)`
    SELECT release_key AS key FROM stream_usenet WHERE stream_id = ${streamId}
  `);
  return row?.key ?? null;
}

const Stored = z.object({
  guid: z.string(),
  key: z.string().nullable(),
  name: z.string(),
  urlSealed: z.instanceof(Buffer).nullable(),
  nzbSealed: z.instanceof(Buffer).nullable(),
  passwordSealed: z.instanceof(Buffer).nullable(),
});
export type StoredPost = z.infer<typeof Stored>;

/** What opens a stored post. */
export function storedPost(db: Db, streamId: number): Promise<StoredPost | null> {
  return db.maybeOne(rows('usenet.stored', Stored)`
    SELECT u.nzb_guid AS guid, u.release_key AS key, s.name, u.nzb_url_sealed AS "urlSealed", u.nzb_sealed AS "nzbSealed",
      u.password_sealed AS "passwordSealed"
    FROM stream_usenet u JOIN stream s ON s.id = u.stream_id WHERE u.stream_id = ${streamId}
  `);
}

const KeptNzb = z.object({ sealed: z.instanceof(Buffer) });

/** Keeps an NZB for links; one that is kept already, for as long as the last link needs it. */
export async function keepUpload(db: Db, key: string, sealed: Buffer, days: number): Promise<void> {
  await db.query(command('usenet.keep_upload')`
    INSERT INTO usenet_upload AS u (release_key, nzb_sealed, expires_at)
    VALUES (${key}, ${sql.binary(sealed)}, now() + make_interval(days => ${days}))
    ON CONFLICT (release_key) DO UPDATE SET expires_at = greatest(u.expires_at, excluded.expires_at)
  `);
}

/** The NZB of these articles: kept for a link, or of a stream that was saved since. */
export async function uploadOf(db: Db, key: string): Promise<Buffer | null> {
  const found = await db.maybeOne(rows('usenet.upload', KeptNzb)`
    SELECT sealed FROM (
      (SELECT nzb_sealed AS sealed FROM usenet_upload WHERE release_key = ${key})
      UNION ALL
      (SELECT nzb_sealed FROM stream_usenet WHERE release_key = ${key} AND nzb_sealed IS NOT NULL LIMIT 1)
    ) k LIMIT 1
  `);
  return found?.sealed ?? null;
}

/** NZBs no link needs any more, and what was learned of releases nobody has had for half a year. Returns how many rows went. */
export async function forgetReleases(db: Db): Promise<number> {
  const { deleted } = await db.one(rows('usenet.forget', z.object({ deleted: z.int() }))`
    WITH uploads AS (
      DELETE FROM usenet_upload WHERE expires_at < now() RETURNING 1
    ), learned AS (
      DELETE FROM usenet_release r
      WHERE r.updated_at < now() - interval '180 days'
        AND NOT EXISTS (SELECT FROM stream_usenet u WHERE u.release_key = r.release_key)
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM uploads) + (SELECT count(*) FROM learned) AS deleted
  `);
  return deleted;
}

/** What was learned of a release; null: nothing, or by another version. */
export async function learnedOf(db: Db, key: string): Promise<Learned | null> {
  const row = await db.maybeOne(rows('usenet.learned', z.object({ learned: KeptLearned }))`
    SELECT learned FROM usenet_release WHERE release_key = ${key}
  `);
  return row?.learned ?? null;
}

/** Streams of these articles. */
export async function streamsOfRelease(db: Db, key: string): Promise<readonly number[]> {
  const found = await db.any(rows('usenet.streams_of', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_usenet WHERE release_key = ${key} ORDER BY stream_id LIMIT 100
  `);
  return found.map(({ streamId }) => streamId);
}

export async function saveLearned(db: Db, key: string, learned: Learned): Promise<void> {
  await db.query(command('usenet.save_learned')`
    INSERT INTO usenet_release (release_key, learned) VALUES (${key}, ${sql.jsonb(learned)})
    ON CONFLICT (release_key) DO UPDATE SET learned = excluded.learned, updated_at = now()
  `);
}
