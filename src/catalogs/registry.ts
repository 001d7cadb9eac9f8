import { airing } from './airing/index.ts';
import { anime } from './anime/index.ts';
import type { Catalog, CuratedList, FilledShelf, MediaKind, Stock } from './catalog.ts';
import { country } from './country/index.ts';
import { curated } from './curated/index.ts';
import { documentary } from './documentary/index.ts';
import { events } from './events/index.ts';
import { family } from './family/index.ts';
import { language } from './language/index.ts';
import { live } from './live/index.ts';
import { popular } from './popular/index.ts';
import { recent } from './recent/index.ts';
import { search } from './search/index.ts';
import { top } from './top/index.ts';
import { trending } from './trending/index.ts';
import { year } from './year/index.ts';

export { CuratedList } from './catalog.ts';
export { curatedLists, genreNames, type Standing, standingOf, stockOf } from './stock/queries.ts';

/** One line a catalogue, in the order of the board. */
export const catalogs: readonly Catalog[] = [
  trending,
  popular,
  recent,
  airing,
  top,
  anime,
  documentary,
  family,
  live,
  events,
  year,
  language,
  country,
  search,
];

/** A choice of a catalogue's shelves, as it is asked for and as it is called. */
export type Choice = { code: string; label: string };
/** A catalogue in the manifest: the kinds for which it holds something, and what may be chosen for each. */
export type OnBoard = {
  catalog: Catalog;
  kinds: readonly MediaKind[];
  choices(kind: MediaKind): readonly Choice[];
};

/** What stands in the manifest at this moment: the system lists of the database, then the fixed catalogues that hold something. */
export function boardOf(lists: readonly CuratedList[], stock: Stock, shownIn: string): readonly OnBoard[] {
  const none = () => [];
  return [
    ...lists.map((list) => ({ catalog: curated(list), kinds: list.kinds, choices: none })),
    ...catalogs.map((catalog) => {
      const choices = (kind: MediaKind) => choicesOf(catalog, kind, stock, shownIn);
      return { catalog, kinds: kindsOf(catalog, stock), choices };
    }),
  ].filter(({ kinds }) => kinds.length > 0);
}

/** Any catalogue that answers, whether it holds something or not. */
export function catalogOf(lists: readonly CuratedList[], id: string): Catalog | undefined {
  const list = lists.find(({ slug }) => id === `list-${slug}`);
  return list === undefined ? catalogs.find((catalog) => catalog.id === id) : curated(list);
}

/** What may be chosen of a catalogue's shelves of a kind; none where it has no choice. */
export function choicesOf(
  { id, shelving }: Catalog,
  kind: MediaKind,
  { shelves }: Stock,
  shownIn: string,
): readonly Choice[] {
  if (shelving === undefined || shelving.choice === 'none') return [];
  const own = shelves.filter((shelf) => shelf.catalog === id && shelf.kind === kind);
  const inOrder = shelving.order === 'last' ? own.toSorted(lastFirst) : own;
  return inOrder.map(({ choice }) => ({ code: choice, label: shelving.labelOf(choice, shownIn) }));
}

/** A search finds nothing where there is nothing, but is asked for what comes later too. */
function kindsOf({ id, kinds, boardKinds = kinds, isSearchOnly, shelving }: Catalog, stock: Stock) {
  if (isSearchOnly) return boardKinds;
  if (shelving === undefined) return boardKinds.filter((kind) => stock.kinds.includes(kind));
  return boardKinds.filter((kind) =>
    stock.shelves.some((shelf) => shelf.catalog === id && shelf.kind === kind),
  );
}

function lastFirst(a: FilledShelf, b: FilledShelf): number {
  return a.choice < b.choice ? 1 : -1;
}
