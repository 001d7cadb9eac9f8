import { z } from 'zod';
import { type Db, rows, sql } from '../../platform/db.ts';

type Visibility = 'licensed' | 'all';

const visible = (visibility: Visibility) =>
  visibility === 'all'
    ? sql.fragment`m.is_published AND m.is_public`
    : sql.fragment`m.is_published AND m.is_public AND m.open_streams > 0`;
/** Adult titles are counted and listed nowhere. */
const listed = (visibility: Visibility) => sql.fragment`${visible(visibility)} AND NOT m.is_adult`;

const KindCount = z.object({ kind: z.string(), count: z.int() });

/** Visible titles by kind. Index-only over `media_popular`/`media_popular_open`. */
export function titleCounts(db: Db, visibility: Visibility): Promise<readonly z.infer<typeof KindCount>[]> {
  return db.any(rows('stats.title_counts', KindCount)`
    SELECT m.kind, count(*)::integer AS count FROM media m WHERE ${listed(visibility)} GROUP BY m.kind
  `);
}

/** Streams offered, by kind. */
export function streamCounts(db: Db, visibility: Visibility): Promise<readonly z.infer<typeof KindCount>[]> {
  const open =
    visibility === 'all'
      ? sql.fragment``
      : sql.fragment`JOIN licence li ON li.code = s.licence_code AND li.is_open`;
  return db.any(rows('stats.stream_counts', KindCount)`
    SELECT s.kind, count(*)::integer AS count
    FROM stream s ${open}
    WHERE s.is_active AND NOT s.is_blocked AND s.state = 'active' AND s.is_public
    GROUP BY s.kind ORDER BY count DESC, s.kind
  `);
}

const LicenceCount = z.object({ code: z.string(), name: z.string(), count: z.int() });

/** Streams offered, by licence. */
export function licenceCounts(
  db: Db,
  visibility: Visibility,
): Promise<readonly z.infer<typeof LicenceCount>[]> {
  const open = visibility === 'all' ? sql.fragment`` : sql.fragment`AND li.is_open`;
  return db.any(rows('stats.licence_counts', LicenceCount)`
    SELECT li.code, li.name, count(*)::integer AS count
    FROM licence li JOIN stream s ON s.licence_code = li.code
    WHERE s.is_active AND NOT s.is_blocked AND s.state = 'active' AND s.is_public ${open}
    GROUP BY li.code ORDER BY count DESC, li.code
  `);
}

/** Episodes of the visible series. */
export async function episodeCount(db: Db, visibility: Visibility): Promise<number> {
  return db.oneFirst(rows('stats.episode_count', z.object({ count: z.int() }))`
    SELECT count(*)::integer AS count FROM media m JOIN episode e ON e.media_id = m.id
    WHERE m.kind = 'series' AND ${listed(visibility)}
  `);
}

const NewestTitle = z.object({
  mediaId: z.int(),
  publicId: z.string(),
  canonicalId: z.string(),
  kind: z.enum(['movie', 'series', 'tv', 'event']),
  title: z.string(),
  year: z.int().nullable(),
  posterUrl: z.string().nullable(),
  genres: z.array(z.string()),
  licenceCode: z.string().nullable(),
  licenceName: z.string().nullable(),
  licenceUrl: z.string().nullable(),
  attribution: z.string().nullable(),
});
export type NewestTitle = z.infer<typeof NewestTitle>;

/** The titles whose newest stream came last, of every kind, each with the licence of one stream it may be seen under. */
export function newestTitles(
  db: Db,
  visibility: Visibility,
  language: string,
  limit: number,
): Promise<readonly NewestTitle[]> {
  const open = visibility === 'all' ? sql.fragment`` : sql.fragment`AND li.is_open`;
  return db.any(rows('stats.newest_titles', NewestTitle)`
    SELECT m.id AS "mediaId", m.public_id AS "publicId", m.canonical_id AS "canonicalId", m.kind,
      coalesce(t.title, m.title) AS title, m.year, m.poster_url AS "posterUrl", m.genres,
      l.code AS "licenceCode", l.name AS "licenceName", l.url AS "licenceUrl", l.attribution
    FROM (
      SELECT k.kind, n.* FROM (VALUES ('movie'), ('series'), ('tv'), ('event')) AS k(kind)
      CROSS JOIN LATERAL (
        SELECT m.id, m.last_stream_added_at FROM media m
        WHERE m.kind = k.kind AND ${listed(visibility)}
        ORDER BY m.last_stream_added_at DESC NULLS LAST, m.id LIMIT ${limit}
      ) n
    ) n
    JOIN media m ON m.id = n.id
    LEFT JOIN media_translation t ON t.media_id = m.id AND t.language = ${language}
    LEFT JOIN LATERAL (
      SELECT li.code, li.name, li.url, s.attribution
      FROM stream_media_link sl JOIN stream s ON s.id = sl.stream_id JOIN licence li ON li.code = s.licence_code ${open}
      WHERE sl.media_id = m.id AND s.is_active AND NOT s.is_blocked
      ORDER BY s.id LIMIT 1
    ) l ON true
    ORDER BY n.last_stream_added_at DESC NULLS LAST, m.id
    LIMIT ${limit}
  `);
}

/** Does the database answer? */
export async function ping(db: Db): Promise<void> {
  await db.oneFirst(rows('stats.ping', z.object({ one: z.int() }))`SELECT 1 AS one`);
}

const PlaylistTitle = z.object({ mediaId: z.int(), title: z.string(), runtimeMinutes: z.int().nullable() });

/** A visible title by its public id. */
export function titleByPublicId(
  db: Db,
  publicId: string,
  visibility: Visibility,
): Promise<z.infer<typeof PlaylistTitle> | null> {
  return db.maybeOne(rows('stats.title_by_public_id', PlaylistTitle)`
    SELECT m.id AS "mediaId", m.title, m.runtime_minutes AS "runtimeMinutes"
    FROM media m WHERE m.public_id = ${publicId}::uuid AND ${visible(visibility)}
  `);
}
