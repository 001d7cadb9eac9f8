import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';

const CatalogId = z.object({ catalogId: z.int() });

/** The system catalogue of this slug, locked until the transaction ends; null when there is none. */
export async function lockSystemCatalog(db: Db, slug: string): Promise<number | null> {
  const row = await db.maybeOne(rows('lists.lock_system', CatalogId)`
    SELECT c.id AS "catalogId" FROM catalog c WHERE c.slug = ${slug} AND c.owner_id IS NULL FOR UPDATE
  `);
  return row?.catalogId ?? null;
}

/** Makes sure that there is a system catalogue of this slug, in the manifest after those of the owner. What the owner made of it since stays. False: another list has its name or slug. */
export async function addSystemCatalog(
  db: Db,
  { slug, name }: { slug: string; name: string },
): Promise<boolean> {
  const added = await db.query(command('lists.add_system')`
    INSERT INTO catalog (slug, name, in_manifest, position) VALUES (${slug}, ${name}, true, 100) ON CONFLICT DO NOTHING
  `);
  return added.rowCount > 0 || (await lockSystemCatalog(db, slug)) !== null;
}

/** Takes every other title out. */
export async function keepItems(db: Db, catalogId: number, mediaIds: readonly number[]): Promise<number> {
  const result = await db.query(command('lists.keep_items')`
    DELETE FROM catalog_item i
    WHERE i.catalog_id = ${catalogId} AND i.media_id <> ALL (${sql.array(mediaIds, 'int8')})
  `);
  return result.rowCount;
}

/** Puts titles in, each at its place in the list; one that stands there already is not written. */
export async function putItems(db: Db, catalogId: number, mediaIds: readonly number[]): Promise<number> {
  const result = await db.query(command('lists.put_items')`
    INSERT INTO catalog_item AS i (catalog_id, media_id, position)
    SELECT ${catalogId}, m.id, m.position
    FROM unnest(${sql.array(mediaIds, 'int8')}) WITH ORDINALITY AS m(id, position)
    ON CONFLICT (catalog_id, media_id) DO UPDATE SET position = EXCLUDED.position WHERE i.position <> EXCLUDED.position
  `);
  return result.rowCount;
}

/** Puts titles after the last, those that stand there already stay. */
export async function appendItems(db: Db, catalogId: number, mediaIds: readonly number[]): Promise<number> {
  const result = await db.query(command('lists.append_items')`
    INSERT INTO catalog_item (catalog_id, media_id, position)
    SELECT ${catalogId}, m.id, (SELECT coalesce(max(i.position), 0) FROM catalog_item i WHERE i.catalog_id = ${catalogId}) + m.position
    FROM unnest(${sql.array(mediaIds, 'int8')}) WITH ORDINALITY AS m(id, position)
    ON CONFLICT DO NOTHING
  `);
  return result.rowCount;
}
