import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import { BEST_FIRST, FROM_LIST, LISTS, MOST_TRACKERS, staysFirst } from './trackers/queries.ts';

const StreamId = z.object({ streamId: z.int() });

export async function streamOfTorrent(db: Db, infoHash: string): Promise<number | null> {
  const row = await db.maybeOne(rows('torrent.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_torrent WHERE info_hash = ${infoHash}
  `);
  return row?.streamId ?? null;
}

export type TorrentRow = {
  streamId: number;
  infoHash: string;
  visibility: 'public' | 'private';
  magnetSealed: Buffer | null;
  fileSealed: Buffer | null;
  webSeeds: readonly string[];
  /** Null: nothing was said of it. */
  seeders: number | null;
  leechers: number | null;
  publishedAt: string | null;
};

/** A second save with less (a bare info hash after the file) keeps what is stored; a torrent once private stays so. */
export async function saveTorrentRow(db: Db, row: TorrentRow): Promise<void> {
  const magnet = row.magnetSealed === null ? null : sql.binary(row.magnetSealed);
  const file = row.fileSealed === null ? null : sql.binary(row.fileSealed);
  await db.query(command('torrent.save')`
    INSERT INTO stream_torrent (stream_id, info_hash, visibility, magnet_sealed, file_sealed, web_seeds, seeders, leechers, published_at)
    VALUES (${row.streamId}, ${row.infoHash}, ${row.visibility}, ${magnet}::bytea, ${file}::bytea, ${sql.array([...row.webSeeds], 'text')},
      ${row.seeders}::int4, ${row.leechers}::int4, ${row.publishedAt}::timestamptz)
    ON CONFLICT (stream_id) DO UPDATE SET
      info_hash = excluded.info_hash,
      visibility = CASE WHEN stream_torrent.visibility = 'private' THEN 'private' ELSE excluded.visibility END,
      magnet_sealed = coalesce(excluded.magnet_sealed, stream_torrent.magnet_sealed),
      file_sealed = coalesce(excluded.file_sealed, stream_torrent.file_sealed),
      web_seeds = CASE WHEN cardinality(excluded.web_seeds) > 0 THEN excluded.web_seeds ELSE stream_torrent.web_seeds END,
      seeders = coalesce(excluded.seeders, stream_torrent.seeders), leechers = coalesce(excluded.leechers, stream_torrent.leechers),
      published_at = coalesce(excluded.published_at, stream_torrent.published_at)
  `);
}

/** Whoever saves these next has the word alone: passkeys, files and web seeds of who had them before are gone. */
export async function forgetTorrentAccess(db: Db, streamIds: readonly number[]): Promise<void> {
  await db.query(command('torrent.forget_access')`
    UPDATE stream_torrent SET visibility = 'public', magnet_sealed = NULL, file_sealed = NULL, web_seeds = '{}'
    WHERE stream_id = ANY (${sql.array([...streamIds], 'int8')})
  `);
}

const Sealed = z.object({ streamId: z.int(), sealed: z.instanceof(Buffer) });
type Sealed = z.infer<typeof Sealed>;

/** What a torrent's row holds sealed. */
const SEALED = { magnet: 'magnet_sealed', file: 'file_sealed' } as const;
type SealedPart = keyof typeof SEALED;

/** Sealed magnets or files that do not begin with `head`, after this stream. */
export function staleTorrents(part: SealedPart) {
  const column = sql.identifier([SEALED[part]]);
  return (db: Db, after: number, head: Buffer, most: number): Promise<readonly Sealed[]> =>
    db.any(rows('torrent.stale', Sealed)`
      SELECT stream_id AS "streamId", ${column} AS "sealed"
      FROM stream_torrent
      WHERE stream_id > ${after} AND substring(${column} FROM 1 FOR 5) <> ${sql.binary(head)}
      ORDER BY stream_id LIMIT ${most}
    `);
}

export function replaceInTorrent(part: SealedPart) {
  const column = sql.identifier([SEALED[part]]);
  return async (db: Db, old: Sealed, sealed: Buffer): Promise<void> => {
    await db.query(command('torrent.replace')`
      UPDATE stream_torrent SET ${column} = ${sql.binary(sealed)}
      WHERE stream_id = ${old.streamId} AND ${column} = ${sql.binary(old.sealed)}
    `);
  };
}

const Offer = z.object({
  streamId: z.int(),
  infoHash: z.string(),
  isPrivate: z.boolean(),
  /** Only of private torrents, whose announce URLs hold a passkey and stand nowhere in the open. */
  magnetSealed: z.instanceof(Buffer).nullable(),
  trackers: z.array(z.string()),
});

/**
 * Those of the streams that may be offered: active, not blocked; each with its trackers, the best first, and for public ones
 * those of the lists as the owner wants it.
 */
export function offeredTorrents(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('torrent.offers', Offer)`
    WITH ${LISTS}
    SELECT t.stream_id AS "streamId", t.info_hash AS "infoHash", t.visibility = 'private' AS "isPrivate",
      CASE WHEN t.visibility = 'private' THEN t.magnet_sealed END AS "magnetSealed",
      ARRAY(
        SELECT k.url
        FROM (
          SELECT k.*, min(wanted.tier) AS place
          FROM (
            SELECT tt.tracker_id AS id, tt.tier FROM torrent_tracker tt
            WHERE tt.stream_id = t.stream_id AND (t.visibility = 'private' OR NOT (SELECT replaces FROM rule))
            UNION ALL
            SELECT l.id, ${FROM_LIST}::int4 FROM listed l WHERE t.visibility <> 'private'
          ) wanted JOIN tracker k ON k.id = wanted.id
          GROUP BY k.id ORDER BY ${staysFirst(sql.fragment`min(wanted.tier)`)}, ${BEST_FIRST}, min(wanted.tier), k.id
          LIMIT ${MOST_TRACKERS}
        ) k
        ORDER BY ${BEST_FIRST}, k.place, k.id
      ) AS "trackers"
    FROM stream_torrent t JOIN stream s ON s.id = t.stream_id
    WHERE t.stream_id = ANY (${sql.array([...streamIds], 'int8')}) AND s.is_active AND NOT s.is_blocked
  `);
}

const Stored = z.object({
  infoHash: z.string(),
  isPrivate: z.boolean(),
  magnetSealed: z.instanceof(Buffer).nullable(),
  fileSealed: z.instanceof(Buffer).nullable(),
  webSeeds: z.array(z.string()),
  trackers: z.array(z.string()),
});

/** What opens a stored torrent; its trackers, working ones first. */
export function storedTorrent(db: Db, streamId: number): Promise<z.infer<typeof Stored> | null> {
  return db.maybeOne(rows('torrent.stored', Stored)`
    SELECT t.info_hash AS "infoHash", t.visibility = 'private' AS "isPrivate",
      t.magnet_sealed AS "magnetSealed", t.file_sealed AS "fileSealed", t.web_seeds AS "webSeeds",
      ARRAY(
        SELECT k.url FROM torrent_tracker tt JOIN tracker k ON k.id = tt.tracker_id
        WHERE tt.stream_id = t.stream_id
        ORDER BY k.status = 'failing', tt.tier, k.success_rate DESC NULLS LAST, k.id
        LIMIT 20
      ) AS "trackers"
    FROM stream_torrent t WHERE t.stream_id = ${streamId}
  `);
}

const Counts = z.object({ uploadedBytes: z.number(), downloadedBytes: z.number() });

/** What went and came of a torrent that is kept in this store. The torrents room writes it; 0 where it knows nothing of it. */
export async function countsOf(db: Db, infoHash: string, store: string): Promise<z.infer<typeof Counts>> {
  const known = await db.maybeOne(rows('torrent.counts', Counts)`
    SELECT uploaded_bytes AS "uploadedBytes", downloaded_bytes AS "downloadedBytes"
    FROM torrent_storage WHERE info_hash = ${infoHash} AND store = ${store}
  `);
  return known ?? { uploadedBytes: 0, downloadedBytes: 0 };
}
