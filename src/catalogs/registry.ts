import type { Catalog } from './catalog.ts';
import { curated } from './curated/index.ts';
import { popular } from './popular/index.ts';
import type { CuratedList } from './queries.ts';
import { recent } from './recent/index.ts';
import { search } from './search/index.ts';

export { CuratedList, curatedLists, genreNames, type Standing, standingOf } from './queries.ts';

/** One line a catalogue, in the order of the board. */
const catalogs: readonly Catalog[] = [popular, recent, search];

/** Every catalogue of this moment: the system lists of the database, then the fixed ones. */
export function catalogsOf(lists: readonly CuratedList[]): readonly Catalog[] {
  return [...lists.map(curated), ...catalogs];
}
