import { z } from 'zod';
import { languageChain } from '../kit/language.ts';
import { type Db, plannedRows, rows, sql } from '../platform/db.ts';
import { Card, type CatalogQuery, type Visibility } from './catalog.ts';

/** The columns of a card; the page of ids is cut before, so that titles and translations are read for what is shown only. */
const CARD = sql.fragment`
  m.id AS "mediaId", m.public_id AS "publicId", m.canonical_id AS "canonicalId", m.kind,
  coalesce(t.title, m.title) AS title, coalesce(t.overview, m.overview) AS overview,
  m.year, extract(year FROM m.end_date)::integer AS "endYear", m.release_date AS "releaseDate",
  m.runtime_minutes AS "runtimeMinutes", m.poster_url AS "posterUrl", m.background_url AS "backgroundUrl",
  m.logo_url AS "logoUrl", m.genres, m.rating, m.imdb_id AS "imdbId"`;

/** PAGE_SIZE as text: for a limit it cannot see the planner takes a tenth of the table and reads whole tables to join. */
const PAGE = sql.fragment`LIMIT 100`;

/** `pt-BR`, then `pt`, then the title's own words: the same steps as the title's page takes. */
function translated(language: string) {
  const languages = sql.array(languageChain(language), 'text');
  return sql.fragment`
    LEFT JOIN LATERAL (
      SELECT t.title, t.overview FROM media_translation t
      WHERE t.media_id = m.id AND t.language = ANY(${languages})
      ORDER BY array_position(${languages}, t.language) LIMIT 1
    ) t ON true`;
}

/** Published, public, and, for an install that shows only open licences, with such a stream. */
function visible(visibility: Visibility) {
  return visibility === 'all'
    ? sql.fragment`m.is_published AND m.is_public`
    : sql.fragment`m.is_published AND m.is_public AND m.open_streams > 0`;
}

function ofGenre(genre: string | undefined) {
  return genre === undefined ? sql.fragment`` : sql.fragment`AND m.genres @> ${sql.array([genre], 'text')}`;
}

/**
 * A genre's page depends on the genre: a common one is walked down the order, a rare one looked up and sorted. One plan for
 * all takes 30 ms for `Drama` among 100,000 titles.
 */
const isPlannedEachTime = (query: CatalogQuery) => query.genre !== undefined;

/** Most watched first. Walks `media_popular` or `media_popular_open`. */
export function popularPage(db: Db, query: CatalogQuery): Promise<readonly Card[]> {
  const statement = isPlannedEachTime(query)
    ? plannedRows('catalog.popular', Card)
    : rows('catalog.popular', Card);
  return db.any(statement`
    SELECT ${CARD}
    FROM (
      SELECT m.id, m.rank FROM media m
      WHERE m.kind = ${query.kind} AND ${visible(query.visibility)} ${ofGenre(query.genre)}
      ORDER BY m.rank DESC, m.id
      ${PAGE} OFFSET ${query.skip}
    ) p
    JOIN media m ON m.id = p.id
    ${translated(query.language)}
    ORDER BY p.rank DESC, p.id
  `);
}

/** Last added first. Walks `media_new` or `media_new_open`. */
export function recentPage(db: Db, query: CatalogQuery): Promise<readonly Card[]> {
  const statement = isPlannedEachTime(query)
    ? plannedRows('catalog.recent', Card)
    : rows('catalog.recent', Card);
  return db.any(statement`
    SELECT ${CARD}
    FROM (
      SELECT m.id, m.last_stream_added_at AS added FROM media m
      WHERE m.kind = ${query.kind} AND ${visible(query.visibility)} ${ofGenre(query.genre)}
      ORDER BY m.last_stream_added_at DESC NULLS LAST, m.id
      ${PAGE} OFFSET ${query.skip}
    ) p
    JOIN media m ON m.id = p.id
    ${translated(query.language)}
    ORDER BY p.added DESC NULLS LAST, p.id
  `);
}

/**
 * Full text with the last word as a beginning, accents and case forgiven. Ranked by how well they match are the 300
 * best known of what matches and everything that is called just so. `text` may hold anything. Planned each time: the
 * titles with a `t` are walked, those with `terminator` looked up; one plan for both takes 70 ms for the `t`.
 */
export function searchPage(
  db: Db,
  query: CatalogQuery,
  { text }: { text: string },
): Promise<readonly Card[]> {
  return db.any(plannedRows('catalog.search', Card)`
    SELECT ${CARD}
    FROM (
      SELECT m.id, m.rank, (fold_words(m.title) = fold_words(${text}))::integer AS exact, ts_rank(m.search, q.q) AS match
      FROM title_query(${text}) AS q(q), LATERAL (
        (SELECT m.id FROM media m
          WHERE m.search @@ q.q AND m.kind = ${query.kind} AND ${visible(query.visibility)}
          ORDER BY m.rank DESC, m.id LIMIT 300)
        UNION
        (SELECT m.id FROM media m
          WHERE fold(m.title) = fold(${text}) AND m.kind = ${query.kind} AND ${visible(query.visibility)}
          ORDER BY m.year DESC, m.id LIMIT 100)
      ) f
      JOIN media m ON m.id = f.id
      ORDER BY exact DESC, match DESC, m.rank DESC, m.id
      ${PAGE} OFFSET ${query.skip}
    ) p
    JOIN media m ON m.id = p.id
    ${translated(query.language)}
    ORDER BY p.exact DESC, p.match DESC, p.rank DESC, p.id
  `);
}

/** Second step, only when the words found nothing: each word may be any of the five known ones most like it. */
export async function similarPage(db: Db, query: CatalogQuery, text: string): Promise<readonly Card[]> {
  const words = await similarWords(db, text);
  if (words === null) return [];
  return db.any(plannedRows('catalog.similar', Card)`
    SELECT ${CARD}
    FROM (
      SELECT m.id, m.rank, similarity(fold_words(m.title), fold_words(${text})) AS likeness
      FROM (
        SELECT m.id FROM media m
        WHERE m.search @@ ${words}::tsquery AND m.kind = ${query.kind} AND ${visible(query.visibility)}
        ORDER BY m.rank DESC, m.id LIMIT 300
      ) f
      JOIN media m ON m.id = f.id
      ORDER BY likeness DESC, m.rank DESC, m.id
      ${PAGE} OFFSET ${query.skip}
    ) p
    JOIN media m ON m.id = p.id
    ${translated(query.language)}
    ORDER BY p.likeness DESC, p.rank DESC, p.id
  `);
}

/**
 * A tsquery of words like the typed ones (trigrams); a word unlike all is left out, null when all are. Words of up to
 * three letters have too few trigrams and stand as they are.
 */
async function similarWords(db: Db, text: string): Promise<string | null> {
  const { words } = await db.one(rows('catalog.similar_words', z.object({ words: z.string().nullable() }))`
    SELECT CASE WHEN bool_or(octet_length(typed.word) > 3 AND n.near IS NOT NULL)
      THEN string_agg('(' || n.near || ')', ' & ' ORDER BY typed.place) END AS words
    FROM string_to_table(fold_words(${text}), ' ') WITH ORDINALITY AS typed(word, place)
    CROSS JOIN LATERAL (
      SELECT string_agg(array_to_tsvector(ARRAY[k.word])::text, ' | ') AS near FROM (
        SELECT w.word FROM title_word w
        WHERE octet_length(typed.word) > 3 AND w.word % typed.word
        ORDER BY similarity(w.word, typed.word) DESC, w.word
        LIMIT 5
      ) k
      UNION ALL
      SELECT array_to_tsvector(ARRAY[typed.word])::text || ':*' WHERE octet_length(typed.word) BETWEEN 1 AND 3
    ) n
  `);
  return words;
}

/** The titles of one system catalogue in its own order. Walks `catalog_item_position`. */
export function curatedPage(db: Db, query: CatalogQuery, slug: string): Promise<readonly Card[]> {
  return db.any(rows('catalog.curated', Card)`
    SELECT ${CARD}
    FROM (
      SELECT i.media_id, i.position
      FROM catalog_item i
      JOIN media m ON m.id = i.media_id AND m.kind = ${query.kind} AND ${visible(query.visibility)} ${ofGenre(query.genre)}
      WHERE i.catalog_id = (SELECT c.id FROM catalog c WHERE c.slug = ${slug} AND c.owner_id IS NULL)
      ORDER BY i.position, i.media_id
      ${PAGE} OFFSET ${query.skip}
    ) p
    JOIN media m ON m.id = p.media_id
    ${translated(query.language)}
    ORDER BY p.position, p.media_id
  `);
}

/** A system catalogue of the manifest and the kinds it holds. */
export const CuratedList = z.object({
  slug: z.string(),
  name: z.string(),
  kinds: z.array(Card.shape.kind),
});
export type CuratedList = z.infer<typeof CuratedList>;

/** The system catalogues that stand in the manifest, each with the kinds it holds for such a viewer; empty ones not. */
export function curatedLists(db: Db, visibility: Visibility): Promise<readonly CuratedList[]> {
  return db.any(rows('catalog.curated_lists', CuratedList)`
    SELECT c.slug, c.name, array_agg(DISTINCT m.kind ORDER BY m.kind) AS kinds
    FROM catalog c
    JOIN catalog_item i ON i.catalog_id = c.id
    JOIN media m ON m.id = i.media_id AND ${visible(visibility)}
    WHERE c.owner_id IS NULL AND c.in_manifest
    GROUP BY c.id
    ORDER BY c.position, c.id
    LIMIT 20
  `);
}

/** Titles looked at for the genres in use: the work stays bounded (30 ms), and a genre that is rarer finds next to nothing. */
const GENRE_SAMPLE = 20_000;

/** Names of the genres such a viewer finds titles of, most used first; they become the options of the `genre` extra. */
export async function genreNames(db: Db, visibility: Visibility, limit: number): Promise<readonly string[]> {
  const found = await db.any(rows('catalog.genre_names', z.object({ name: z.string() }))`
    SELECT g.name
    FROM (SELECT m.genres FROM media m WHERE ${visible(visibility)} LIMIT ${GENRE_SAMPLE}) m
    CROSS JOIN LATERAL unnest(m.genres) AS used(name)
    JOIN genre g ON g.name = used.name AND g.is_active AND g.parent_id IS NULL
    GROUP BY g.name
    ORDER BY count(*) DESC, g.name
    LIMIT ${limit}
  `);
  return found.map((genre) => genre.name);
}

const Standing = z.object({ standing: z.enum(['hidden', 'empty', 'shown']) });
export type Standing = z.infer<typeof Standing>['standing'];

/**
 * What such a viewer may know of one title. `hidden`: not published, not public, or, where only open licences are shown,
 * all of its streams are of other ones; `empty`: it has no stream at all, so that there is nothing to hide.
 */
export async function standingOf(db: Db, mediaId: number, visibility: Visibility): Promise<Standing> {
  const row = await db.maybeOne(rows('catalog.standing', Standing)`
    SELECT CASE WHEN m.total_streams = 0 AND m.is_published AND m.is_public THEN 'empty'
      WHEN ${visible(visibility)} THEN 'shown' ELSE 'hidden' END AS standing
    FROM media m WHERE m.id = ${mediaId}
  `);
  return row?.standing ?? 'hidden';
}
