import { z } from 'zod';
import { type Db, rows, sql } from '../platform/db.ts';
import { Card, type CatalogQuery, PAGE_SIZE, type Visibility } from './catalog.ts';

/**
 * The columns of a card, over a page of ids that the inner query has cut already: the translation is joined for
 * the 100 rows shown, never for the rows skipped.
 */
const CARD = sql.fragment`
  m.id AS "mediaId", m.public_id AS "publicId", m.canonical_id AS "canonicalId", m.kind,
  coalesce(t.title, m.title) AS title, coalesce(t.overview, m.overview) AS overview,
  m.year, extract(year FROM m.end_date)::integer AS "endYear", m.release_date AS "releaseDate",
  m.runtime_minutes AS "runtimeMinutes", m.poster_url AS "posterUrl", m.background_url AS "backgroundUrl",
  m.logo_url AS "logoUrl", m.genres, m.rating, m.imdb_id AS "imdbId"`;

/** Published, public, and, for an install that shows only open licences, with such a stream. */
function visible(visibility: Visibility) {
  return visibility === 'all'
    ? sql.fragment`m.is_published AND m.is_public`
    : sql.fragment`m.is_published AND m.is_public AND m.open_streams > 0`;
}

function ofGenre(genre: string | undefined) {
  return genre === undefined ? sql.fragment`` : sql.fragment`AND m.genres @> ${sql.array([genre], 'text')}`;
}

/** Most watched first. Walks `media_popular` or `media_popular_open`. */
export function popularPage(db: Db, query: CatalogQuery): Promise<readonly Card[]> {
  return db.any(rows('catalog.popular', Card)`
    SELECT ${CARD}
    FROM (
      SELECT m.* FROM media m
      WHERE m.kind = ${query.kind} AND ${visible(query.visibility)} ${ofGenre(query.genre)}
      ORDER BY m.rank DESC, m.id
      LIMIT ${PAGE_SIZE} OFFSET ${query.skip}
    ) m
    LEFT JOIN media_translation t ON t.media_id = m.id AND t.language = ${query.language}
    ORDER BY m.rank DESC, m.id
  `);
}

/** Last added first. Walks `media_new` or `media_new_open`. */
export function recentPage(db: Db, query: CatalogQuery): Promise<readonly Card[]> {
  return db.any(rows('catalog.recent', Card)`
    SELECT ${CARD}
    FROM (
      SELECT m.* FROM media m
      WHERE m.kind = ${query.kind} AND ${visible(query.visibility)} ${ofGenre(query.genre)}
      ORDER BY m.last_stream_added_at DESC NULLS LAST, m.id
      LIMIT ${PAGE_SIZE} OFFSET ${query.skip}
    ) m
    LEFT JOIN media_translation t ON t.media_id = m.id AND t.language = ${query.language}
    ORDER BY m.last_stream_added_at DESC NULLS LAST, m.id
  `);
}

/**
 * Full text with the last word as a prefix, accents and case forgiven; the 500 best known matches are ranked by how
 * well they match. `words` holds letters and digits only (see `search/index.ts`).
 */
export function searchPage(
  db: Db,
  query: CatalogQuery,
  words: { tsquery: string; text: string },
): Promise<readonly Card[]> {
  return db.any(rows('catalog.search', Card)`
    SELECT ${CARD}
    FROM (
      SELECT m.*, (fold(m.title) = fold(${words.text}))::integer AS exact, ts_rank(m.search, q.q) AS match
      FROM to_tsquery('simple', fold(${words.tsquery})) AS q(q), LATERAL (
        SELECT m.* FROM media m
        WHERE m.search @@ q.q AND m.kind = ${query.kind} AND ${visible(query.visibility)}
        ORDER BY m.rank DESC, m.id
        LIMIT 500
      ) m
      ORDER BY exact DESC, match DESC, m.rank DESC, m.id
      LIMIT ${PAGE_SIZE} OFFSET ${query.skip}
    ) m
    LEFT JOIN media_translation t ON t.media_id = m.id AND t.language = ${query.language}
    ORDER BY m.exact DESC, m.match DESC, m.rank DESC, m.id
  `);
}

/** Second step, only when the words found nothing: titles and aliases that look alike (trigrams), typos forgiven. */
export function similarPage(db: Db, query: CatalogQuery, text: string): Promise<readonly Card[]> {
  return db.any(rows('catalog.similar', Card)`
    SELECT ${CARD}
    FROM (
      SELECT id, max(likeness) AS likeness FROM (
        SELECT m.id, similarity(fold(m.title), fold(${text})) AS likeness FROM media m WHERE fold(m.title) % fold(${text})
        UNION ALL
        SELECT a.media_id, similarity(fold(a.title), fold(${text})) FROM media_alias a WHERE fold(a.title) % fold(${text})
      ) found GROUP BY id ORDER BY likeness DESC, id LIMIT 500
    ) f
    JOIN media m ON m.id = f.id AND m.kind = ${query.kind} AND ${visible(query.visibility)}
    LEFT JOIN media_translation t ON t.media_id = m.id AND t.language = ${query.language}
    ORDER BY f.likeness DESC, m.rank DESC, m.id
    LIMIT ${PAGE_SIZE} OFFSET ${query.skip}
  `);
}

/** The titles of one system catalogue in its own order. */
export function curatedPage(db: Db, query: CatalogQuery, slug: string): Promise<readonly Card[]> {
  return db.any(rows('catalog.curated', Card)`
    SELECT ${CARD}
    FROM catalog c
    JOIN catalog_item i ON i.catalog_id = c.id
    JOIN media m ON m.id = i.media_id AND m.kind = ${query.kind} AND ${visible(query.visibility)} ${ofGenre(query.genre)}
    LEFT JOIN media_translation t ON t.media_id = m.id AND t.language = ${query.language}
    WHERE c.slug = ${slug} AND c.owner_id IS NULL
    ORDER BY i.position, i.media_id
    LIMIT ${PAGE_SIZE} OFFSET ${query.skip}
  `);
}

/** A system catalogue of the manifest and the kinds it holds. */
export const CuratedList = z.object({
  slug: z.string(),
  name: z.string(),
  kinds: z.array(Card.shape.kind),
});
export type CuratedList = z.infer<typeof CuratedList>;

/** The system catalogues that stand in the manifest, each with the kinds it holds. */
export function curatedLists(db: Db): Promise<readonly CuratedList[]> {
  return db.any(rows('catalog.curated_lists', CuratedList)`
    SELECT c.slug, c.name, array_agg(DISTINCT m.kind ORDER BY m.kind) AS kinds
    FROM catalog c
    JOIN catalog_item i ON i.catalog_id = c.id
    JOIN media m ON m.id = i.media_id
    WHERE c.owner_id IS NULL AND c.in_manifest
    GROUP BY c.id
    ORDER BY c.position, c.id
    LIMIT 20
  `);
}

/** Names of the genres in use, most used first; they become the options of the `genre` extra. */
export async function genreNames(db: Db, limit: number): Promise<readonly string[]> {
  const found = await db.any(rows('catalog.genre_names', z.object({ name: z.string() }))`
    SELECT g.name
    FROM genre g
    CROSS JOIN LATERAL (
      SELECT count(*) AS used FROM (SELECT 1 FROM media_genre mg WHERE mg.genre_id = g.id LIMIT 1000) capped
    ) u
    WHERE g.is_active AND g.parent_id IS NULL AND u.used > 0
    ORDER BY u.used DESC, g.name
    LIMIT ${limit}
  `);
  return found.map((genre) => genre.name);
}
