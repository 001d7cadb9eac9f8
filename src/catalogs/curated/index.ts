import type { Catalog, CuratedList } from '../catalog.ts';
import { curatedPage } from '../queries.ts';

/** One system catalogue (rows of `catalog` without an owner) as a catalogue of the manifest. */
export function curated(list: CuratedList): Catalog {
  return {
    id: `list-${list.slug}`,
    name: list.name,
    kinds: list.kinds,
    extras: [],
    isSearchOnly: false,
    page: (db, query) => curatedPage(db, query, list.slug),
  };
}
