import { z } from 'zod';
import { type Db, rows, sql } from '../../platform/db.ts';
import type { MediaKind, ShelfContent } from '../catalog.ts';

/** Titles of a shelf for those who see everything, and as many with an open licence. Nobody scrolls further. */
const DEPTH = 1000;

const Moved = z.object({ moved: z.int() });

/**
 * Makes the shelves of a catalogue what its content says, in one statement, and writes only what differs. Answers the shelves and titles
 * that came or went. Reads all titles: for a job.
 */
export async function fillShelves(
  db: Db,
  { catalog, kinds }: { catalog: string; kinds: readonly MediaKind[] },
  { from, where, choice, score }: ShelfContent,
): Promise<number> {
  const { moved } = await db.one(rows('catalogs.fill_shelves', Moved)`
    WITH best AS MATERIALIZED (
      SELECT b.choice, b.kind, b.media_id, b.score, b.is_open FROM (
        SELECT c.*, row_number() OVER (PARTITION BY c.choice, c.kind, c.is_open ORDER BY c.score DESC, c.media_id) AS place
        FROM (
          SELECT (${choice})::text COLLATE "C" AS choice, m.kind COLLATE "C" AS kind, m.id AS media_id, (${score})::real AS score, m.open_streams > 0 AS is_open
          FROM ${from}
          WHERE m.is_published AND m.is_public AND NOT m.is_adult AND m.kind = ANY(${sql.array(kinds, 'text')}) AND ${where}
        ) c
      ) b WHERE b.place <= ${DEPTH}
    ), former AS MATERIALIZED (
      SELECT s.id AS shelf_id, s.choice COLLATE "C" AS choice, s.kind COLLATE "C" AS kind, i.media_id, i.score, i.is_open
      FROM shelf s JOIN shelf_item i ON i.shelf_id = s.id WHERE s.catalog = ${catalog}
    ), changed AS MATERIALIZED (
      SELECT b.choice, b.kind, b.media_id, b.score, b.is_open, f.shelf_id AS former_shelf, f.media_id AS former_media
      FROM best b FULL JOIN former f ON f.choice = b.choice AND f.kind = b.kind AND f.media_id = b.media_id
      WHERE (b.score, b.is_open) IS DISTINCT FROM (f.score, f.is_open)
    ), size AS MATERIALIZED (
      SELECT b.choice, b.kind, count(*) AS titles, count(*) FILTER (WHERE b.is_open) AS open_titles FROM best b GROUP BY b.choice, b.kind
    ), sized AS (
      INSERT INTO shelf AS s (catalog, choice, kind, titles, open_titles)
      SELECT ${catalog}, n.choice, n.kind, n.titles, n.open_titles FROM size n
      WHERE NOT EXISTS (SELECT FROM shelf f WHERE f.catalog = ${catalog} AND f.choice = n.choice AND f.kind = n.kind
        AND f.titles = n.titles AND f.open_titles = n.open_titles)
      ON CONFLICT (catalog, choice, kind) DO UPDATE SET titles = EXCLUDED.titles, open_titles = EXCLUDED.open_titles
      RETURNING s.id, s.choice, s.kind, s.xmax = 0 AS is_new
    ), dropped AS (
      DELETE FROM shelf s
      WHERE s.catalog = ${catalog} AND NOT EXISTS (SELECT FROM size n WHERE n.choice = s.choice AND n.kind = s.kind)
      RETURNING s.id
    ), standing AS (
      SELECT s.id, s.choice, s.kind FROM shelf s WHERE s.catalog = ${catalog} UNION SELECT s.id, s.choice, s.kind FROM sized s
    ), removed AS (
      DELETE FROM shelf_item i USING changed c
      WHERE c.media_id IS NULL AND i.shelf_id = c.former_shelf AND i.media_id = c.former_media
      RETURNING i.media_id
    ), put AS (
      INSERT INTO shelf_item AS i (shelf_id, media_id, score, is_open)
      SELECT s.id, c.media_id, c.score, c.is_open FROM changed c JOIN standing s ON s.choice = c.choice AND s.kind = c.kind
      WHERE c.media_id IS NOT NULL
      ORDER BY 1, 2
      ON CONFLICT (shelf_id, media_id) DO UPDATE SET score = EXCLUDED.score, is_open = EXCLUDED.is_open
      RETURNING i.xmax = 0 AS is_new
    )
    SELECT (SELECT count(*) FROM sized WHERE is_new) + (SELECT count(*) FROM dropped) + (SELECT count(*) FROM removed)
      + (SELECT count(*) FROM put WHERE is_new) AS moved
  `);
  return moved;
}
