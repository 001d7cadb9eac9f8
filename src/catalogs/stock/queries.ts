import { z } from 'zod';
import { type Db, rows, sql } from '../../platform/db.ts';
import { CuratedList, FilledShelf, MEDIA_KINDS, type Stock, type Visibility } from '../catalog.ts';
import { listed, type Viewer, visible } from '../viewer.ts';

const Kind = z.object({ kind: z.enum(MEDIA_KINDS) });

/** What such a viewer finds at all. Cheap: a look into an index for each kind, and the list of shelves, some hundreds at most. */
export async function stockOf(db: Db, visibility: Visibility): Promise<Stock> {
  const kinds = await db.any(rows('catalog.kinds', Kind)`
    SELECT k.kind FROM unnest(${sql.array(MEDIA_KINDS, 'text')}) WITH ORDINALITY AS k(kind, place)
    WHERE EXISTS (SELECT FROM media m WHERE m.kind = k.kind AND ${listed({ visibility })} ORDER BY m.rank DESC LIMIT 1)
    ORDER BY k.place
  `);
  const titles = visibility === 'all' ? sql.fragment`s.titles` : sql.fragment`s.open_titles`;
  const shelves = await db.any(rows('catalog.shelves', FilledShelf)`
    SELECT s.catalog, s.choice, s.kind, ${titles} AS titles FROM shelf s WHERE ${titles} > 0
    ORDER BY ${titles} DESC, s.choice
  `);
  return { kinds: kinds.map(({ kind }) => kind), shelves: [...shelves] };
}

/** The system catalogues that stand in the manifest, each with the kinds it holds for such a viewer; empty ones not. */
export function curatedLists(
  db: Db,
  visibility: Visibility,
  viewer: Viewer | null = null,
): Promise<readonly CuratedList[]> {
  return db.any(rows('catalog.curated_lists', CuratedList)`
    SELECT c.slug, c.name, array_agg(DISTINCT m.kind ORDER BY m.kind) AS kinds
    FROM catalog c
    JOIN catalog_item i ON i.catalog_id = c.id
    JOIN media m ON m.id = i.media_id AND ${listed({ visibility, viewer })}
    WHERE c.owner_id IS NULL AND c.in_manifest
    GROUP BY c.id
    ORDER BY c.position, c.id
    LIMIT 20
  `);
}

/** Titles counted of one genre: the work stays bounded, and among genres this large the order means nothing. */
const MAX_COUNTED = 2000;

/** Names of the genres such a viewer finds titles of, most used first; they become the options of the `genre` extra. */
export async function genreNames(db: Db, visibility: Visibility, limit: number): Promise<readonly string[]> {
  const open = visibility === 'all' ? sql.fragment`` : sql.fragment`AND s.is_open`;
  const found = await db.any(rows('catalog.genre_names', z.object({ name: z.string() }))`
    SELECT g.name
    FROM genre g
    CROSS JOIN LATERAL (
      SELECT count(*) AS titles
      FROM (SELECT FROM genre_shelf s WHERE s.genre_id = g.id ${open} LIMIT ${MAX_COUNTED}) s
    ) n
    WHERE g.is_active AND g.parent_id IS NULL AND n.titles > 0
    ORDER BY n.titles DESC, g.name
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
