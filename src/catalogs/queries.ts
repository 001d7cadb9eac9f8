import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { languageChain } from '../kit/language.ts';
import { type Db, type Fragment, rows, sql } from '../platform/db.ts';
import { cutCards } from './card-text.ts';
import type { Card, CatalogQuery } from './catalog.ts';
import { hasNoRule, listed, suits, type Viewer } from './viewer.ts';

/** What gives `p.id` of each title of a page, in which order, and in which language they are shown. */
type PageParts = { name: string; from: Fragment; order: Fragment; language: string };

/** What stands between fields; the second, for a page with a title that holds the first, cannot be foreseen by who writes titles. */
const SEPARATORS = ['\u001f', randomUUID()] as const;

/**
 * A page's cards. All of them in one value, which Node cuts: a hundred rows of thirteen columns took the driver 0.4 ms more, and left twice
 * as much for the collections of the whole heap. The page of ids is cut before, so that titles and translations are read for what is shown only.
 */
async function cardsIn(db: Db, { name, from, order, language }: PageParts): Promise<readonly Card[]> {
  const chain = languageChain(language);
  const translation = chain.length === 1 ? translatedTo(chain[0] ?? language) : translatedToFirst(chain);
  for (const separator of SEPARATORS) {
    // In the order of `card-text.ts`. A text that may be missing begins with `=`, so that an empty one is told from none.
    const { count, text } = await db.one(rows(name, CardsText)`
      SELECT count(*) AS count, string_agg(t.card, ${separator}) AS text
      FROM (
        SELECT concat(
          m.canonical_id, s.s, coalesce(t.title, m.title), s.s, '=' || coalesce(t.overview, m.overview), s.s,
          m.year, s.s, m.release_date, s.s, m.end_date, s.s, m.runtime_minutes, s.s,
          '=' || m.poster_url, s.s, '=' || m.background_url, s.s, '=' || m.logo_url, s.s,
          array_to_json(m.genres), s.s, m.rating, s.s, '=' || m.imdb_id
        ) AS card
        FROM (SELECT ${separator}::text AS s) s
        CROSS JOIN ${from}
        JOIN media m ON m.id = p.id
        ${translation}
        ORDER BY ${order}
      ) t
    `);
    const cards = cutCards(text ?? '', separator, count);
    if (cards !== null) return cards;
  }
  throw new Error('a page of titles cannot be cut');
}

/** One step (`de`): a plain lookup by key takes half the time of the ordered one below, 0.2 ms a page. */
function translatedTo(language: string) {
  return sql.fragment`LEFT JOIN media_translation t ON t.media_id = m.id AND t.language = ${language}`;
}

/** `pt-BR`, then `pt`, then the title's own words: the same steps as the title's page takes. */
function translatedToFirst(chain: readonly string[]) {
  const languages = sql.array(chain, 'text');
  return sql.fragment`
    LEFT JOIN LATERAL (
      SELECT t.title, t.overview FROM media_translation t
      WHERE t.media_id = m.id AND t.language = ANY(${languages})
      ORDER BY array_position(${languages}, t.language) LIMIT 1
    ) t ON true`;
}

const CardsText = z.object({ count: z.int(), text: z.string().nullable() });

/** PAGE_SIZE as text: for a limit it cannot see the planner takes a tenth of the table and reads whole tables to join. */
const PAGE = sql.fragment`LIMIT 100`;

/**
 * A number the planner cannot see. Of a visible one it makes a plan for each call (a small offset looks cheaper than the
 * unknown one of the prepared plan), and planning is half of a page's time: 2.2 against 1.1 ms.
 */
const offset = (skip: number) => sql.fragment`OFFSET (SELECT ${skip}::integer)`;

/** As text for the same reason: a prepared plan each, since a kind of few titles would seem to want its own each time. */
const KINDS = {
  movie: sql.fragment`m.kind = 'movie'`,
  series: sql.fragment`m.kind = 'series'`,
  tv: sql.fragment`m.kind = 'tv'`,
  event: sql.fragment`m.kind = 'event'`,
} as const;

/** Of the kind, and in lists for whoever asks. */
function shown(query: Pick<CatalogQuery, 'kind' | 'visibility' | 'viewer'>) {
  return sql.fragment`${KINDS[query.kind]} AND ${listed(query)}`;
}

/** Columns of the two orders, in `media` and in what stands beside it. */
type Ordering = { columns: Fragment; order: Fragment; inner: Fragment };
const POPULAR: Ordering = {
  columns: sql.fragment`m.rank`,
  order: sql.fragment`p.rank DESC, p.id`,
  inner: sql.fragment`m.rank DESC`,
};
const RECENT: Ordering = {
  columns: sql.fragment`m.last_stream_added_at AS added`,
  order: sql.fragment`p.added DESC NULLS LAST, p.id`,
  inner: sql.fragment`m.last_stream_added_at DESC NULLS LAST`,
};

/**
 * Where a page's titles stand in order: all of them, the shelf of a genre (migration 0006), or what a profile is allowed (0059, and of a genre 0069). All have
 * the columns of both orders, so that each page is one walk of one index; two where exceptions stand beside a rule.
 */
function shelf(query: CatalogQuery, { columns, inner }: Ordering): Fragment {
  const { viewer } = query;
  if (!viewer) return unruled(query, columns);
  const allowed = exceptions(query, viewer, columns);
  if (viewer.mode === 'allow') return allowed;
  const rest = ruled(query, viewer, columns);
  // Each walks its own index; together they would be read whole and sorted (280 ms a page of a genre among 100,000 titles).
  const first = walked(query.skip);
  return sql.fragment`(${rest} ORDER BY ${inner}, ${idIn(query)} ${first}) UNION ALL (${allowed} ORDER BY ${inner}, m.media_id ${first})`;
}

/** By the mode alone: titles without a rule of their own. A genre's shelf has the ages of its titles too (0069). */
function ruled(query: CatalogQuery, viewer: Viewer, columns: Fragment): Fragment {
  const id = idIn(query);
  return sql.fragment`${unruled(query, columns)} AND ${hasNoRule(viewer, id)} AND ${suits(viewer, { id, age: sql.fragment`m.age_min` })}`;
}

/** In `media`, or in `genre_shelf`. */
function idIn({ genre }: Pick<CatalogQuery, 'genre'>): Fragment {
  return genre === undefined ? sql.fragment`m.id` : sql.fragment`m.media_id`;
}

/** As far as a page may reach, as text: the planner must see it. */
function walked(skip: number): Fragment {
  if (skip === 0) return PAGE;
  if (skip <= 900) return sql.fragment`LIMIT 1000`;
  return skip <= 9900 ? sql.fragment`LIMIT 10000` : sql.fragment`LIMIT 100100`;
}

function unruled(query: CatalogQuery, columns: Fragment): Fragment {
  const { kind, visibility, genre } = query;
  if (genre === undefined)
    return sql.fragment`SELECT m.id, ${columns} FROM media m WHERE ${KINDS[kind]} AND ${listed({ visibility })}`;
  const open = visibility === 'all' ? sql.fragment`` : sql.fragment`AND m.is_open`;
  return sql.fragment`SELECT m.media_id AS id, ${columns} FROM genre_shelf m
      WHERE m.genre_id = (SELECT g.id FROM genre g WHERE g.name = ${genre}) AND ${KINDS[kind]} ${open}`;
}

function exceptions({ kind, genre }: CatalogQuery, viewer: Viewer, columns: Fragment): Fragment {
  if (genre === undefined)
    return sql.fragment`SELECT m.media_id AS id, ${columns} FROM profile_policy m
      WHERE m.profile_id = ${viewer.profileId} AND m.policy = 'allow' AND m.is_shown AND ${KINDS[kind]}`;
  return sql.fragment`SELECT m.media_id AS id, ${columns} FROM profile_shelf m
      WHERE m.profile_id = ${viewer.profileId} AND m.genre_id = (SELECT g.id FROM genre g WHERE g.name = ${genre}) AND ${KINDS[kind]}`;
}

function orderedPage(
  db: Db,
  name: string,
  query: CatalogQuery,
  ordering: Ordering,
): Promise<readonly Card[]> {
  return cardsIn(db, {
    name,
    from: sql.fragment`(
      SELECT * FROM (${shelf(query, ordering)}) p
      ORDER BY ${ordering.order}
      ${PAGE} ${offset(query.skip)}
    ) p`,
    order: ordering.order,
    language: query.language,
  });
}

/** Most watched first. Walks `media_popular` or `genre_shelf_popular`, or the one of open licences. */
export function popularPage(db: Db, query: CatalogQuery): Promise<readonly Card[]> {
  return orderedPage(db, 'catalog.popular', query, POPULAR);
}

/** Last added first. Walks `media_new` or `genre_shelf_new`, or the one of open licences. */
export function recentPage(db: Db, query: CatalogQuery): Promise<readonly Card[]> {
  return orderedPage(db, 'catalog.recent', query, RECENT);
}

/** These titles as cards, in this order. */
export function cardsOf(db: Db, mediaIds: readonly number[], language: string): Promise<readonly Card[]> {
  return cardsIn(db, {
    name: 'catalog.cards',
    from: sql.fragment`unnest(${sql.array(mediaIds, 'int8')}) WITH ORDINALITY AS p(id, place)`,
    order: sql.fragment`p.place`,
    language,
  });
}

/** The titles of one system catalogue in its own order. Walks `catalog_item_position`. */
export function curatedPage(db: Db, query: CatalogQuery, slug: string): Promise<readonly Card[]> {
  return cardsIn(db, {
    name: 'catalog.curated',
    from: sql.fragment`(
      SELECT i.media_id AS id, i.position
      FROM catalog_item i
      JOIN media m ON m.id = i.media_id AND ${shown(query)}
      WHERE i.catalog_id = (SELECT c.id FROM catalog c WHERE c.slug = ${slug} AND c.owner_id IS NULL)
      ORDER BY i.position, i.media_id
      ${PAGE} ${offset(query.skip)}
    ) p`,
    order: sql.fragment`p.position, p.id`,
    language: query.language,
  });
}

/** The titles of one shelf, best first. Walks `shelf_item_order`, or the one of open licences; hides what was hidden since it was filled. */
export function shelfPage(db: Db, catalog: string, query: CatalogQuery): Promise<readonly Card[]> {
  const { kind, visibility, choice = '' } = query;
  const open = visibility === 'all' ? sql.fragment`` : sql.fragment`AND i.is_open`;
  return cardsIn(db, {
    name: 'catalog.shelf',
    from: sql.fragment`(
      SELECT i.media_id AS id, i.score
      FROM shelf_item i
      JOIN media m ON m.id = i.media_id AND ${listed(query)}
      WHERE i.shelf_id = (SELECT s.id FROM shelf s WHERE s.catalog = ${catalog} AND s.choice = ${choice} AND s.kind = ${kind}) ${open}
      ORDER BY i.score DESC, i.media_id
      ${PAGE} ${offset(query.skip)}
    ) p`,
    order: sql.fragment`p.score DESC, p.id`,
    language: query.language,
  });
}
