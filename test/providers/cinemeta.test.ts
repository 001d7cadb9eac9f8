import nock from 'nock';
import { expect, test } from 'vitest';
import { cinemeta as plug } from '../../src/providers/cinemeta/index.ts';
import { metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://v3-cinemeta.strem.io';
const cinemeta = () => openAlone(plug);

const FILM = {
  meta: {
    id: 'tt0133093',
    imdb_id: 'tt0133093',
    type: 'movie',
    name: 'The Matrix',
    releaseInfo: '1999',
    released: '1999-03-31T00:00:00.000Z',
    runtime: '136 min',
    description: 'A hacker learns what is real.',
    genre: ['Action', 'Sci-Fi'],
    genres: ['Action', 'Sci-Fi'],
    cast: ['Keanu Reeves', 'Carrie-Anne Moss'],
    director: ['Lana Wachowski', 'Lilly Wachowski'],
    writer: 'Lilly Wachowski, Lana Wachowski',
    imdbRating: '8.7',
    poster: 'https://images.metahub.space/poster/small/tt0133093/img',
    background: 'https://images.metahub.space/background/medium/tt0133093/img',
    logo: '',
    moviedb_id: 603,
    trailerStreams: [{ title: 'The Matrix', ytId: 'vKQi3bBA1y8' }],
    popularity: 7.1,
    links: [],
  },
};

metadataProviderContract({
  plug,
  search: {
    asked: () => nock(HOST).get('/catalog/movie/top/search=matrix.json'),
    answer: { metas: [{ id: 'tt0133093', name: 'The Matrix', releaseInfo: '1999' }] },
    query: { kind: 'movie', title: 'matrix', language: 'en' },
    hits: [{ kind: 'movie', ids: { imdb: 'tt0133093' }, title: 'The Matrix', year: 1999 }],
  },
  byId: {
    asked: () => nock(HOST).get('/meta/movie/tt0133093.json'),
    answer: FILM,
    id: { provider: 'imdb', value: 'tt0133093' },
    kind: 'movie',
    title: {
      kind: 'movie',
      title: 'The Matrix',
      ids: { imdb: 'tt0133093', tmdb: '603' },
      year: 1999,
      releaseDate: '1999-03-31',
      runtimeMinutes: 136,
      overview: 'A hacker learns what is real.',
      ratings: [{ provider: 'imdb', rating: 8.7 }],
      genres: ['Action', 'Sci-Fi'],
      cast: [{ name: 'Keanu Reeves' }, { name: 'Carrie-Anne Moss' }],
      crew: [
        { name: 'Lana Wachowski', job: 'Director', department: 'Directing' },
        { name: 'Lilly Wachowski', job: 'Director', department: 'Directing' },
        { name: 'Lilly Wachowski', job: 'Writer', department: 'Writing' },
        { name: 'Lana Wachowski', job: 'Writer', department: 'Writing' },
      ],
      images: [
        { type: 'poster', url: FILM.meta.poster },
        { type: 'background', url: FILM.meta.background },
      ],
      trailer: { youtube: 'vKQi3bBA1y8' },
    },
    changed: [
      { meta: 7 },
      { meta: { ...FILM.meta, name: null } },
      { meta: { ...FILM.meta, id: 133093 } },
      { result: [] },
    ],
    odd: [
      { meta: { ...FILM.meta, runtime: 136, poster: {} } },
      { meta: { ...FILM.meta, genres: { 1: 'Action' }, genre: 7 } },
    ],
  },
});

test('a series has its seasons in order, of old answers and of new ones, and years that go on', async () => {
  const videos = [
    { season: 1, number: 2, name: "Cat's in the Bag…", firstAired: '2008-01-27T05:00:00.000Z' },
    { season: 1, episode: 1, title: 'Pilot', released: '2008-01-20T05:00:00.000Z', overview: 'It begins.' },
    { season: 0, episode: 1, name: 'Minisode', released: null, thumbnail: 'not a url' },
    { season: 'one', episode: 1 },
    { season: 2 },
  ];
  const meta = {
    id: 'tt0903747',
    type: 'series',
    name: 'Breaking Bad',
    releaseInfo: '2008–2013',
    tvdb_id: 81189,
    videos,
  };
  nock(HOST)
    .get('/meta/series/tt0903747.json')
    .reply(200, { meta: { ...meta, runtime: '1h 2min' } });
  const asked = { provider: 'imdb', value: 'tt0903747' };
  expect(await cinemeta().byId(asked, { kind: 'series', language: 'en' }, NEVER)).toEqual({
    kind: 'series',
    title: 'Breaking Bad',
    ids: { imdb: 'tt0903747', tvdb: '81189' },
    year: 2008,
    runtimeMinutes: 62,
    seasons: [
      { number: 0, episodes: [{ number: 1, title: 'Minisode' }] },
      {
        number: 1,
        episodes: [
          { number: 2, title: "Cat's in the Bag…", airDate: '2008-01-27' },
          { number: 1, title: 'Pilot', overview: 'It begins.', airDate: '2008-01-20' },
        ],
      },
    ],
  });
});

test('an empty answer is: it does not know it; another provider’s id is not asked for', async () => {
  nock(HOST).get('/meta/movie/tt9999999.json').reply(200, {});
  nock(HOST).get('/meta/movie/tt9999998.json').reply(200, { meta: {} });
  const about = { kind: 'movie', language: 'en' } as const;
  expect(await cinemeta().byId({ provider: 'imdb', value: 'tt9999999' }, about, NEVER)).toBeNull();
  expect(await cinemeta().byId({ provider: 'imdb', value: 'tt9999998' }, about, NEVER)).toBeNull();
  expect(await cinemeta().byId({ provider: 'tmdb', value: '603' }, about, NEVER)).toBeNull();
});

test('a search by name, with signs that mean something in an address; bad hits are left out', async () => {
  const metas = [
    { id: 'tt0029583', name: 'Snow White', releaseInfo: '1937' },
    { id: 'nothing', name: 'x' },
    { id: 'tt1234567', name: 'Snow', year: 2012 },
  ];
  nock(HOST).get('/catalog/movie/top/search=Snow%20White%2F%3F%26.json').reply(200, { metas });
  const query = { kind: 'movie', title: 'Snow White/?&', language: 'en' } as const;
  expect(await cinemeta().search?.(query, NEVER)).toEqual([
    { kind: 'movie', ids: { imdb: 'tt0029583' }, title: 'Snow White', year: 1937 },
    { kind: 'movie', ids: { imdb: 'tt1234567' }, title: 'Snow', year: 2012 },
  ]);
});
