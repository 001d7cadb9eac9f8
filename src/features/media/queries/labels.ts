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

/** Puts genres under their parents, adding the missing ones; a genre that stood at the top moves. Parents come before their children. */
export async function putGenreTree(
  db: Db,
  genres: readonly { slug: string; name: string; parentSlug: string | null }[],
): Promise<void> {
  const values = genres.map(({ slug, name, parentSlug }) => [slug, name, parentSlug]);
  await db.query(command('media.put_genre_tree')`
    INSERT INTO genre AS g (slug, name, parent_id)
    SELECT n.slug, n.name, p.id FROM ${sql.unnest(values, ['text', 'text', 'text'])} AS n(slug, name, parent)
    LEFT JOIN genre p ON p.slug = n.parent
    ON CONFLICT (slug) DO UPDATE SET parent_id = EXCLUDED.parent_id WHERE g.parent_id IS DISTINCT FROM EXCLUDED.parent_id
  `);
}

/** How much of these titles a genre is that they have only through one of its sub-genres, 0 to 1. */
export async function weighParents(db: Db, mediaIds: readonly number[], weight: number): Promise<void> {
  await db.query(command('media.weigh_parents')`
    UPDATE media_genre mg SET weight = ${weight}
    WHERE mg.media_id = ANY(${sql.array(mediaIds, 'int8')}) AND mg.weight <> ${weight}
      AND EXISTS (SELECT 1 FROM media_genre s JOIN genre g ON g.id = s.genre_id WHERE s.media_id = mg.media_id AND g.parent_id = mg.genre_id)
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

/** What a title has by name only: the table of the names, the table of the links, and its column. */
const LABELS = {
  keyword: { names: 'keyword', links: 'media_keyword', column: 'keyword_id' },
  company: { names: 'company', links: 'media_company', column: 'company_id' },
} as const;
export type Label = keyof typeof LABELS;

function partsOf(label: Label) {
  const { names, links, column } = LABELS[label];
  return {
    names: sql.identifier([names]),
    links: sql.identifier([links]),
    column: sql.identifier([column]),
  };
}

/** Takes every other keyword or company away from these titles. */
export function keepLabels(
  db: Db,
  label: Label,
  mediaIds: readonly number[],
  kept: readonly Named[],
): Promise<readonly Touched[]> {
  const { names, links, column } = partsOf(label);
  return db.any(rows('media.keep_labels', Touched)`
    DELETE FROM ${links} l USING ${names} n
    WHERE n.id = l.${column} AND l.media_id = ANY(${sql.array(mediaIds, 'int8')})
      AND (l.media_id, n.name) NOT IN (SELECT * FROM ${sql.unnest(namedValues(kept), ['int8', 'text'])} AS g)
    RETURNING l.media_id AS "mediaId"
  `);
}

/** Makes the keywords or companies that are missing. */
export async function insertLabels(db: Db, label: Label, given: readonly string[]): Promise<void> {
  const { names } = partsOf(label);
  await db.query(command('media.insert_labels')`
    INSERT INTO ${names} (name)
    SELECT g.name FROM unnest(${sql.array(given, 'text')}) AS g(name)
    WHERE NOT EXISTS (SELECT 1 FROM ${names} n WHERE n.name = g.name)
    ON CONFLICT DO NOTHING
  `);
}

export function addLabels(db: Db, label: Label, given: readonly Named[]): Promise<readonly Touched[]> {
  const { names, links, column } = partsOf(label);
  return db.any(rows('media.add_labels', Touched)`
    INSERT INTO ${links} (media_id, ${column})
    SELECT g.media_id, n.id
    FROM ${sql.unnest(namedValues(given), ['int8', 'text'])} AS g(media_id, name)
    JOIN ${names} n ON n.name = g.name
    ON CONFLICT DO NOTHING
    RETURNING media_id AS "mediaId"
  `);
}
