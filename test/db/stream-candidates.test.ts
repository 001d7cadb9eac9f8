import { expect, test } from 'vitest';
import { z } from 'zod';
import { ensureEpisodes } from '../../src/features/media/index.ts';
import { type Ranked, rankedFor } from '../../src/features/stream-index/ranked.ts';
import { ranksOf } from '../../src/features/stream-index/ranking-facts.ts';
import { command, type Db, rows, sql } from '../../src/platform/db.ts';
import { storedStreamsRoom } from '../support/stored-streams-room.ts';

const room = storedStreamsRoom();
const { db } = room;

const texts = z.array(z.string());
const Joined = z.object({
  linkId: z.int(),
  streamId: z.int(),
  kind: z.string(),
  fileIndex: z.int().nullable(),
  fileName: z.string().nullable(),
  name: z.string().nullable(),
  ...{ audio: texts, channels: texts, hdrFormats: texts, visualTags: texts },
  ...{ resolution: z.string().nullable(), quality: z.string().nullable(), codec: z.string().nullable() },
  partNumber: z.int().nullable(),
  isVerified: z.boolean(),
  score: z.number(),
  sizeBytes: z.int().nullable(),
  seeders: z.int().nullable(),
  hasWebSeeds: z.boolean(),
  health: z.string().nullable(),
  isReachable: z.boolean(),
  sourcePriority: z.int(),
  sourceTens: z.int(),
});

/** What is offered of a place, as rows of one plain join. */
async function joinedFor(mediaId: number, episodeId: number | null) {
  const found = await db().any(rows('test.joined', Joined)`
    SELECT l.id AS "linkId", s.id AS "streamId", s.kind, l.file_index AS "fileIndex", coalesce(l.file_name, f.name) AS "fileName",
      CASE WHEN coalesce(l.file_name, f.name) IS NULL THEN s.name END AS name,
      s.audio, s.channels, s.hdr_formats AS "hdrFormats", s.visual_tags AS "visualTags", s.resolution, s.quality, s.codec,
      CASE WHEN l.file_index IS NULL THEN s.part_number END AS "partNumber",
      l.is_verified AS "isVerified", s.score,
      coalesce(l.size_bytes, f.size_bytes, CASE WHEN l.file_index IS NULL THEN s.size_bytes END) AS "sizeBytes",
      t.seeders, coalesce(cardinality(t.web_seeds) > 0, false) AS "hasWebSeeds", n.health,
      coalesce(o.is_reachable, true) AS "isReachable", coalesce(o.priority, 0) AS "sourcePriority",
      coalesce(floor(o.health_score / 10)::int4, 10) AS "sourceTens"
    FROM stream_media_link l
    JOIN stream s ON s.id = l.stream_id
    LEFT JOIN stream_file f ON f.stream_id = l.stream_id AND f.file_index = l.file_index
    LEFT JOIN stream_http h ON h.stream_id = s.id
    LEFT JOIN stream_ftp b ON b.stream_id = s.id
    LEFT JOIN source o ON o.id IN (h.source_id, b.source_id)
    LEFT JOIN stream_torrent t ON t.stream_id = s.id
    LEFT JOIN stream_usenet n ON n.stream_id = s.id
    WHERE l.media_id = ${mediaId} AND l.episode_id IS NOT DISTINCT FROM ${episodeId}::int8
      AND s.is_active AND NOT s.is_blocked AND s.state = 'active' AND s.is_public
      AND (h.expires_at IS NULL OR h.expires_at > now())
      AND (l.file_index IS NOT NULL OR NOT EXISTS (SELECT FROM stream_media_link o
        WHERE o.stream_id = l.stream_id AND o.media_id = l.media_id AND o.episode_id IS NOT DISTINCT FROM l.episode_id AND o.file_index IS NOT NULL))
    ORDER BY l.id
  `);
  return found.map((row) => ({ ...row, ...ranksOf(row) }));
}

/** 400 streams of five kinds that differ in all by which they are told apart, with names that hold what separates lists. */
async function fillStreams(places: readonly { mediaId: number; episodeId: number | null }[]) {
  await db().query(command('test.streams')`
    INSERT INTO stream (kind, name, resolution, quality, codec, audio, channels, hdr_formats, visual_tags, size_bytes, score, is_active, is_blocked, state, is_public, part_number)
    SELECT (ARRAY['torrent', 'http', 'usenet', 'youtube', 'ftp'])[1 + n % 5], 'Film "' || n || E'" \\\\ \n\t, Фильм 映画',
      (ARRAY['2160p', '1080p', NULL])[1 + n % 3], (ARRAY['WEB-DL', E'Blu"Ray\nREMUX', NULL])[1 + n % 5 % 3], (ARRAY['HEVC', NULL])[1 + n % 2],
      (ARRAY['{}', '{TrueHD,Atmos}', '{"odd, one",DTS}', '{DD+}']::text[])[1 + n % 7 % 4]::text[],
      (ARRAY['{}', '{7.1,2.0}', '{5.1}']::text[])[1 + n % 3]::text[], (ARRAY['{}', '{DV,HDR10}']::text[])[1 + n % 2]::text[],
      (ARRAY['{}', '{3D,SBS}', '{IMAX}']::text[])[1 + n % 11 % 3]::text[], CASE WHEN n % 6 > 0 THEN n * 1000000007::int8 END, (n * 37 % 1001) / 100.0,
      n % 23 > 0, n % 29 = 0, CASE WHEN n % 31 = 0 THEN 'broken' ELSE 'active' END, n % 37 > 0, CASE WHEN n % 13 < 2 THEN 1 + n % 3 END
    FROM generate_series(1, 400) n
  `);
  await db().query(command('test.torrents')`
    INSERT INTO stream_torrent (stream_id, info_hash, seeders, web_seeds)
    SELECT id, lpad(to_hex(id), 40, '0'), CASE WHEN id % 5 > 0 THEN id % 90 END, (ARRAY['{}', '{https://seed.example/}']::text[])[1 + id % 7 % 2]::text[]
    FROM stream WHERE kind = 'torrent'
  `);
  await db().query(command('test.files')`
    INSERT INTO stream_file (stream_id, file_index, name, size_bytes)
    SELECT id, i, 'Season/' || i || E' "a"\n.mkv', CASE WHEN i < 3 THEN id * 1000 + i END FROM stream, generate_series(0, 3) i WHERE id % 3 = 0
  `);
  await db().query(command('test.sources')`
    INSERT INTO source (name, base_url, priority, health_score, is_reachable)
    SELECT 'Source ' || n, 'https://' || n || '.example/', n, n * 19.5, n % 2 = 0 FROM generate_series(0, 4) n
  `);
  await db().query(command('test.http')`
    INSERT INTO stream_http (stream_id, source_id, file_path, url, url_hash, expires_at)
    SELECT s.id, o.id, CASE WHEN o.id IS NOT NULL THEN s.id::text END, 'https://files.example/' || s.id, sha256(s.id::text::bytea),
      CASE s.id % 3 WHEN 0 THEN now() - interval '1 s' WHEN 1 THEN now() + interval '1 h' END
    FROM stream s LEFT JOIN source o ON o.name = 'Source ' || s.id % 7 WHERE s.kind = 'http'
  `);
  await db().query(command('test.ftp')`
    INSERT INTO stream_ftp (stream_id, source_id, file_path, url, url_hash)
    SELECT s.id, o.id, s.id::text, 'ftp://files.example/' || s.id, sha256(s.id::text::bytea)
    FROM stream s JOIN source o ON o.name = 'Source ' || s.id % 5 WHERE s.kind = 'ftp'
  `);
  await db().query(command('test.posts')`
    INSERT INTO stream_usenet (stream_id, nzb_guid, health)
    SELECT id, id::text, (ARRAY['complete', 'damaged', 'gone', 'unknown', NULL])[1 + id % 5] FROM stream WHERE kind = 'usenet'
  `);
  for (const { mediaId, episodeId } of places)
    await db().query(command('test.links')`
      INSERT INTO stream_media_link (stream_id, media_id, episode_id, file_index, file_name, size_bytes, is_verified)
      SELECT id, ${mediaId}, ${episodeId}, CASE WHEN i > 0 THEN i END, CASE WHEN (id + i) % 13 = 0 THEN 'told' || i END,
        CASE WHEN (id + i) % 11 = 0 THEN id * 7 END, (id + i) % 4 = 0
      FROM stream, generate_series(0, 4) i
      WHERE i = 0 AND id % 2 = 0 OR i > 0 AND id % 5 = i OR i = 4 AND id % 9 = 0
      ON CONFLICT DO NOTHING
    `);
}

const Walks = z.object({ table: z.string(), walks: z.int() });

/** How often the tables of kinds were walked by what `work` asked. */
async function walksOf(work: (tx: Db) => Promise<unknown>): Promise<Record<string, number>> {
  const count = (tx: Db) =>
    tx.any(rows('test.walks', Walks)`
      SELECT relname AS table, seq_scan + coalesce(idx_scan, 0) AS walks FROM pg_stat_xact_user_tables
      WHERE relname IN ('stream_http', 'stream_ftp', 'stream_local', 'stream_torrent', 'stream_usenet')
    `);
  return await db().transaction(async (tx) => {
    const before = new Map((await count(tx)).map(({ table, walks }) => [table, walks]));
    await work(tx);
    const after = await count(tx);
    return Object.fromEntries(after.map(({ table, walks }) => [table, walks - (before.get(table) ?? 0)]));
  });
}

test('what is asked table by table is what one join answers, for a title and for an episode', async () => {
  const [episode] = await ensureEpisodes(db(), [{ mediaId: room.series, season: 1, episode: 1 }]);
  const episodeId = episode?.episodeId ?? 0;
  await fillStreams([
    { mediaId: room.film, episodeId: null },
    { mediaId: room.series, episodeId },
    { mediaId: room.series, episodeId: null },
  ]);
  await db().query(command('test.thin')`
    DELETE FROM stream_media_link WHERE media_id = ${room.series} AND stream_id % 3 = (CASE WHEN episode_id IS NULL THEN 1 ELSE 2 END)
  `);
  const byLink = (ranked: readonly Ranked[]) => ranked.toSorted((a, b) => a.linkId - b.linkId);
  for (const [mediaId, episodeOf] of [
    [room.film, null],
    [room.series, episodeId],
    [room.series, null],
  ] as const) {
    const joined = await joinedFor(mediaId, episodeOf);
    expect(joined.length).toBeGreaterThan(150);
    expect(byLink(await rankedFor(db(), { mediaId, episodeId: episodeOf }, 'all'))).toEqual(joined);
  }
  expect(await walksOf((tx) => rankedFor(tx, { mediaId: room.film, episodeId: null }, 'all'))).toEqual({
    ...{ stream_http: 1, stream_ftp: 1, stream_local: 1, stream_torrent: 1, stream_usenet: 1 },
  });
});

test('facts that change are those that streams are ranked by from then on', async () => {
  const { streamId } = await room.save({ kind: 'http', url: room.uniqueUrl(), name: 'Film 720p WEB-DL' });
  const [before] = await rankedFor(db(), { mediaId: room.film, episodeId: null }, 'all');
  await db().query(command('test.seen')`
    UPDATE stream SET resolution = '2160p', hdr_formats = ${sql.array(['DV'], 'text')} WHERE id = ${streamId}
  `);
  const [after] = await rankedFor(db(), { mediaId: room.film, episodeId: null }, 'all');
  expect([before?.rank, before?.hdrRank, after?.rank, after?.hdrRank]).toEqual([36, 0, 56, 6]);
});
