import nock from 'nock';
import { expect, test } from 'vitest';
import { fanart } from '../../src/providers/fanart/index.ts';
import { all, KEY, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const server = () => nock('https://webservice.fanart.tv', { reqheaders: { 'api-key': KEY } });
const SHOW = {
  name: 'Breaking Bad',
  thetvdb_id: '81189',
  tvposter: [
    { id: '1', url: 'https://assets.fanart.tv/p1.jpg', lang: 'en', likes: '3' },
    { id: '2', url: 'https://assets.fanart.tv/p2.jpg', lang: '00', likes: '12' },
  ],
  hdtvlogo: [{ id: '3', url: 'https://assets.fanart.tv/l.png', lang: 'pt', likes: '0' }],
  clearlogo: [{ id: '4', url: 'not an address', lang: 'en', likes: '99' }],
  seasonposter: [
    { id: '5', url: 'https://assets.fanart.tv/s2.jpg', lang: 'en', likes: '1', season: '2' },
    { id: '6', url: 'https://assets.fanart.tv/s1a.jpg', lang: 'en', likes: '1', season: '1' },
    { id: '7', url: 'https://assets.fanart.tv/s1b.jpg', lang: 'en', likes: '2', season: '1' },
    { id: '8', url: 'https://assets.fanart.tv/all.jpg', lang: 'en', likes: '2', season: 'all' },
  ],
};

metadataProviderContract({
  plug: fanart,
  byId: {
    asked: () => server().get('/v3/tv/81189'),
    answer: SHOW,
    id: { provider: 'tvdb', value: '81189' },
    kind: 'series',
    title: {
      kind: 'series',
      title: 'Breaking Bad',
      ids: { tvdb: '81189' },
      images: [
        { type: 'poster', url: 'https://assets.fanart.tv/p2.jpg' },
        { type: 'poster', url: 'https://assets.fanart.tv/p1.jpg', language: 'en' },
        { type: 'logo', url: 'https://assets.fanart.tv/l.png', language: 'pt' },
      ],
      seasons: [
        { number: 1, poster: 'https://assets.fanart.tv/s1b.jpg' },
        { number: 2, poster: 'https://assets.fanart.tv/s2.jpg' },
      ],
    },
    changed: [{ ...SHOW, name: undefined }],
    odd: [
      { ...SHOW, tvposter: { 1: {} } },
      { ...SHOW, hdtvlogo: ['https://assets.fanart.tv/l.png'] },
    ],
  },
  unknown: { status: 404, body: { status: 'error', 'error message': 'Not found' } },
});

test('films are asked for by the ids of TMDB and IMDb, shows by those of TVDB', async () => {
  const film = {
    name: 'Metropolis',
    tmdb_id: '19',
    imdb_id: 'tt0017136',
    moviebackground: [{ url: 'https://assets.fanart.tv/b.jpg', lang: '', likes: '1' }],
  };
  const provider = openAlone(fanart);
  for (const id of [
    { provider: 'tmdb', value: '19' },
    { provider: 'imdb', value: 'tt0017136' },
  ]) {
    server().get(`/v3/movies/${id.value}`).reply(200, film);
    expect(await provider.byId(id, { kind: 'movie', language: 'en' }, NEVER)).toEqual({
      kind: 'movie',
      title: 'Metropolis',
      ids: { tmdb: '19', imdb: 'tt0017136' },
      images: [{ type: 'background', url: 'https://assets.fanart.tv/b.jpg' }],
    });
  }
  expect(
    await provider.byId({ provider: 'tmdb', value: '1396' }, { kind: 'series', language: 'en' }, NEVER),
  ).toBeNull();
  expect(
    await provider.byId({ provider: 'tvdb', value: '5' }, { kind: 'movie', language: 'en' }, NEVER),
  ).toBeNull();
});

test('what has new images is told once', async () => {
  const since = new Date(1_700_000_000_000);
  server()
    .get('/v3/movies/latest')
    .query({ date: 1_700_000_000 })
    .reply(200, [
      { tmdb_id: '19', imdb_id: 'tt0017136' },
      { tmdb_id: '19' },
      { tmdb_id: '', imdb_id: 'tt0000012' },
      { name: 'x' },
    ]);
  expect(await all(openAlone(fanart).changesSince?.(since, 'movie', NEVER))).toEqual([
    { provider: 'tmdb', value: '19' },
    { provider: 'imdb', value: 'tt0000012' },
  ]);
  server()
    .get('/v3/tv/latest')
    .query({ date: 1_700_000_000 })
    .reply(200, [{ id: '81189', name: 'x' }]);
  expect(await all(openAlone(fanart).changesSince?.(since, 'series', NEVER))).toEqual([
    { provider: 'tvdb', value: '81189' },
  ]);
});
