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
      SELECT b.* FROM (
        SELECT c.*, row_number() OVER (PARTITION BY c.choice, c.kind, c.is_open ORDER BY c.score DESC, c.media_id) AS place
        FROM (
          SELECT ${choice}::text AS choice, m.kind, m.id AS media_id, (${score})::real AS score, m.open_streams > 0 AS is_open
          FROM ${from}
          WHERE m.is_published AND m.is_public AND NOT m.is_adult AND m.kind = ANY(${sql.array(kinds, 'text')}) AND ${where}
        ) c
      ) b WHERE b.place <= ${DEPTH}
    ), standing AS (
      INSERT INTO shelf AS s (catalog, choice, kind, titles, open_titles)
      SELECT ${catalog}, b.choice, b.kind, count(*), count(*) FILTER (WHERE b.is_open) FROM best b GROUP BY b.choice, b.kind
      ON CONFLICT (catalog, choice, kind) DO UPDATE SET titles = EXCLUDED.titles, open_titles = EXCLUDED.open_titles
      RETURNING s.id, s.choice, s.kind, s.xmax = 0 AS is_new
    ), dropped AS (
      DELETE FROM shelf s
      WHERE s.catalog = ${catalog} AND NOT EXISTS (SELECT FROM best b WHERE b.choice = s.choice AND b.kind = s.kind)
      RETURNING s.id
    ), item AS (
      SELECT s.id AS shelf_id, b.media_id, b.score, b.is_open FROM best b JOIN standing s ON s.choice = b.choice AND s.kind = b.kind
    ), removed AS (
      DELETE FROM shelf_item i USING standing s
      WHERE i.shelf_id = s.id AND NOT EXISTS (SELECT FROM item w WHERE w.shelf_id = i.shelf_id AND w.media_id = i.media_id)
      RETURNING i.media_id
    ), put AS (
      INSERT INTO shelf_item AS i (shelf_id, media_id, score, is_open)
      SELECT w.shelf_id, w.media_id, w.score, w.is_open FROM item w
      ON CONFLICT (shelf_id, media_id) DO UPDATE SET score = EXCLUDED.score, is_open = EXCLUDED.is_open
        WHERE (i.score, i.is_open) IS DISTINCT FROM (EXCLUDED.score, EXCLUDED.is_open)
      RETURNING i.xmax = 0 AS is_new
    )
    SELECT (SELECT count(*) FROM standing WHERE is_new) + (SELECT count(*) FROM dropped) + (SELECT count(*) FROM removed)
      + (SELECT count(*) FROM put WHERE is_new) AS moved
  `);
  return moved;
}
