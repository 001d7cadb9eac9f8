import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import type { MediaSort } from '../schemas.ts';
import { MediaSummary } from '../schemas.ts';

const ListRow = z.object({
  ...MediaSummary.shape,
  mediaId: z.int(),
  /** What the list is ordered by, as text that reads back to the same value. */
  sortValue: z.string().nullable(),
});
export type ListRow = z.infer<typeof ListRow>;

export type ListFilter = {
  sort: MediaSort;
  kinds: readonly string[];
  genre?: string | undefined;
  year?: number | undefined;
  /** Only these, the best match first; for the order `match`. */
  found?: readonly number[] | undefined;
  hidden?: boolean | undefined;
  /** Adult titles alone; else there is none. */
  /** Adult titles alone; else there are none. */
  adult?: boolean | undefined;
  /** The last row of the page before; `segment` 'none' = past the titles that have a value to sort by. */
  after: { segment: 'value' | 'none'; value: string | null; mediaId: number } | null;
  limit: number;
};

/**
 * Per order: the value, its direction, and which rows an index of that order holds. `added` is by row number, `match` by
 * the place among what was found, and both show everything; the others walk the indexes of the add-on's catalogues, which hold visible titles only.
 */
const ORDERS = {
  match: { value: sql.fragment`m.nearness`, type: sql.fragment`integer`, isIdDescending: false },
  added: { value: null, isIdDescending: true },
  popular: { value: sql.fragment`m.rank`, type: sql.fragment`real`, isIdDescending: false },
  new: {
    value: sql.fragment`m.last_stream_added_at`,
    type: sql.fragment`timestamptz`,
    isIdDescending: false,
  },
  release: { value: sql.fragment`m.release_date`, type: sql.fragment`date`, isIdDescending: true },
  rating: { value: sql.fragment`m.rating`, type: sql.fragment`numeric`, isIdDescending: false },
} as const;

/** The row number that stands before every row of an order's segment without a value. */
export function beforeFirst(sort: MediaSort): number {
  return ORDERS[sort].isIdDescending ? Number.MAX_SAFE_INTEGER : 0;
}

function conditions(filter: ListFilter) {
  const order = ORDERS[filter.sort];
  return [
    order.value === null || filter.sort === 'match' ? null : sql.fragment`m.is_published AND m.is_public`,
    filter.hidden === undefined
      ? null
      : filter.hidden
        ? sql.fragment`NOT (m.is_published AND m.is_public)`
        : sql.fragment`m.is_published AND m.is_public`,
    filter.adult ? sql.fragment`m.is_adult` : sql.fragment`NOT m.is_adult`,
    filter.genre === undefined ? null : sql.fragment`m.genres @> ${sql.array([filter.genre], 'text')}`,
    filter.year === undefined ? null : sql.fragment`m.year = ${filter.year}`,
    afterCursor(filter),
  ].filter((condition) => condition !== null);
}

/** Rows past the cursor, said so that the index range begins there: `value <= v` bounds it, the rest filters ties. */
function afterCursor({ sort, after }: ListFilter) {
  const order = ORDERS[sort];
  if (after === null) return null;
  const pastId = order.isIdDescending
    ? sql.fragment`m.id < ${after.mediaId}`
    : sql.fragment`m.id > ${after.mediaId}`;
  if (order.value === null) return pastId;
  if (after.segment === 'none') return sql.fragment`${order.value} IS NULL AND ${pastId}`;
  const value = sql.fragment`${after.value}::${order.type}`;
  return sql.fragment`${order.value} <= ${value} AND (${order.value} < ${value} OR ${pastId})`;
}

function ordering(sort: MediaSort) {
  const order = ORDERS[sort];
  const id = order.isIdDescending ? sql.fragment`m.id DESC` : sql.fragment`m.id`;
  if (order.value === null) return id;
  // `rank` is never null; its index says nothing of nulls.
  return sort === 'popular'
    ? sql.fragment`${order.value} DESC, ${id}`
    : sql.fragment`${order.value} DESC NULLS LAST, ${id}`;
}

/**
 * One kind's titles, cut to the page. A search or a year picks few titles by an index of its own and sorts them: behind
 * OFFSET 0 the planner cannot choose to walk the whole order instead (40 ms against 2 for a year at 100,000 titles).
 * Of a search the `nearness` is −1 for the best match, −2 for the next.
 */
function ofKind(kind: string, filter: ListFilter) {
  const where = sql.join([sql.fragment`m.kind = ${kind}`, ...conditions(filter)], sql.fragment` AND `);
  return sql.fragment`(SELECT m.* FROM ${source(filter, where)} ORDER BY ${ordering(filter.sort)} LIMIT ${filter.limit})`;
}

function source({ found, year }: ListFilter, where: ReturnType<typeof sql.join>) {
  if (found !== undefined)
    return sql.fragment`(
      SELECT m.* FROM (
        SELECT m.*, -f.place::integer AS nearness
        FROM unnest(${sql.array(found, 'int8')}) WITH ORDINALITY AS f(id, place) JOIN media m ON m.id = f.id OFFSET 0
      ) m WHERE ${where}) m`;
  return year === undefined
    ? sql.fragment`media m WHERE ${where}`
    : sql.fragment`(SELECT m.* FROM media m WHERE ${where} OFFSET 0) m`;
}

/** One page of titles, each kind by its own index range, merged. */
export function listMedia(db: Db, filter: ListFilter): Promise<readonly ListRow[]> {
  const order = ORDERS[filter.sort];
  const perKind = filter.kinds.map((kind) => ofKind(kind, filter));
  return db.any(rows('media.list', ListRow)`
    SELECT m.id AS "mediaId", m.public_id AS id, m.canonical_id AS "canonicalId", m.kind, m.subkind, m.title, m.year,
      m.release_date AS "releaseDate", m.runtime_minutes AS "runtimeMinutes", m.genres, m.imdb_id AS "imdbId",
      m.poster_url AS "posterUrl", m.rating, m.is_published AS "isPublished", m.is_featured AS "isFeatured",
      m.is_public AS "isPublic", m.is_adult AS "isAdult", m.watch_count AS "watchCount", m.total_streams AS "totalStreams",
      m.open_streams AS "openStreams",
      to_char(m.last_stream_added_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "lastStreamAddedAt",
      to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "createdAt",
      to_char(m.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "updatedAt",
      ${order.value === null ? sql.fragment`NULL` : sql.fragment`${order.value}::text`} AS "sortValue"
    FROM (${sql.join(perKind, sql.fragment` UNION ALL `)}) m
    ORDER BY ${ordering(filter.sort)} LIMIT ${filter.limit}
  `);
}

const GenreName = z.object({ name: z.string() });

/** The name a genre has in `media.genres`, by slug or by name; null when there is none. */
export async function genreName(db: Db, slugOrName: { slug: string; name: string }): Promise<string | null> {
  const found = await db.any(rows('media.genre_name', GenreName)`
    SELECT g.name FROM genre g WHERE g.slug = ${slugOrName.slug}
    UNION ALL
    SELECT g.name FROM genre g WHERE g.name = ${slugOrName.name} AND g.parent_id IS NULL
    LIMIT 1
  `);
  return found[0]?.name ?? null;
}
