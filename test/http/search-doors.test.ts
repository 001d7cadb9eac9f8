import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MediaPage, mediaRoutes } from '../../src/features/media/index.ts';
import { manifestIn, metasIn } from '../support/addon-answers.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';
import { startApi, type TestApi } from '../support/api.ts';

// One search behind the add-on's `search` extra and `GET /api/media?q=`.

let server: AddonServer;
let api: TestApi;

beforeAll(async () => {
  server = await startAddonServer();
  api = await startApi((place) => [mediaRoutes({ db: server.db, language: 'en', ...place })]);
  await server.set({ publicCatalog: 'all' });
  await server.add({
    ...{ kind: 'movie', title: 'Amélie', originalTitle: 'Le Fabuleux Destin d’Amélie Poulain', year: 2001 },
    ...{ ids: { imdb: 'tt0211915' }, aliases: ['Амели'], keywords: ['garden gnome'], genres: ['Romance'] },
    ...{ cast: [{ name: 'Audrey Tautou' }], crew: [{ name: 'Jean-Pierre Jeunet', job: 'Director' }] },
    translations: [{ language: 'zh-TW', title: '艾蜜莉的異想世界' }],
  });
  await server.add({ kind: 'movie', title: 'Spider-Man', year: 2002, ids: { imdb: 'tt0145487' } });
  await server.add({
    ...{ kind: 'movie', title: 'Amelia by Night', ids: { imdb: 'tt0000201' }, isAdult: true },
    ...{ genres: ['Late'], cast: [{ name: 'Audrey Late' }], popularity: 99 },
  });
  await server.settled();
});
afterAll(async () => {
  await api.close();
  await server.close();
});

async function inAddon(path: string): Promise<string[]> {
  return metasIn((await server.ask(`/catalog/movie/${path}.json`)).body).map(({ name }) => name);
}
async function inApi(query: string): Promise<string[]> {
  return MediaPage.parse((await api.ask('GET', `/api/media?${query}`)).body).media.map(({ title }) => title);
}
async function inBoth(text: string): Promise<string[]> {
  const found = await inAddon(`search/search=${encodeURIComponent(text)}`);
  expect(await inApi(`q=${encodeURIComponent(text)}`)).toEqual(found);
  return found;
}

describe('both doors find', () => {
  test.each([
    ['without the accent', 'amelie', 'Amélie'],
    ['as one types', 'amél', 'Amélie'],
    ['its original title', 'fabuleux destin', 'Amélie'],
    ['in Cyrillic', 'амели', 'Amélie'],
    ['in Chinese, from the middle', '異想世界', 'Amélie'],
    ['a letter left out', 'fabuleux desin', 'Amélie'],
    ['two letters swapped', 'ameile', 'Amélie'],
    ['a wrong letter', 'spiderwan', 'Spider-Man'],
    ['written as one', 'spiderman', 'Spider-Man'],
    ['an actor', 'audrey taut', 'Amélie'],
    ['a director', 'jeunet', 'Amélie'],
    ['a keyword', 'garden gnome', 'Amélie'],
  ])('a title %s', async (_how, text, title) => {
    expect(await inBoth(text)).toEqual([title]);
  });

  test('nothing of signs alone, or of what nobody has', async () => {
    expect(await inBoth('?!')).toEqual([]);
    expect(await inBoth('xylophonist')).toEqual([]);
  });
});

describe('a title for adults', () => {
  const late = ['Amelia by Night'];

  test('is in no list and no search: by name, by a typo, by its people', async () => {
    for (const text of ['amelia', 'amelia by nigth', 'audrey late'])
      expect(await inBoth(text)).not.toContain(late[0]);
    for (const list of ['popular', 'new', 'popular/genre=Late'])
      expect(await inAddon(list)).not.toContain(late[0]);
    for (const sort of ['added', 'popular', 'new', 'release', 'rating'])
      expect(await inApi(`sort=${sort}`)).toHaveLength(2);
    expect(JSON.stringify(manifestIn((await server.ask('/manifest.json')).body))).not.toContain('Late');
  });

  test('is found where it is asked for, alone', async () => {
    for (const query of ['q=amelia', 'q=amelai', 'q=audrey', 'sort=popular', 'sort=added', 'genre=Late'])
      expect(await inApi(`${query}&adult=true`), query).toEqual(late);
    expect(await inApi('q=spider&adult=true')).toEqual([]);
    expect((await server.ask('/meta/movie/tt0000201.json')).status).toBe(200);
  });

  test('and is in them again when somebody says that it is none', async () => {
    await api.ask('PATCH', '/api/media/tt0000201', { isAdult: false });
    await server.settled();
    expect(await inBoth('amelia by nigth')).toEqual(late);
    expect(await inBoth('audrey late')).toEqual(late);
    expect(await inAddon('popular/genre=Late')).toEqual(late);
    expect(await inApi('adult=true')).toEqual([]);
    await api.ask('PATCH', '/api/media/tt0000201', { isAdult: true });
    await server.settled();
    expect(await inAddon('popular/genre=Late')).toEqual([]);
    expect(await inBoth('amelia by night')).not.toContain(late[0]);
  });
});
