import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

const Stored = z.object({
  mediaId: z.int(),
  kind: z.enum(['movie', 'series', 'tv', 'event']),
  title: z.string(),
  year: z.int().nullable(),
  releaseDate: z.string().nullable(),
  endDate: z.string().nullable(),
  status: z.enum(['pending', 'completed', 'flagged', 'approved', 'rejected']),
  /** Null: nobody guessed what it is. */
  confidence: z.number().nullable(),
  /** Nobody named it: it was made from the name of a release, and is hidden while it is not sure what it is. */
  isFromName: z.boolean(),
  /** A private title of one user: nobody outside is asked about it. */
  isPrivate: z.boolean(),
  /** What providers told of it is kept. */
  hasAnswers: z.boolean(),
  /** By provider; those of its own kind's namespace. */
  ids: z.record(z.string(), z.string()),
  aliases: z.array(z.string()),
  translations: z.array(
    z.object({
      language: z.string(),
      title: z.string().nullable(),
      overview: z.string().nullable(),
      tagline: z.string().nullable(),
    }),
  ),
});
export type StoredTitle = z.infer<typeof Stored>;

/** Titles as far as they decide what is asked and what may be written; one that is gone is left out. */
export function storedTitles(db: Db, mediaIds: readonly number[]): Promise<readonly StoredTitle[]> {
  return db.any(rows('metadata.stored_titles', Stored)`
    SELECT m.id AS "mediaId", m.kind, m.title, m.year, m.release_date AS "releaseDate", m.end_date AS "endDate",
      m.enrichment_status AS status, m.match_confidence AS confidence, m.is_from_name AS "isFromName", m.owner_id IS NOT NULL AS "isPrivate",
      EXISTS (SELECT 1 FROM provider_metadata a WHERE a.media_id = m.id) AS "hasAnswers",
      coalesce((SELECT jsonb_object_agg(e.provider, e.external_id) FROM media_external_id e
        WHERE e.media_id = m.id AND e.ns IN ('any', CASE m.kind WHEN 'movie' THEN 'movie' WHEN 'event' THEN 'movie' ELSE 'tv' END)), '{}') AS ids,
      ARRAY(SELECT a.title FROM media_alias a WHERE a.media_id = m.id ORDER BY a.title) AS aliases,
      coalesce((SELECT jsonb_agg(jsonb_build_object('language', t.language, 'title', t.title, 'overview', t.overview, 'tagline', t.tagline))
        FROM media_translation t WHERE t.media_id = m.id), '[]') AS translations
    FROM media m WHERE m.id = ANY(${sql.array(mediaIds, 'int8')})
  `);
}

const Prints = z.object({ mediaId: z.int(), prints: z.record(z.string(), z.string()) });

/** Of each title a fingerprint of what each field holds now; a field that holds nothing is left out. */
export async function fieldPrints(
  db: Db,
  mediaIds: readonly number[],
): Promise<ReadonlyMap<number, Readonly<Record<string, string>>>> {
  const found = await db.any(rows('metadata.field_prints', Prints)`
    SELECT m.id AS "mediaId", jsonb_strip_nulls(jsonb_build_object(
      'title', md5(m.title), 'originalTitle', md5(m.original_title), 'year', md5(m.year::text),
      'releaseDate', md5(m.release_date::text), 'endDate', md5(m.end_date::text),
      'runtimeMinutes', md5(m.runtime_minutes::text), 'status', md5(m.status), 'network', md5(m.network),
      'tagline', md5(m.tagline), 'overview', md5(m.overview), 'subkind', md5(m.subkind), 'trailer', md5(m.trailer_youtube_id),
      'rating', md5(m.rating::text), 'ratingCount', md5(m.rating_count::text),
      'nudity', CASE WHEN m.nudity <> 'unknown' THEN md5(m.nudity) END,
      'popularity', CASE WHEN m.popularity > 0 THEN md5(m.popularity::text) END,
      'languages', CASE WHEN cardinality(m.languages) > 0 THEN md5(array_to_string(m.languages, ' ')) END,
      'countries', CASE WHEN cardinality(m.countries) > 0 THEN md5(array_to_string(m.countries, ' ')) END,
      'genres', (SELECT md5(string_agg(g.genre_id::text, ' ' ORDER BY g.genre_id)) FROM media_genre g WHERE g.media_id = m.id),
      'keywords', (SELECT md5(string_agg(k.keyword_id::text, ' ' ORDER BY k.keyword_id)) FROM media_keyword k WHERE k.media_id = m.id),
      'companies', (SELECT md5(string_agg(c.company_id::text, ' ' ORDER BY c.company_id)) FROM media_company c WHERE c.media_id = m.id),
      'certifications', (SELECT md5(string_agg(concat(c.country, c.code, c.min_age), ' ' ORDER BY c.country, c.code))
        FROM media_certification c WHERE c.media_id = m.id),
      'cast', (SELECT md5(string_agg(concat(c.person_id, c.character), ' ' ORDER BY c.id)) FROM media_credit c
        WHERE c.media_id = m.id AND c.credit_type = 'cast'),
      'crew', (SELECT md5(string_agg(concat(c.person_id, c.department, c.job), ' ' ORDER BY c.id)) FROM media_credit c
        WHERE c.media_id = m.id AND c.credit_type = 'crew')
    )) AS prints
    FROM media m WHERE m.id = ANY(${sql.array(mediaIds, 'int8')})
  `);
  return new Map(found.map(({ mediaId, prints }) => [mediaId, prints]));
}
