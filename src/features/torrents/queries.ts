import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import type { FoundTorrent, StoredTorrent } from '../../streams/storage.ts';

/** How long figures of the moment hold; the engine tells them every 5 s while there is anything to tell. */
const FRESH_S = 15;

const REPORT_TYPES = [
  ...['text', 'text', 'int8', 'int4', 'int8', 'int4', 'text', 'text', 'int8', 'int8'],
  ...['int4', 'int4', 'int8', 'float8'],
];

/**
 * Writes what one store told, in one statement. A pause is the owner's: reports neither make nor end one. What was downloaded
 * and uploaded is added to what was before.
 */
export async function saveStored(db: Db, store: string, reports: readonly StoredTorrent[]): Promise<void> {
  const values = reports.map((one) => [
    ...[one.infoHash, one.name?.replace(/\p{Cc}/gu, '') || null, one.sizeBytes, one.piecesHeld],
    ...[one.bytesOnDisk, one.pieceCount, one.status, one.error, one.downloadedBytes, one.uploadedBytes],
    ...[one.peers, one.readers, one.bytesPerSecond, one.accessedAt === null ? null : one.accessedAt / 1000],
  ]);
  await db.query(command('torrents.save_stored')`
    INSERT INTO torrent_storage AS s (info_hash, store, stream_id, name, size_bytes, pieces_held, bytes_on_disk, piece_count, progress,
      status, error, downloaded_bytes, uploaded_bytes, peers, readers, bytes_per_second, accessed_at)
    SELECT g.info_hash, ${store}, t.stream_id, left(g.name, 1000), g.size_bytes, g.pieces_held, g.bytes_on_disk, n.piece_count,
      CASE WHEN n.piece_count > 0 THEN least(1, g.pieces_held::float8 / n.piece_count) ELSE 0 END,
      CASE
        WHEN EXISTS (SELECT FROM torrent_storage p WHERE p.info_hash = g.info_hash AND p.status = 'paused') THEN 'paused'
        WHEN g.status = 'idle' AND g.pieces_held >= n.piece_count THEN 'completed'
        ELSE g.status
      END,
      left(g.error, 1000), g.downloaded_bytes, g.uploaded_bytes, g.peers, g.readers, g.bytes_per_second, coalesce(to_timestamp(g.accessed_at), k.accessed_at, now())
    FROM ${sql.unnest(values, REPORT_TYPES)} AS g(info_hash, name, size_bytes, pieces_held, bytes_on_disk, piece_count, status, error,
        downloaded_bytes, uploaded_bytes, peers, readers, bytes_per_second, accessed_at)
      LEFT JOIN stream_torrent t ON t.info_hash = g.info_hash
      LEFT JOIN torrent_storage k ON k.info_hash = g.info_hash AND k.store = ${store}
      CROSS JOIN LATERAL (SELECT coalesce(g.piece_count, k.piece_count) AS piece_count) n
    ORDER BY g.info_hash
    ON CONFLICT (info_hash, store) DO UPDATE SET
      stream_id = excluded.stream_id, name = coalesce(excluded.name, s.name), size_bytes = coalesce(excluded.size_bytes, s.size_bytes),
      pieces_held = excluded.pieces_held, bytes_on_disk = excluded.bytes_on_disk, piece_count = excluded.piece_count,
      progress = excluded.progress,
      status = CASE WHEN s.status = 'paused' THEN 'paused' WHEN excluded.status = 'paused' THEN 'idle' ELSE excluded.status END,
      error = excluded.error, downloaded_bytes = s.downloaded_bytes + excluded.downloaded_bytes,
      uploaded_bytes = s.uploaded_bytes + excluded.uploaded_bytes, peers = excluded.peers, readers = excluded.readers,
      bytes_per_second = excluded.bytes_per_second, accessed_at = excluded.accessed_at,
      updated_at = greatest(s.created_at, clock_timestamp())
  `);
}

/** What a look at the disk found, of torrents nobody has open; rows of others whose pieces are gone go, but for the owner's pauses. */
export async function settleFound(
  db: Db,
  store: string,
  found: readonly FoundTorrent[],
  isKnownBetter: (infoHash: string) => boolean,
): Promise<void> {
  const quiet = { name: null, sizeBytes: null, pieceCount: null, status: 'idle', error: null } as const;
  const none = { downloadedBytes: 0, uploadedBytes: 0, peers: 0, readers: 0, bytesPerSecond: 0 };
  const known = await db.any(rows(
    'torrents.of_store',
    z.object({ infoHash: z.string(), isPaused: z.boolean() }),
  )`
    SELECT info_hash AS "infoHash", status = 'paused' AS "isPaused" FROM torrent_storage WHERE store = ${store}
  `);
  const here = new Set(found.map(({ infoHash }) => infoHash));
  const lost = known.filter(({ infoHash }) => !here.has(infoHash) && !isKnownBetter(infoHash));
  const empty = lost
    .filter(({ isPaused }) => isPaused)
    .map(({ infoHash }) => ({ infoHash, piecesHeld: 0, bytesOnDisk: 0, accessedAt: null }));
  const settled = [...found.filter(({ infoHash }) => !isKnownBetter(infoHash)), ...empty];
  await saveStored(
    db,
    store,
    settled.map((one) => ({ ...one, ...quiet, ...none })),
  );
  const gone = lost.filter(({ isPaused }) => !isPaused).map(({ infoHash }) => infoHash);
  await deleteStored(db, gone, store);
}

/** The rows of these torrents; null: of every store. */
export async function deleteStored(
  db: Db,
  infoHashes: readonly string[],
  store: string | null,
): Promise<void> {
  await db.query(command('torrents.delete_stored')`
    DELETE FROM torrent_storage
    WHERE info_hash = ANY (${sql.array([...infoHashes], 'text')}) AND (${store}::text IS NULL OR store = ${store}::text)
  `);
}

const Hash = z.object({ infoHash: z.string() });

export async function pausedTorrents(db: Db): Promise<readonly string[]> {
  const paused = await db.any(rows('torrents.paused', Hash)`
    SELECT DISTINCT info_hash AS "infoHash" FROM torrent_storage WHERE status = 'paused'
  `);
  return paused.map(({ infoHash }) => infoHash);
}

/** False: nothing of it is known. */
export async function pauseStored(db: Db, infoHash: string): Promise<boolean> {
  const changed = await db.any(rows('torrents.pause', Hash)`
    UPDATE torrent_storage SET status = 'paused', error = NULL, updated_at = greatest(created_at, clock_timestamp())
    WHERE info_hash = ${infoHash} RETURNING info_hash AS "infoHash"
  `);
  return changed.length > 0;
}

/** False: nothing of it is known. What it is then, the next report says. */
export async function resumeStored(db: Db, infoHash: string): Promise<boolean> {
  const changed = await db.any(rows('torrents.resume', Hash)`
    UPDATE torrent_storage SET updated_at = greatest(created_at, clock_timestamp()),
      status = CASE WHEN status <> 'paused' THEN status WHEN pieces_held >= piece_count THEN 'completed' ELSE 'idle' END
    WHERE info_hash = ${infoHash} RETURNING info_hash AS "infoHash"
  `);
  return changed.length > 0;
}

export const Torrent = z.object({
  infoHash: z.string(),
  /** Of the stream it was saved as; null: played by a link. */
  streamId: z.string().nullable(),
  name: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  pieceCount: z.int().nullable(),
  piecesHeld: z.int(),
  /** 0–1, of its pieces on disk. */
  progress: z.number(),
  status: z.enum(['downloading', 'completed', 'seeding', 'idle', 'paused', 'error']),
  error: z.string().nullable(),
  bytesOnDisk: z.number(),
  downloadedBytes: z.number(),
  uploadedBytes: z.number(),
  peers: z.int(),
  /** Viewers' requests that read it now. */
  readers: z.int(),
  bytesPerSecond: z.number(),
  accessedAt: z.iso.datetime(),
});
export type Torrent = z.infer<typeof Torrent>;

/** Of several stores the one that has most counts; what lies there and what is moved now, of all together. */
const ONE_A_TORRENT = sql.fragment`
  SELECT c.info_hash AS "infoHash", s.public_id::text AS "streamId", coalesce(s.name, c.name) AS name,
    coalesce(c.size_bytes, s.size_bytes) AS "sizeBytes", c.piece_count AS "pieceCount", c.pieces_held AS "piecesHeld", c.progress, c.status,
    CASE WHEN c.status = 'error' THEN c.error END AS error, c.bytes_on_disk AS "bytesOnDisk", c.downloaded_bytes AS "downloadedBytes",
    c.uploaded_bytes AS "uploadedBytes", c.peers, c.readers, c.bytes_per_second AS "bytesPerSecond",
    to_char(c.accessed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "accessedAt"
  FROM (
    SELECT t.info_hash, max(t.name) AS name, max(t.size_bytes) AS size_bytes, max(t.piece_count) AS piece_count,
      max(t.pieces_held) AS pieces_held, max(t.progress) AS progress, max(t.error) AS error, max(t.stream_id) AS stream_id,
      sum(t.bytes_on_disk)::int8 AS bytes_on_disk, sum(t.downloaded_bytes)::int8 AS downloaded_bytes,
      sum(t.uploaded_bytes)::int8 AS uploaded_bytes, max(t.accessed_at) AS accessed_at,
      coalesce(sum(t.peers) FILTER (WHERE f.is_fresh), 0)::int4 AS peers,
      coalesce(sum(t.readers) FILTER (WHERE f.is_fresh), 0)::int4 AS readers,
      coalesce(sum(t.bytes_per_second) FILTER (WHERE f.is_fresh), 0)::int8 AS bytes_per_second,
      (ARRAY['paused', 'downloading', 'seeding', 'completed', 'error', 'idle'])[min(array_position(
        ARRAY['paused', 'downloading', 'seeding', 'completed', 'error', 'idle'],
        CASE WHEN f.is_fresh OR t.status NOT IN ('downloading', 'seeding') THEN t.status
          WHEN t.progress = 1 THEN 'completed' ELSE 'idle' END))] AS status
    FROM torrent_storage t
      CROSS JOIN LATERAL (SELECT t.updated_at > now() - make_interval(secs => ${FRESH_S}) AS is_fresh) f
    GROUP BY t.info_hash
  ) c LEFT JOIN stream s ON s.id = c.stream_id`;

/** What is being watched first, then by the last access. Reads the whole table, which has a row for what fits a disk. */
export function listTorrents(
  db: Db,
  { limit, offset }: { limit: number; offset: number },
): Promise<readonly Torrent[]> {
  return db.any(rows('torrents.list', Torrent)`
    ${ONE_A_TORRENT} ORDER BY c.readers > 0 DESC, c.accessed_at DESC, c.info_hash LIMIT ${limit} OFFSET ${offset}
  `);
}

export function oneTorrent(db: Db, infoHash: string): Promise<Torrent | null> {
  return db.maybeOne(rows('torrents.one', Torrent)`${ONE_A_TORRENT} WHERE c.info_hash = ${infoHash}`);
}

const Use = z.object({ total: z.int(), usedBytes: z.number(), elsewhereBytes: z.number() });

/** How many there are, and what they take here and on the disks of other instances. */
export function storageUse(db: Db, store: string): Promise<z.infer<typeof Use>> {
  return db.one(rows('torrents.use', Use)`
    SELECT count(DISTINCT info_hash) AS total,
      coalesce(sum(bytes_on_disk) FILTER (WHERE store = ${store}), 0)::int8 AS "usedBytes",
      coalesce(sum(bytes_on_disk) FILTER (WHERE store <> ${store}), 0)::int8 AS "elsewhereBytes"
    FROM torrent_storage
  `);
}

const Deleted = z.object({ deleted: z.int() });

/** Rows of what was evicted a day ago, and of stores that were not heard of for three months. Returns how many went. */
export async function forgetStored(db: Db): Promise<number> {
  const { deleted } = await db.one(rows('torrents.forget', Deleted)`
    WITH gone AS (
      DELETE FROM torrent_storage
      WHERE (pieces_held = 0 AND status <> 'paused' AND updated_at < now() - interval '1 day')
        OR (updated_at < now() - interval '90 days' AND store NOT IN (
          SELECT k.store FROM torrent_storage k WHERE k.updated_at >= now() - interval '90 days'
        ))
      RETURNING 1
    )
    SELECT count(*) AS deleted FROM gone
  `);
  return deleted;
}
