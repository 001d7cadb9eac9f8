import { afterAll, beforeAll, expect, test } from 'vitest';
import { MediaPage, mediaRoutes } from '../../src/features/media/index.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await freshDatabase();
  api = await startApi((place) => [mediaRoutes({ db: database.db, language: 'en', ...place })]);
  for (let n = 1; n <= 7; n += 1) {
    await api.ask('POST', '/api/media', {
      kind: n % 2 === 0 ? 'series' : 'movie',
      title: `Title ${n}`,
      year: 2000 + (n % 3),
      popularity: n * 10,
      ...(n === 3 ? { aliases: ['Приключение'], keywords: ['heist'] } : {}),
      ...(n === 4 ? { cast: [{ name: 'Grace Hopper' }] } : {}),
    });
  }
});
afterAll(async () => {
  await api.close();
  await database.close();
});

async function page(query: string) {
  return MediaPage.parse((await api.ask('GET', `/api/media${query}`)).body);
}
const titles = async (query: string) => (await page(query)).media.map(({ title }) => title);

test('the list is searched as the add-on is: typos, other scripts, people, keywords', async () => {
  expect(await titles('?search=title%205')).toEqual(['Title 5']);
  expect(await titles('?search=titel%205')).toEqual(['Title 5']);
  expect(await titles(`?search=${encodeURIComponent('приключ')}`)).toEqual(['Title 3']);
  expect(await titles('?search=hopper')).toEqual(['Title 4']);
  expect(await titles('?search=heist')).toEqual(['Title 3']);
  expect(await titles('?search=heist&kind=series')).toEqual([]);
});

test('the best match first, or in another order', async () => {
  expect(await titles('?search=title')).toEqual([7, 6, 5, 4, 3, 2, 1].map((n) => `Title ${n}`));
  expect(await titles('?search=title&sort=added&limit=2')).toEqual(['Title 7', 'Title 6']);
  expect(await titles('?search=title&year=2001')).toEqual(['Title 7', 'Title 4', 'Title 1']);
  expect(await titles('?sort=match&limit=1')).toEqual(['Title 7']);
});

test('page by page every title once, hidden ones too', async () => {
  const first = await page('?search=title&limit=5');
  const hidden = first.media[0];
  await api.ask('PATCH', `/api/media/${hidden?.id}`, { isPublished: false });
  const rest = await page(`?search=title&limit=5&cursor=${first.nextCursor}`);
  expect(rest.nextCursor).toBeNull();
  expect(new Set([...first.media, ...rest.media].map(({ id }) => id)).size).toBe(7);
  expect(await titles('?search=title%207')).toEqual(['Title 7']);
  expect(await titles('?search=title%207&sort=popular')).toEqual([]);
});
