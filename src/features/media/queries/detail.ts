import type { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import { Credit, DetailRow, Season } from '../schemas.ts';

/** Billing goes on for thousands in some sources; nobody reads past this. */
const MAX_CREDITS = 300;

/** A title with its small lists in the first of `languages` that is known, in one statement; where to watch it in one region, or in all (null). */
export function detailRow(
  db: Db,
  mediaId: number,
  languages: readonly string[],
  watchRegion: string | null,
): Promise<z.infer<typeof DetailRow> | null> {
  return db.maybeOne(rows('media.detail', DetailRow)`
    SELECT m.id AS "mediaId", m.public_id AS "publicId", m.canonical_id AS "canonicalId", m.kind, m.subkind,
      coalesce(t.title, m.title) AS title, m.original_title AS "originalTitle", m.year,
      extract(year FROM m.end_date)::integer AS "endYear", m.release_date AS "releaseDate", m.end_date AS "endDate",
      m.runtime_minutes AS "runtimeMinutes", m.status, m.network,
      coalesce(t.tagline, m.tagline) AS tagline, coalesce(t.overview, m.overview) AS overview,
      m.languages, m.countries, m.genres, m.imdb_id AS "imdbId",
      m.poster_url AS "posterUrl", m.background_url AS "backgroundUrl", m.logo_url AS "logoUrl",
      m.trailer_youtube_id AS "trailerYoutubeId", m.popularity, m.rating, m.rating_count AS "ratingCount",
      m.is_published AS "isPublished", m.is_featured AS "isFeatured", m.is_public AS "isPublic", m.is_adult AS "isAdult",
      m.nudity,
      m.watch_count AS "watchCount", m.total_streams AS "totalStreams", m.open_streams AS "openStreams",
      to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "createdAt",
      to_char(m.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "updatedAt",
      coalesce((SELECT jsonb_agg(jsonb_build_object('provider', e.provider, 'namespace', e.ns, 'id', e.external_id) ORDER BY e.provider, e.ns)
        FROM media_external_id e WHERE e.media_id = m.id), '[]') AS ids,
      coalesce((SELECT jsonb_agg(jsonb_build_object('type', i.type, 'url', i.url, 'language', i.language) ORDER BY i.type, i.position, i.id)
        FROM media_image i WHERE i.media_id = m.id), '[]') AS images,
      ARRAY(SELECT k.name FROM media_keyword mk JOIN keyword k ON k.id = mk.keyword_id WHERE mk.media_id = m.id ORDER BY k.name) AS keywords,
      ARRAY(SELECT c.name FROM media_company mc JOIN company c ON c.id = mc.company_id WHERE mc.media_id = m.id ORDER BY c.name) AS companies,
      ARRAY(SELECT a.title FROM media_alias a WHERE a.media_id = m.id ORDER BY a.title) AS aliases,
      ARRAY(SELECT l.language FROM media_translation l WHERE l.media_id = m.id ORDER BY l.language) AS translations,
      coalesce((SELECT jsonb_agg(jsonb_build_object('country', c.country, 'code', c.code, 'minAge', c.min_age) ORDER BY c.country, c.code)
        FROM media_certification c WHERE c.media_id = m.id), '[]') AS certifications,
      coalesce((SELECT jsonb_agg(jsonb_build_object('provider', p.name, 'type', r.rating_type, 'rating', r.rating,
          'rawRating', r.raw_rating, 'votes', r.vote_count) ORDER BY p.id, r.rating_type)
        FROM media_rating r JOIN rating_provider p ON p.id = r.provider_id WHERE r.media_id = m.id), '[]') AS ratings,
      coalesce((SELECT jsonb_agg(jsonb_build_object('region', w.region, 'service', w.service, 'offer', w.offer, 'url', w.url)
          ORDER BY w.region, w.service, w.offer)
        FROM media_provider w WHERE w.media_id = m.id AND (${watchRegion}::text IS NULL OR w.region = ${watchRegion})), '[]') AS watch
    FROM media m
    LEFT JOIN LATERAL (
      SELECT t.title, t.overview, t.tagline FROM media_translation t
      WHERE t.media_id = m.id AND t.language = ANY(${sql.array(languages, 'text')})
      ORDER BY array_position(${sql.array(languages, 'text')}, t.language) LIMIT 1
    ) t ON true
    WHERE m.id = ${mediaId}
  `);
}

/** Cast and crew in billing order, at most 300. */
export function creditsOf(db: Db, mediaId: number): Promise<readonly z.infer<typeof Credit>[]> {
  return db.any(rows('media.credits', Credit)`
    SELECT p.public_id AS "personId", p.name, c.credit_type AS type, c.department, c.job, c.character
    FROM media_credit c JOIN person p ON p.id = c.person_id
    WHERE c.media_id = ${mediaId}
    ORDER BY c.credit_type, c.position, c.id LIMIT ${MAX_CREDITS}
  `);
}

/** Seasons with their episodes, in order. */
export function seasonsOf(db: Db, mediaId: number): Promise<readonly z.infer<typeof Season>[]> {
  return db.any(rows('media.seasons', Season)`
    SELECT s.number, s.title, s.overview, s.air_date AS "airDate", s.poster_url AS "posterUrl",
      coalesce((SELECT jsonb_agg(jsonb_build_object('episodeId', e.id, 'number', e.number, 'title', e.title, 'overview', e.overview,
          'airDate', e.air_date, 'runtimeMinutes', e.runtime_minutes, 'thumbnailUrl', e.thumbnail_url) ORDER BY e.number)
        FROM episode e WHERE e.season_id = s.id), '[]') AS episodes
    FROM season s WHERE s.media_id = ${mediaId}
    ORDER BY s.number
  `);
}
