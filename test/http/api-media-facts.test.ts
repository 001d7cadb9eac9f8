import { expect, test } from 'vitest';
import { mediaRoutes } from '../../src/features/media/index.ts';
import { putWatchOffers } from '../../src/features/metadata/queries/origins.ts';
import { startApi } from '../support/api.ts';
import { freshDatabase } from '../support/database.ts';

const SINTEL = { kind: 'movie', ids: { imdb: 'tt1727587' }, title: 'Sintel', year: 2010 };

test('keeps how much is seen, and tells where else it may be watched in every country', async () => {
  await using database = await freshDatabase();
  await using api = await startApi((place) => [mediaRoutes({ db: database.db, language: 'en', ...place })]);
  const add = (body: unknown) => api.ask('POST', '/api/media', body);
  expect((await add(SINTEL)).body).toMatchObject({ nudity: 'unknown', watch: [] });
  expect((await add({ ...SINTEL, nudity: 'mild' })).body).toMatchObject({ nudity: 'mild' });
  expect((await add(SINTEL)).body).toMatchObject({ nudity: 'mild' });
  expect(await add({ ...SINTEL, nudity: 'some' })).toMatchObject({ status: 400 });
  const { body } = await api.ask('PATCH', '/api/media/tt1727587', { nudity: 'none' });
  expect(body).toMatchObject({ nudity: 'none' });
  await putWatchOffers(
    database.db,
    1,
    ['tmdb'],
    [
      { provider: 'tmdb', region: 'DE', service: 'Netflix', offer: 'subscription', url: null },
      {
        provider: 'tmdb',
        region: 'AT',
        service: 'Apple TV',
        offer: 'rent',
        url: 'https://watch.example/1',
      },
    ],
  );
  expect((await api.ask('GET', '/api/media/tt1727587')).body).toMatchObject({
    watch: [
      { region: 'AT', service: 'Apple TV', offer: 'rent', url: 'https://watch.example/1' },
      { region: 'DE', service: 'Netflix', offer: 'subscription', url: null },
    ],
  });
});

test('an episode can be deleted by its number, once', async () => {
  await using database = await freshDatabase();
  await using api = await startApi((place) => [mediaRoutes({ db: database.db, language: 'en', ...place })]);
  const episodes = [{ number: 1 }, { number: 2 }];
  const show = {
    kind: 'series',
    ids: { imdb: 'tt0000009' },
    title: 'Show',
    seasons: [{ number: 1, episodes }],
  };
  expect((await api.ask('POST', '/api/media', show)).status).toBe(201);
  const remove = async (path: string) => {
    const { status } = await api.ask('DELETE', `/api/media/${path}`);
    return status;
  };
  expect(await remove('tt0000009/episodes/1/x')).toBe(400);
  expect([await remove('tt0000009/episodes/1/2'), await remove('tt0000009/episodes/1/2')]).toEqual([
    204, 404,
  ]);
  expect(await remove('tt0000008/episodes/1/1')).toBe(404);
  const { body } = await api.ask('GET', '/api/media/tt0000009');
  expect(body).toMatchObject({ seasons: [{ number: 1, episodes: [{ number: 1 }] }] });
});
