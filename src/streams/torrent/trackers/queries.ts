import { z } from 'zod';
import { trackerUrl } from '../../../kit/tracker-url.ts';
import { type Db, rows, sql } from '../../../platform/db.ts';

/** Past twenty a client only waits for more dead ones. */
export const MOST_TRACKERS = 20;

/** The order of trackers everywhere, of `k`: those that answer, those nobody asked yet, those that fail; the reliable first, then the fast. */
export const BEST_FIRST = sql.fragment`
  coalesce(array_position(ARRAY['working', 'unknown', 'failing'], k.status), 2), k.success_rate DESC NULLS LAST, k.latency_ms NULLS LAST`;

/** The place of a tracker that is not in the torrent's own list; own places are below. */
export const FROM_LIST = 1_000_000;

/**
 * Who stays when there are more than twenty, of `k` at `place`: a torrent's own trackers, whose peers may be nowhere else, before
 * those of the lists, however good these are; and its dead ones last.
 */
export const staysFirst = (place: ReturnType<typeof sql.fragment>) => sql.fragment`
  CASE WHEN ${place} = ${FROM_LIST}::int4 THEN 1 WHEN k.status = 'failing' THEN 2 ELSE 0 END`;

/**
 * `listed (id)`: the trackers of the lists that may join a torrent's own, `replaces`: whether they take their place (never
 * if there is none). Of the built-in list and the one from elsewhere only those that work; the owner's are the owner's choice.
 * The setting `trackerMode` is read here, where the offers are; absent it is `add`.
 */
export const LISTS = sql.fragment`
  mode AS MATERIALIZED (
    SELECT coalesce((SELECT s.value #>> '{}' FROM setting s WHERE s.key = 'trackerMode'), 'add') AS mode
  ), listed AS MATERIALIZED (
    SELECT k.id FROM tracker k WHERE k.lists <> '{}' AND k.status = 'working' AND (SELECT mode FROM mode) <> 'none'
    UNION
    SELECT k.id FROM setting s CROSS JOIN LATERAL jsonb_array_elements_text(s.value) AS own(url) JOIN tracker k ON k.url = own.url
    WHERE s.key = 'trackerList' AND (SELECT mode FROM mode) <> 'none'
  ), rule AS MATERIALIZED (
    SELECT (SELECT mode FROM mode) = 'replace' AND EXISTS (SELECT FROM listed) AS replaces
  )`;

/**
 * Where to announce a torrent with these trackers of its own, the best first, at most 20: by the owner's setting with those of
 * the lists, or with those alone. A private torrent goes to its own only (BEP 27), in the order of the torrent.
 */
export async function trackersFor(
  db: Db,
  { own, isPrivate }: { own: readonly string[]; isPrivate: boolean },
): Promise<string[]> {
  if (isPrivate) return [...new Set(own)];
  const values = own.map((url, place) => [url, trackerUrl(url) ?? url, place]);
  const found = await db.any(rows('torrent.trackers', z.object({ url: z.string() }))`
    WITH ${LISTS}, own AS (
      SELECT DISTINCT ON (o.known) o.url, o.known, o.place
      FROM ${sql.unnest(values, ['text', 'text', 'int4'])} AS o(url, known, place) ORDER BY o.known, o.place
    ), wanted AS (
      SELECT o.url, o.known, o.place FROM own o WHERE NOT (SELECT replaces FROM rule)
      UNION ALL
      SELECT k.url, k.url, ${FROM_LIST}::int4 FROM listed l JOIN tracker k ON k.id = l.id
      WHERE (SELECT replaces FROM rule) OR NOT EXISTS (SELECT FROM own o WHERE o.known = k.url)
    )
    SELECT k.url FROM (
      SELECT w.url, w.place, k.status, k.success_rate, k.latency_ms
      FROM wanted w LEFT JOIN tracker k ON k.url = w.known
      ORDER BY ${staysFirst(sql.fragment`w.place`)}, ${BEST_FIRST}, w.place, w.url
      LIMIT ${MOST_TRACKERS}
    ) k
    ORDER BY ${BEST_FIRST}, k.place, k.url
  `);
  return found.map(({ url }) => url);
}
