import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { Sealed, sealedIn } from '../../../streams/queries.ts';

export type PatternRow = { pattern: string; catalogId: number | null };

/** What is taken of a feed, in its order, in place of what was taken before. */
export async function putPatterns(db: Db, finderId: number, patterns: readonly PatternRow[]): Promise<void> {
  await db.query(command('finders.drop_patterns')`DELETE FROM finder_pattern WHERE finder_id = ${finderId}`);
  if (patterns.length === 0) return;
  const values = patterns.map(({ pattern, catalogId }, position) => [finderId, position, pattern, catalogId]);
  await db.query(command('finders.put_patterns')`
    INSERT INTO finder_pattern (finder_id, position, pattern, catalog_id)
    SELECT g.finder_id, g.position, g.pattern, g.catalog_id
    FROM ${sql.unnest(values, ['int8', 'int4', 'text', 'int8'])} AS g(finder_id, position, pattern, catalog_id)
  `);
}

const Pattern = z.object({ pattern: z.string(), catalogId: z.int().nullable() });

export function patternsOf(db: Db, finderId: number): Promise<readonly z.infer<typeof Pattern>[]> {
  return db.any(rows('finders.patterns', Pattern)`
    SELECT pattern, catalog_id AS "catalogId" FROM finder_pattern WHERE finder_id = ${finderId} ORDER BY position
  `);
}

const CatalogId = z.object({ slug: z.string(), id: z.int() });

/** System catalogues by their slugs; an unknown one is left out. */
export function catalogsCalled(
  db: Db,
  slugs: readonly string[],
): Promise<readonly z.infer<typeof CatalogId>[]> {
  return db.any(rows('finders.catalogs', CatalogId)`
    SELECT c.slug, c.id FROM catalog c WHERE c.slug = ANY (${sql.array(slugs, 'text')}) AND c.owner_id IS NULL
  `);
}

const Seen = z.object({ place: z.int() });

/** Places in the list of items that were looked at before; they count as seen now. */
export async function seenBefore(
  db: Db,
  finderId: number,
  hashes: readonly Buffer[],
): Promise<ReadonlySet<number>> {
  const found = await db.any(rows('finders.seen', Seen)`
    UPDATE finder_seen s SET seen_at = now()
    FROM unnest(${sql.array(hashes, 'bytea')}) WITH ORDINALITY AS g(hash, place)
    WHERE s.finder_id = ${finderId} AND s.item_hash = g.hash
    RETURNING (g.place - 1)::integer AS place
  `);
  return new Set(found.map(({ place }) => place));
}

export async function noteSeen(db: Db, finderId: number, hashes: readonly Buffer[]): Promise<void> {
  await db.query(command('finders.note_seen')`
    INSERT INTO finder_seen (finder_id, item_hash)
    SELECT ${finderId}, g.hash FROM unnest(${sql.array(hashes, 'bytea')}) AS g(hash)
    ON CONFLICT DO NOTHING
  `);
}

/** Items no feed has held for 60 days. */
export async function forgetSeen(db: Db): Promise<number> {
  const { rowCount } = await db.query(command('finders.forget_seen')`
    DELETE FROM finder_seen WHERE seen_at < now() - interval '60 days'
  `);
  return rowCount;
}

/** What a feed said of its age, and when it is read again. */
export async function setPoll(
  db: Db,
  finderId: number,
  { etag, lastModified, againS }: { etag: string | null; lastModified: string | null; againS: number },
): Promise<void> {
  await db.query(command('finders.set_poll')`
    UPDATE finder SET etag = ${etag}, last_modified = ${lastModified}, next_poll_at = now() + make_interval(secs => ${againS})
    WHERE id = ${finderId} AND next_poll_at IS NOT NULL
  `);
}

/** The sealed places, for the change of the secret key; ids are those of finders. */
export const sealedPlaces = sealedIn(
  { table: 'finder', column: 'place_sealed' },
  { stale: rows('finders.stale', Sealed), replace: command('finders.replace') },
);
