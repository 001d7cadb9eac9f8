import type { CatalogQuery } from '../../../src/catalogs/catalog.ts';
import { fillCatalogs } from '../../../src/catalogs/fill/index.ts';
import { cardsOf, curatedPage, popularPage, recentPage, shelfPage } from '../../../src/catalogs/queries.ts';
import { catalogs } from '../../../src/catalogs/registry.ts';
import {
  findTitles,
  settleTiers,
  titlesCalledSo,
  titlesNearlyCalled,
} from '../../../src/catalogs/search/index.ts';
import { curatedLists, genreNames, standingOf, stockOf } from '../../../src/catalogs/stock/queries.ts';
import type { Db } from '../../../src/platform/db.ts';
import { type Calls, FILM } from './sample.ts';

const VISIBILITIES = ['licensed', 'all'] as const;
/** From every second title down to one in 2,000, and one nobody has. */
const GENRES = [undefined, 'Drama', 'Genre 5', 'Western', 'Silent', 'Unheard of'];
const SKIPS = [0, 500];

const query = (more: Partial<CatalogQuery>): CatalogQuery => ({
  kind: 'movie',
  visibility: 'all',
  language: 'de',
  skip: 0,
  ...more,
});

function everyPage(page: (db: Db, asked: CatalogQuery) => Promise<unknown>) {
  return async (db: Db) => {
    for (const visibility of VISIBILITIES)
      for (const genre of GENRES)
        for (const skip of SKIPS) await page(db, query({ visibility, genre, skip }));
  };
}

async function withEach<T>(values: readonly T[], ask: (value: T) => Promise<unknown>): Promise<void> {
  for (const value of values) await ask(value);
}

export const catalogCalls: Calls = {
  popular: everyPage(popularPage),
  recent: everyPage(recentPage),
  curated: everyPage((db, asked) => curatedPage(db, asked, 'open-films')),
  shelf: everyPage((db, asked) => shelfPage(db, 'year', { ...asked, choice: '1999' })),
  stock: (db) => withEach(VISIBILITIES, (visibility) => stockOf(db, visibility)),
  fill: (db) =>
    fillCatalogs(db, catalogs, { today: '2020-01-01', country: 'DE' }, new AbortController().signal),
  'curated lists': (db) => withEach(VISIBILITIES, (visibility) => curatedLists(db, visibility)),
  'genre names': (db) => withEach(VISIBILITIES, (visibility) => genreNames(db, visibility, 50)),
  standing: (db) => withEach(VISIBILITIES, (visibility) => standingOf(db, FILM, visibility)),
  search: (db) =>
    withEach([...VISIBILITIES, 'owner', 'adult'] as const, (audience) =>
      withEach(['movie', 'series', null] as const, (kind) =>
        withEach(
          ['t', 'the', 'riv', 'love river', 'nothing at all', 'nigth', 'lovve the rivr', 'keyword 7'],
          (text) => findTitles(db, { text, kind, audience }),
        ),
      ),
    ),
  'called so': (db) =>
    titlesCalledSo(db, [
      { kind: 'movie', name: 'the river' },
      { kind: 'series', name: 'The River' },
    ]),
  'nearly called': (db) =>
    titlesNearlyCalled(db, [
      { kind: 'movie', name: 'the river', year: 1990 },
      { kind: 'series', name: 'Teh Rivre of Grene Hosues up', year: null },
      { kind: 'movie', name: 'up', year: 2009 },
      { kind: 'movie', name: '東京物誤', year: 1953 },
    ]),
  'settle tiers': (db) => settleTiers(db, 1000),
  cards: (db) => withEach(['de', 'pt-BR'], (language) => cardsOf(db, [FILM, 1, 2, 3], language)),
};
