import type { Catalog, MediaKind, Shelving } from './catalog.ts';
import { shelfPage } from './queries.ts';

/** A catalogue that is read from its shelves. */
export function shelved(
  about: { id: string; name: string; kinds: readonly MediaKind[] },
  shelving: Pick<Shelving, 'content'> & Partial<Shelving>,
): Catalog {
  return {
    ...about,
    extras: [],
    isSearchOnly: false,
    shelving: { choice: 'none', order: 'largest', labelOf: (choice) => choice, ...shelving },
    page: (db, query) => shelfPage(db, about.id, query),
  };
}
