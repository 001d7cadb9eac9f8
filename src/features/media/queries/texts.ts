import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { Touched } from './labels.ts';

type Answer = Promise<readonly Touched[]>;
type Alias = { mediaId: number; title: string };

/** Takes every other alias away from these titles. */
export function keepAliases(db: Db, mediaIds: readonly number[], kept: readonly Alias[]): Answer {
  const values = kept.map(({ mediaId, title }) => [mediaId, title]);
  return db.any(rows('media.keep_aliases', Touched)`
    DELETE FROM media_alias a
    WHERE a.media_id = ANY(${sql.array(mediaIds, 'int8')})
      AND (a.media_id, a.title) NOT IN (SELECT * FROM ${sql.unnest(values, ['int8', 'text'])} AS g)
    RETURNING a.media_id AS "mediaId"
  `);
}

export function addAliases(db: Db, given: readonly Alias[]): Answer {
  const values = given.map(({ mediaId, title }) => [mediaId, title]);
  return db.any(rows('media.add_aliases', Touched)`
    INSERT INTO media_alias (media_id, title)
    SELECT g.media_id, g.title FROM ${sql.unnest(values, ['int8', 'text'])} AS g(media_id, title)
    ON CONFLICT DO NOTHING
    RETURNING media_id AS "mediaId"
  `);
}

export type TranslationRow = {
  mediaId: number;
  language: string;
  title: string | null;
  overview: string | null;
  tagline: string | null;
};

/** Adds translations; a text that is not given stays. */
export function putTranslations(db: Db, given: readonly TranslationRow[]): Answer {
  const values = given.map((t) => [t.mediaId, t.language, t.title, t.overview, t.tagline]);
  return db.any(rows('media.put_translations', Touched)`
    INSERT INTO media_translation AS t (media_id, language, title, overview, tagline)
    SELECT g.media_id, g.language, g.title, g.overview, g.tagline
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'text', 'text'])} AS g(media_id, language, title, overview, tagline)
    ON CONFLICT (media_id, language) DO UPDATE SET
      title = coalesce(EXCLUDED.title, t.title),
      overview = coalesce(EXCLUDED.overview, t.overview),
      tagline = coalesce(EXCLUDED.tagline, t.tagline)
      WHERE (t.title, t.overview, t.tagline) IS DISTINCT FROM
        (coalesce(EXCLUDED.title, t.title), coalesce(EXCLUDED.overview, t.overview), coalesce(EXCLUDED.tagline, t.tagline))
    RETURNING t.media_id AS "mediaId"
  `);
}

export type ImageRow = {
  mediaId: number;
  type: string;
  url: string;
  language: string | null;
  position: number;
};
const imageValues = (images: readonly ImageRow[]) =>
  images.map((i) => [i.mediaId, i.type, i.url, i.language, i.position]);

/** Takes every other image away from these titles; images of an outside provider are that provider's to keep. */
export function keepImages(db: Db, mediaIds: readonly number[], kept: readonly ImageRow[]): Answer {
  const values = kept.map(({ mediaId, type, url }) => [mediaId, type, url]);
  return db.any(rows('media.keep_images', Touched)`
    DELETE FROM media_image i
    WHERE i.media_id = ANY(${sql.array(mediaIds, 'int8')}) AND i.provider_id IS NULL
      AND (i.media_id, i.type, i.url) NOT IN (SELECT * FROM ${sql.unnest(values, ['int8', 'text', 'text'])} AS g)
    RETURNING i.media_id AS "mediaId"
  `);
}

/** Adds images, or moves them to another place. */
export function putImages(db: Db, given: readonly ImageRow[]): Answer {
  return db.any(rows('media.put_images', Touched)`
    INSERT INTO media_image AS i (media_id, provider_id, type, url, language, position)
    SELECT g.media_id, NULL, g.type, g.url, g.language, g.position
    FROM ${sql.unnest(imageValues(given), ['int8', 'text', 'text', 'text', 'int4'])} AS g(media_id, type, url, language, position)
    ON CONFLICT (media_id, provider_id, type, url) DO UPDATE SET language = EXCLUDED.language, position = EXCLUDED.position
      WHERE (i.language, i.position) IS DISTINCT FROM (EXCLUDED.language, EXCLUDED.position)
    RETURNING i.media_id AS "mediaId"
  `);
}

export type ProviderImageRow = ImageRow & { provider: string };
const PROVIDER_IMAGE = ['int8', 'text', 'text', 'text', 'text', 'int4'] as const;
const providerImageValues = (images: readonly ProviderImageRow[]) =>
  images.map((i) => [i.mediaId, i.provider, i.type, i.url, i.language, i.position]);

/** Takes every other image of these providers away from these titles. */
export async function keepProviderImages(
  db: Db,
  owners: readonly { mediaId: number; provider: string }[],
  kept: readonly ProviderImageRow[],
): Promise<void> {
  const values = owners.map(({ mediaId, provider }) => [mediaId, provider]);
  await db.query(command('media.keep_provider_images')`
    DELETE FROM media_image i
    USING ${sql.unnest(values, ['int8', 'text'])} AS o(media_id, provider)
    JOIN metadata_provider p ON p.name = o.provider
    WHERE i.media_id = o.media_id AND i.provider_id = p.id
      AND (i.media_id, p.name, i.type, i.url) NOT IN (
        SELECT g.media_id, g.provider, g.type, g.url
        FROM ${sql.unnest(providerImageValues(kept), [...PROVIDER_IMAGE])} AS g(media_id, provider, type, url, language, position))
  `);
}

/** Adds providers' images to titles, or moves them to another place. */
export async function putProviderImages(db: Db, given: readonly ProviderImageRow[]): Promise<void> {
  await db.query(command('media.put_provider_images')`
    INSERT INTO media_image AS i (media_id, provider_id, type, url, language, position)
    SELECT g.media_id, p.id, g.type, g.url, g.language, g.position
    FROM ${sql.unnest(providerImageValues(given), [...PROVIDER_IMAGE])} AS g(media_id, provider, type, url, language, position)
    JOIN metadata_provider p ON p.name = g.provider
    ON CONFLICT (media_id, provider_id, type, url) DO UPDATE SET language = EXCLUDED.language, position = EXCLUDED.position
      WHERE (i.language, i.position) IS DISTINCT FROM (EXCLUDED.language, EXCLUDED.position)
  `);
}

export type CertificationRow = { mediaId: number; country: string; code: string; minAge: number | null };

/** Takes every other age rating away from these titles. */
export function keepCertifications(
  db: Db,
  mediaIds: readonly number[],
  kept: readonly CertificationRow[],
): Answer {
  const values = kept.map(({ mediaId, country, code }) => [mediaId, country, code]);
  return db.any(rows('media.keep_certifications', Touched)`
    DELETE FROM media_certification c
    WHERE c.media_id = ANY(${sql.array(mediaIds, 'int8')})
      AND (c.media_id, c.country, c.code) NOT IN (SELECT * FROM ${sql.unnest(values, ['int8', 'text', 'text'])} AS g)
    RETURNING c.media_id AS "mediaId"
  `);
}

/** Adds age ratings, a country's word each (C32). */
export function putCertifications(db: Db, given: readonly CertificationRow[]): Answer {
  const values = given.map((c) => [c.mediaId, c.country, c.code, c.minAge]);
  return db.any(rows('media.put_certifications', Touched)`
    INSERT INTO media_certification AS c (media_id, country, code, min_age)
    SELECT g.media_id, g.country, g.code, g.min_age
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'int4'])} AS g(media_id, country, code, min_age)
    ON CONFLICT (media_id, country, code) DO UPDATE SET min_age = EXCLUDED.min_age
      WHERE c.min_age IS DISTINCT FROM EXCLUDED.min_age
    RETURNING c.media_id AS "mediaId"
  `);
}

export type RatingRow = {
  mediaId: number;
  provider: string;
  type: string;
  rating: number;
  votes: number | null;
};

/** Adds what providers say; kept as they said it and in the scale 0–10. */
export function putRatings(db: Db, given: readonly RatingRow[]): Answer {
  const values = given.map((r) => [r.mediaId, r.provider, r.type, r.rating, r.votes]);
  return db.any(rows('media.put_ratings', Touched)`
    INSERT INTO media_rating AS r (media_id, provider_id, rating_type, rating, raw_rating, vote_count)
    SELECT g.media_id, p.id, g.rating_type, round(least(g.rating, p.max_rating) / p.max_rating * 10, 2), g.rating, g.votes
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'numeric', 'int8'])} AS g(media_id, provider, rating_type, rating, votes)
    JOIN rating_provider p ON p.name = g.provider
    ON CONFLICT (media_id, provider_id, rating_type) DO UPDATE SET
      rating = EXCLUDED.rating, raw_rating = EXCLUDED.raw_rating, vote_count = EXCLUDED.vote_count, updated_at = now()
      WHERE (r.raw_rating, r.vote_count) IS DISTINCT FROM (EXCLUDED.raw_rating, EXCLUDED.vote_count)
    RETURNING r.media_id AS "mediaId"
  `);
}
