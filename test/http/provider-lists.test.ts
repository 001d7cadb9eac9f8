import nock from 'nock';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refreshLists } from '../../src/features/lists/index.ts';
import { upsertTitle } from '../../src/features/media/index.ts';
import { command } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import type { Net } from '../../src/platform/net.ts';
import { openProviders } from '../../src/providers/index.ts';
import { manifestIn, metasIn } from '../support/addon-answers.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';
import { endOutside, outsideNet } from '../support/outside-api.ts';

// Lists that providers keep, as they come here and stand on the board.

const TMDB = 'https://api.themoviedb.org';
const CINEMETA = 'https://v3-cinemeta.strem.io';
const NEVER = new AbortController().signal;
const OPEN = { code: 'CC-BY-3.0', attribution: 'Its makers' };
let server: AddonServer;
let net: Net;

beforeAll(async () => {
  server = await startAddonServer({ CATALOG_LANGUAGE: 'es' });
  net = outsideNet();
  nock.enableNetConnect('127.0.0.1');
  await server.set({ publicCatalog: 'all' });
});
beforeEach(() => nock.cleanAll());
afterAll(async () => {
  endOutside();
  await net?.close();
  await server?.close();
});

const refresh = async (...providers: string[]) => {
  const keys = { tmdb: '0123456789abcdef0123456789abcdef' };
  const opened = openProviders({ net }, { providers, keys, perDay: {} });
  const done = await refreshLists({ db: server.db, providers: opened, log: createLog('silent') }, NEVER);
  await server.settled();
  return done;
};
const names = async (path: string) =>
  metasIn((await server.ask(`/catalog/${path}.json`)).body).map(({ name }) => name);
const lists = async () =>
  manifestIn((await server.ask('/manifest.json')).body)
    .catalogs.filter(({ id }) => id.startsWith('list-'))
    .map(({ id, type, name }) => `${id} ${type}: ${name}`);

/** Every list of TMDB but those given is empty of films. */
function tmdb(path: string, pages: readonly (readonly object[])[] | { status: number; body: string }) {
  const scope = nock(TMDB);
  if (!Array.isArray(pages)) {
    const { status, body } = pages as { status: number; body: string };
    scope.get(`/3${path}`).query(true).times(3).reply(status, body);
    return;
  }
  for (const [index, results] of pages.entries())
    scope
      .get(`/3${path}`)
      .query((asked) => asked.page === String(index + 1))
      .reply(200, { page: index + 1, results });
}
const film = (id: number, title: string) => ({ id, title, release_date: '1999-03-31' });
const OTHERS = ['/movie/now_playing', '/tv/on_the_air', '/movie/top_rated', '/tv/top_rated'];
const otherListsAreDown = () => {
  for (const path of OTHERS) nock(TMDB).get(`/3${path}`).query(true).times(6).reply(404);
};

test('M3: a synced list is shown in Spanish where there is a translation, else under its English name', async () => {
  await upsertTitle(server.db, {
    ...{ kind: 'movie', title: 'The Matrix', year: 1999, ids: { tmdb: '603' } },
    translations: [{ language: 'es', title: 'Matrix, la película' }],
  });
  tmdb('/movie/popular', [[film(604, 'Another'), film(603, 'The Matrix')]]);
  tmdb('/tv/popular', [[{ id: 1396, name: 'Breaking Bad', first_air_date: '2008-01-20' }]]);
  otherListsAreDown();
  expect(await refresh('tmdb')).toEqual({ lists: 1, titles: 3, newTitles: 2, failures: 2 });
  expect(await lists()).toEqual([
    'list-tmdb-popular movie: Popular on TMDB',
    'list-tmdb-popular series: Popular on TMDB',
  ]);
  expect(await names('movie/list-tmdb-popular')).toEqual(['Another', 'Matrix, la película']);
  expect(await names('series/list-tmdb-popular')).toEqual(['Breaking Bad']);
  // The known title is as it was, and the one of the list.
  const [, shown] = metasIn((await server.ask('/catalog/movie/list-tmdb-popular.json')).body);
  expect(shown?.id).toBe('tmdb:603');
});

test.each([
  ['is down', { status: 503, body: 'gone' }],
  ['sends HTML', { status: 200, body: '<html>hello</html>' }],
  ['sends another shape', { status: 200, body: '{"results":{"a":1}}' }],
  ['has an empty list', { status: 200, body: '{"page":1,"results":[]}' }],
])('while its provider %s a list stays as it was', async (_what, answer) => {
  const before = await names('movie/list-tmdb-popular');
  tmdb('/movie/popular', [[film(605, 'Reloaded')]]);
  tmdb('/tv/popular', answer);
  otherListsAreDown();
  expect(await refresh('tmdb')).toMatchObject({ lists: 0, failures: 3 });
  expect(await names('movie/list-tmdb-popular')).toEqual(before);
});

test('a list is what the provider has now, at most six pages, in its order, without adult titles', async () => {
  const pages = Array.from({ length: 8 }, (_, page) =>
    Array.from({ length: 20 }, (_, n) => film(10_000 + page * 20 + n, `Film ${page * 20 + n}`)),
  );
  pages[0]?.splice(1, 1, { ...film(9, 'Filth'), adult: true } as ReturnType<typeof film>);
  tmdb('/movie/popular', pages);
  tmdb('/tv/popular', [[{ id: 1396, name: 'Breaking Bad', first_air_date: '2008-01-20' }]]);
  otherListsAreDown();
  expect(await refresh('tmdb')).toMatchObject({ lists: 1, titles: 121 });
  const first = await names('movie/list-tmdb-popular');
  const rest = await names('movie/list-tmdb-popular/skip=100');
  const shown = [...first, ...rest];
  expect(shown).toHaveLength(119);
  expect(shown.slice(0, 3)).toEqual(['Film 0', 'Film 2', 'Film 3']);
  expect(shown.at(-1)).toBe('Film 119');
  expect(shown).not.toContain('The Matrix');
});

test('without any key Cinemeta’s list comes; titles without an open stream stay unseen where only such are shown', async () => {
  for (const kind of ['movie', 'series'])
    nock(CINEMETA)
      .get(`/catalog/${kind}/top.json`)
      .reply(200, {
        metas: [{ id: kind === 'movie' ? 'tt0063350' : 'tt0903747', name: `A ${kind}` }, { id: 'x' }],
      });
  expect(await refresh('cinemeta', 'tmdb-is-not-asked')).toEqual({
    lists: 1,
    titles: 2,
    newTitles: 2,
    failures: 0,
  });
  expect(await names('movie/list-cinemeta-top')).toEqual(['A movie']);
  await server.set({ publicCatalog: 'licensed' });
  expect(await names('movie/list-cinemeta-top')).toEqual([]);
  expect(await lists()).toEqual([]);
  await server.add({ kind: 'movie', title: 'A movie', ids: { imdb: 'tt0063350' } }, [
    { kind: 'youtube', videoId: 'aqz-KE-bpKQ', licence: OPEN },
  ]);
  expect(await names('movie/list-cinemeta-top')).toEqual(['A movie']);
  await server.set({ publicCatalog: 'all' });
});

test('a list whose name the owner has given to another stays away, and the lists after it come', async () => {
  await server.db.query(command('test.own')`DELETE FROM catalog WHERE slug = 'tmdb-popular'`);
  await server.db.query(command('test.own')`
    INSERT INTO catalog (slug, name, in_manifest) VALUES ('mine', 'Popular on TMDB', true)
  `);
  tmdb('/movie/popular', [[film(603, 'The Matrix')]]);
  tmdb('/tv/popular', [[{ id: 1396, name: 'Breaking Bad', first_air_date: '2008-01-20' }]]);
  tmdb('/movie/top_rated', [[film(604, 'Another')]]);
  tmdb('/tv/top_rated', [[{ id: 1396, name: 'Breaking Bad', first_air_date: '2008-01-20' }]]);
  for (const path of OTHERS.slice(0, 2)) nock(TMDB).get(`/3${path}`).query(true).times(6).reply(404);
  expect(await refresh('tmdb')).toMatchObject({ lists: 1, titles: 2, failures: 2 });
  expect(await names('series/list-tmdb-top-rated')).toEqual(['Breaking Bad']);
  expect((await lists()).filter((list) => list.includes('popular'))).toEqual([]);
});
