import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

const NabItem = z.object({
  publicId: z.uuid(),
  name: z.string(),
  sizeBytes: z.int().nullable(),
  createdAt: z.date(),
  kind: z.enum(['movie', 'series']),
  resolution: z.string().nullable(),
  imdb: z.string().nullable(),
  tmdb: z.string().nullable(),
  tvdb: z.string().nullable(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  infoHash: z.string().nullable(),
  seeders: z.int().nullable(),
  leechers: z.int().nullable(),
  trackers: z.array(z.string()),
});
export type NabItem = z.infer<typeof NabItem>;

export type NabFilter = {
  stream: 'torrent' | 'usenet';
  titles: readonly ('movie' | 'series')[];
  /** Null: of all titles, the newest first. */
  mediaIds: readonly number[] | null;
  season: number | null;
  episode: number | null;
  offset: number;
  limit: number;
};

/** Streams that may be offered to whoever holds the key: no private torrents, whose trackers know their members. */
export function nabItems(db: Db, filter: NabFilter): Promise<readonly NabItem[]> {
  const { stream, titles, mediaIds, season, episode, offset, limit } = filter;
  const ofTitles =
    mediaIds === null ? sql.fragment`` : sql.fragment`AND l.media_id = ANY (${sql.array(mediaIds, 'int8')})`;
  const kinds = sql.array(titles, 'text');
  return db.any(rows('finders.nab_items', NabItem)`
    SELECT s.public_id AS "publicId", s.name, s.size_bytes AS "sizeBytes", s.created_at AS "createdAt", m.kind, s.resolution,
      (SELECT min(e.external_id) FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'imdb') AS imdb,
      (SELECT min(e.external_id) FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'tmdb') AS tmdb,
      (SELECT min(e.external_id) FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'tvdb') AS tvdb,
      se.number AS season, ep.number AS episode, t.info_hash AS "infoHash", t.seeders, t.leechers,
      ARRAY(SELECT k.url FROM torrent_tracker tt JOIN tracker k ON k.id = tt.tracker_id
        WHERE tt.stream_id = s.id ORDER BY tt.tier, k.id LIMIT 10) AS trackers
    FROM (
      SELECT DISTINCT ON (l.stream_id) l.stream_id, l.media_id, l.episode_id
      FROM stream_media_link l
      JOIN stream s ON s.id = l.stream_id
      JOIN media m ON m.id = l.media_id
      LEFT JOIN episode ep ON ep.id = l.episode_id
      LEFT JOIN season se ON se.id = ep.season_id
      LEFT JOIN stream_torrent t ON t.stream_id = s.id
      WHERE s.kind = ${stream} AND s.is_active AND NOT s.is_blocked AND s.state = 'active' AND s.is_public
        AND m.kind = ANY (${kinds}) AND m.is_published AND m.is_public ${ofTitles}
        AND (${season}::int4 IS NULL OR se.number = ${season}::int4)
        AND (${episode}::int4 IS NULL OR ep.number = ${episode}::int4)
        AND t.visibility IS DISTINCT FROM 'private'
      ORDER BY l.stream_id DESC, l.id LIMIT ${limit} OFFSET ${offset}
    ) p
    JOIN stream s ON s.id = p.stream_id
    JOIN media m ON m.id = p.media_id
    LEFT JOIN episode ep ON ep.id = p.episode_id
    LEFT JOIN season se ON se.id = ep.season_id
    LEFT JOIN stream_torrent t ON t.stream_id = s.id
    ORDER BY s.id DESC
  `);
}

const Id = z.object({ id: z.int() });

/** Titles with one of these outside ids. */
export async function titlesWithId(
  db: Db,
  provider: string,
  value: string,
  kind: 'movie' | 'series',
): Promise<number[]> {
  const found = await db.any(rows('finders.titles_with_id', Id)`
    SELECT m.id FROM media_external_id e JOIN media m ON m.id = e.media_id
    WHERE e.provider = ${provider} AND e.external_id = ${value} AND m.kind = ${kind} LIMIT 10
  `);
  return found.map(({ id }) => id);
}

const StreamRow = z.object({ id: z.int(), name: z.string() });

/** A post that may be fetched by whoever holds the key. */
export function postOf(db: Db, publicId: string): Promise<z.infer<typeof StreamRow> | null> {
  return db.maybeOne(rows('finders.post', StreamRow)`
    SELECT s.id, s.name FROM stream s
    WHERE s.public_id = ${publicId}::uuid AND s.kind = 'usenet' AND s.is_active AND NOT s.is_blocked AND s.state = 'active' AND s.is_public
  `);
}
