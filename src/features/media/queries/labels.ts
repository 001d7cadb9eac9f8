import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Rows written or taken away answer the titles they belong to, so that an import can tell what changed. */
export const Touched = z.object({ mediaId: z.int() });
export type Touched = z.infer<typeof Touched>;

const GenreId = z.object({ slug: z.string(), genreId: z.int() });

/** The genres of these slugs, or of these names at the top of the tree; a missing one is left out. */
export function genresBy(
  db: Db,
  genres: readonly { slug: string; name: string }[],
): Promise<readonly z.infer<typeof GenreId>[]> {
  const values = genres.map(({ slug, name }) => [slug, name]);
  return db.any(rows('media.genres_by', GenreId)`
    SELECT g.slug, f.id AS "genreId"
    FROM ${sql.unnest(values, ['text', 'text'])} AS g(slug, name)
    CROSS JOIN LATERAL (
      SELECT coalesce(
        (SELECT e.id FROM genre e WHERE e.slug = g.slug),
        (SELECT e.id FROM genre e WHERE e.name = g.name AND e.parent_id IS NULL)) AS id
    ) f
    WHERE f.id IS NOT NULL
  `);
}

/** Adds genres at the top of the tree; one that is there already stays as it is. */
export async function insertGenres(db: Db, genres: readonly { slug: string; name: string }[]): Promise<void> {
  const values = genres.map(({ slug, name }) => [slug, name]);
  await db.query(command('media.insert_genres')`
    INSERT INTO genre (slug, name)
    SELECT g.slug, g.name FROM ${sql.unnest(values, ['text', 'text'])} AS g(slug, name)
    ON CONFLICT DO NOTHING
  `);
}

/** Takes every other genre away from these titles. */
export function keepGenres(
  db: Db,
  mediaIds: readonly number[],
  kept: readonly { mediaId: number; genreId: number }[],
): Promise<readonly Touched[]> {
  const values = kept.map(({ mediaId, genreId }) => [mediaId, genreId]);
  return db.any(rows('media.keep_genres', Touched)`
    DELETE FROM media_genre mg
    WHERE mg.media_id = ANY(${sql.array(mediaIds, 'int8')})
      AND (mg.media_id, mg.genre_id) NOT IN (SELECT * FROM ${sql.unnest(values, ['int8', 'int8'])} AS g)
    RETURNING mg.media_id AS "mediaId"
  `);
}

export function addGenres(
  db: Db,
  given: readonly { mediaId: number; genreId: number }[],
): Promise<readonly Touched[]> {
  const values = given.map(({ mediaId, genreId }) => [mediaId, genreId]);
  return db.any(rows('media.add_genres', Touched)`
    INSERT INTO media_genre (media_id, genre_id)
    SELECT g.media_id, g.genre_id FROM ${sql.unnest(values, ['int8', 'int8'])} AS g(media_id, genre_id)
    ON CONFLICT DO NOTHING
    RETURNING media_id AS "mediaId"
  `);
}

type Named = { mediaId: number; name: string };
const namedValues = (given: readonly Named[]) => given.map(({ mediaId, name }) => [mediaId, name]);

/** Takes every other keyword away from these titles. */
export function keepKeywords(
  db: Db,
  mediaIds: readonly number[],
  kept: readonly Named[],
): Promise<readonly Touched[]> {
  return db.any(rows('media.keep_keywords', Touched)`
    DELETE FROM media_keyword mk USING keyword k
    WHERE k.id = mk.keyword_id AND mk.media_id = ANY(${sql.array(mediaIds, 'int8')})
      AND (mk.media_id, k.name) NOT IN (SELECT * FROM ${sql.unnest(namedValues(kept), ['int8', 'text'])} AS g)
    RETURNING mk.media_id AS "mediaId"
  `);
}

/** Makes the keywords that are missing. */
export async function insertKeywords(db: Db, names: readonly string[]): Promise<void> {
  await db.query(command('media.insert_keywords')`
    INSERT INTO keyword (name)
    SELECT n.name FROM unnest(${sql.array(names, 'text')}) AS n(name)
    WHERE NOT EXISTS (SELECT 1 FROM keyword k WHERE k.name = n.name)
    ON CONFLICT DO NOTHING
  `);
}

export function addKeywords(db: Db, given: readonly Named[]): Promise<readonly Touched[]> {
  return db.any(rows('media.add_keywords', Touched)`
    INSERT INTO media_keyword (media_id, keyword_id)
    SELECT g.media_id, k.id
    FROM ${sql.unnest(namedValues(given), ['int8', 'text'])} AS g(media_id, name)
    JOIN keyword k ON k.name = g.name
    ON CONFLICT DO NOTHING
    RETURNING media_id AS "mediaId"
  `);
}

/** Takes every other company away from these titles. */
export function keepCompanies(
  db: Db,
  mediaIds: readonly number[],
  kept: readonly Named[],
): Promise<readonly Touched[]> {
  return db.any(rows('media.keep_companies', Touched)`
    DELETE FROM media_company mc USING company c
    WHERE c.id = mc.company_id AND mc.media_id = ANY(${sql.array(mediaIds, 'int8')})
      AND (mc.media_id, c.name) NOT IN (SELECT * FROM ${sql.unnest(namedValues(kept), ['int8', 'text'])} AS g)
    RETURNING mc.media_id AS "mediaId"
  `);
}

/** Makes the companies that are missing. */
export async function insertCompanies(db: Db, names: readonly string[]): Promise<void> {
  await db.query(command('media.insert_companies')`
    INSERT INTO company (name)
    SELECT n.name FROM unnest(${sql.array(names, 'text')}) AS n(name)
    WHERE NOT EXISTS (SELECT 1 FROM company c WHERE c.name = n.name)
    ON CONFLICT DO NOTHING
  `);
}

export function addCompanies(db: Db, given: readonly Named[]): Promise<readonly Touched[]> {
  return db.any(rows('media.add_companies', Touched)`
    INSERT INTO media_company (media_id, company_id)
    SELECT g.media_id, c.id
    FROM ${sql.unnest(namedValues(given), ['int8', 'text'])} AS g(media_id, name)
    JOIN company c ON c.name = g.name
    ON CONFLICT DO NOTHING
    RETURNING media_id AS "mediaId"
  `);
}
