import { NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { keepItems, lockSystemCatalog, putItems } from './queries.ts';

/** Makes these titles, in this order, what a system catalogue holds. Answers how many rows that changed. */
export function setCatalogItems(db: Db, slug: string, mediaIds: readonly number[]): Promise<number> {
  return db.transaction(async (tx) => {
    const catalogId = await lockSystemCatalog(tx, slug);
    if (catalogId === null)
      throw new NotFound('lists.no_catalog', 'There is no system catalogue of this name.');
    const unique = [...new Set(mediaIds)];
    const removed = await keepItems(tx, catalogId, unique);
    return unique.length === 0 ? removed : removed + (await putItems(tx, catalogId, unique));
  });
}
