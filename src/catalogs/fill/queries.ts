import { z } from 'zod';
import { command, type Db, type Fragment, rows, sql } from '../../platform/db.ts';
import type { MediaKind, ShelfContent } from '../catalog.ts';

/** Titles of a shelf for those who see everything, and as many with an open licence. Nobody scrolls further. */
const DEPTH = 1000;

/** Of a million titles more than the 30 s that an answer may take; nobody waits for this. */
const TIMEOUT = '10min';

const Moved = z.object({ moved: z.int() });

type Shelved = { id: string; kinds: readonly MediaKind[]; content: ShelfContent };

/**
 * Makes the shelves of all catalogues what their contents say and writes only what differs; shelves of other catalogues go. Answers the
 * shelves and titles that came or went. Reads all titles, once for all catalogues: for a job.
 */
export async function fillShelves(db: Db, catalogs: readonly Shelved[]): Promise<number> {
  return db.transaction(async (connection) => {
    await connection.query(
      command('catalogs.fill_patience')`SELECT set_config('statement_timeout', ${TIMEOUT}, true)`,
    );
    // One at a time: what two put in at once would break the key of the shelf.
    await connection.query(
      command('catalogs.fill_alone')`SELECT pg_advisory_xact_lock(hashtext('catalogs.fill'))`,
    );
    const { moved } = await connection.one(statement(catalogs));
    return moved;
  });
}

function statement(catalogs: readonly Shelved[]) {
  return rows('catalogs.fill_shelves', Moved)`
    WITH title AS MATERIALIZED (
      SELECT m.id, m.kind COLLATE "C" AS kind, m.open_streams > 0 AS is_open, m.rank, m.year, m.subkind, m.nudity, m.release_date, m.genres, m.languages, m.countries
      FROM media m WHERE m.is_published AND m.is_public AND NOT m.is_adult
    ), best AS MATERIALIZED (
      SELECT b.catalog, b.choice, b.kind, b.media_id, b.score, b.is_open, s.id AS shelf_id FROM (
        ${sql.join(catalogs.map(bestOf), sql.fragment` UNION ALL `)}
      ) b LEFT JOIN shelf s ON s.catalog = b.catalog AND s.choice = b.choice AND s.kind = b.kind
    ), size AS MATERIALIZED (
      SELECT b.catalog, b.choice, b.kind, b.shelf_id, count(*) AS titles, count(*) FILTER (WHERE b.is_open) AS open_titles
      FROM best b GROUP BY b.catalog, b.choice, b.kind, b.shelf_id
    ), added AS (
      INSERT INTO shelf AS s (catalog, choice, kind, titles, open_titles)
      SELECT n.catalog, n.choice, n.kind, n.titles, n.open_titles FROM size n WHERE n.shelf_id IS NULL
      RETURNING s.id, s.catalog, s.choice, s.kind
    ), resized AS (
      UPDATE shelf s SET titles = n.titles, open_titles = n.open_titles FROM size n
      WHERE s.id = n.shelf_id AND (s.titles, s.open_titles) IS DISTINCT FROM (n.titles, n.open_titles)
    ), dropped AS (
      DELETE FROM shelf s WHERE s.id NOT IN (SELECT n.shelf_id FROM size n WHERE n.shelf_id IS NOT NULL) RETURNING s.id
    ), changed AS MATERIALIZED (
      SELECT coalesce(b.shelf_id, i.shelf_id) AS shelf_id, coalesce(b.media_id, i.media_id) AS media_id, b.catalog, b.choice, b.kind, b.score, b.is_open,
        i.media_id IS NOT NULL AS is_there
      FROM best b FULL JOIN shelf_item i ON i.shelf_id = b.shelf_id AND i.media_id = b.media_id
      WHERE (b.score, b.is_open) IS DISTINCT FROM (i.score, i.is_open)
    ), removed AS (
      DELETE FROM shelf_item i USING changed c
      WHERE c.score IS NULL AND i.shelf_id = c.shelf_id AND i.media_id = c.media_id RETURNING i.media_id
    ), moved AS (
      UPDATE shelf_item i SET score = c.score, is_open = c.is_open FROM changed c
      WHERE c.is_there AND c.score IS NOT NULL AND i.shelf_id = c.shelf_id AND i.media_id = c.media_id
    ), put AS (
      INSERT INTO shelf_item AS i (shelf_id, media_id, score, is_open)
      SELECT coalesce(c.shelf_id, a.id), c.media_id, c.score, c.is_open
      FROM changed c LEFT JOIN added a ON a.catalog = c.catalog AND a.choice = c.choice AND a.kind = c.kind
      WHERE NOT c.is_there
      ORDER BY 1, 2
      RETURNING i.media_id
    )
    SELECT (SELECT count(*) FROM added) + (SELECT count(*) FROM dropped) + (SELECT count(*) FROM removed) + (SELECT count(*) FROM put) AS moved
  `;
}

/**
 * The best titles of each choice and kind of one catalogue. Most of a fill's time is this sort: by one text in the order of bytes, which
 * no two shelves share, it takes half as long as by three columns.
 */
function bestOf({ id, kinds, content: { from, where, choice, score } }: Shelved): Fragment {
  return sql.fragment`
    SELECT ${id}::text AS catalog, r.choice, r.kind, r.media_id, r.score, r.is_open FROM (
      SELECT c.*, row_number() OVER (PARTITION BY c.choice || left(c.kind, 1) || c.is_open ORDER BY c.score DESC, c.media_id) AS place FROM (
        SELECT (${choice})::text COLLATE "C" AS choice, m.kind, m.id AS media_id, (${score})::real AS score, m.is_open
        FROM ${from} WHERE m.kind = ANY(${sql.array(kinds, 'text')}) AND ${where}
      ) c
    ) r WHERE r.place <= ${DEPTH}`;
}
