import nock from 'nock';
import { expect, test } from 'vitest';
import { tvdb } from '../../src/providers/tvdb/index.ts';
import { all, KEY, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://api4.thetvdb.com';
const SERIES = {
  id: 81189,
  name: 'Breaking Bad',
  slug: 'breaking-bad',
  image: 'https://artworks.thetvdb.com/p.jpg',
  firstAired: '2008-01-20',
  lastAired: '2013-09-29',
  nextAired: '',
  score: 1_166_789,
  status: { id: 2, name: 'Ended', recordType: 'series', keepUpdated: false },
  originalCountry: 'usa',
  originalLanguage: 'eng',
  originalNetwork: { id: 20, name: 'AMC' },
  averageRuntime: 47,
  year: '2008',
  aliases: [{ language: 'por', name: 'Ruptura Total' }],
  genres: [{ id: 1, name: 'Drama', slug: 'drama' }],
  trailers: [{ id: 1, name: 't', url: 'https://www.youtube.com/watch?v=XZ8daibM3AE', language: 'eng' }],
  artworks: [
    { id: 1, image: 'https://artworks.thetvdb.com/b1.jpg', type: 3, language: null, score: 10 },
    { id: 2, image: 'https://artworks.thetvdb.com/b2.jpg', type: 3, language: 'deu', score: 99 },
    { id: 3, image: 'https://artworks.thetvdb.com/banner.jpg', type: 1, language: 'eng', score: 100 },
  ],
  characters: [
    { id: 1, name: 'Jesse', personName: 'Aaron Paul', peopleType: 'Actor', sort: 2 },
    { id: 2, name: 'Walter White', personName: 'Bryan Cranston', peopleType: 'Actor', sort: 1 },
    { id: 3, name: null, personName: 'Vince Gilligan', peopleType: 'Writer', sort: 0 },
  ],
  contentRatings: [{ id: 1, name: 'TV-MA', country: 'usa', contentType: 'episode' }],
  remoteIds: [
    { id: 'tt0903747', type: 2, sourceName: 'IMDB' },
    { id: '1396', type: 12, sourceName: 'TheMovieDB.com' },
    { id: 'http://www.amctv.com', type: 4, sourceName: 'Official Website' },
  ],
  seasons: [
    { id: 1, number: 1, type: { id: 1, type: 'official' }, image: 'https://artworks.thetvdb.com/s1.jpg' },
    { id: 2, number: 1, type: { id: 2, type: 'dvd' }, image: null },
  ],
  translations: {
    nameTranslations: [
      { name: 'Breaking Bad', language: 'eng', isPrimary: true },
      { name: 'A Química do Mal', language: 'pt' },
      { name: 'BB', language: 'eng', isAlias: true },
    ],
    overviewTranslations: [
      { overview: 'A teacher cooks.', language: 'eng' },
      { overview: 'Um professor.', language: 'pt', tagline: 'Mude.' },
    ],
  },
};
const asked = (path = '/v4/series/81189/extended') => nock(HOST).get(path).query({ meta: 'translations' });
const login = (token = 'bearer-1', apikey: object = { apikey: KEY }) =>
  nock(HOST).post('/v4/login', JSON.stringify(apikey)).reply(200, { status: 'success', data: { token } });
const episodes = (language: string, page: number) =>
  nock(HOST).get(`/v4/series/81189/episodes/default${language}`).query({ page });

metadataProviderContract({
  plug: tvdb,
  beforehand: () => login(),
  search: {
    asked: () =>
      nock(HOST, { reqheaders: { authorization: 'Bearer bearer-1' } })
        .get('/v4/search')
        .query({ query: 'breaking', type: 'series', year: 2008, limit: 20 }),
    answer: {
      status: 'success',
      data: [
        {
          objectID: 'series-81189',
          aliases: ['Ruptura Total'],
          name: 'Breaking Bad',
          translations: { eng: 'Breaking Bad', rus: 'Во все тяжкие' },
          remote_ids: [{ id: 'tt0903747', type: 2, sourceName: 'IMDB' }],
          type: 'series',
          tvdb_id: '81189',
          year: '2008',
          image_url: 'https://artworks.thetvdb.com/p.jpg',
        },
        { name: 'Breaking', type: 'person', tvdb_id: '5' },
      ],
    },
    query: { kind: 'series', title: 'breaking', year: 2008, language: 'ru' },
    hits: [
      {
        kind: 'series',
        ids: { tvdb: '81189', imdb: 'tt0903747' },
        title: 'Во все тяжкие',
        originalTitle: 'Breaking Bad',
        aliases: ['Ruptura Total'],
        year: 2008,
        poster: 'https://artworks.thetvdb.com/p.jpg',
      },
    ],
  },
  byId: {
    asked,
    answer: { status: 'success', data: SERIES },
    rest: () =>
      episodes('/eng', 0).reply(200, {
        data: {
          series: {},
          episodes: [
            {
              id: 1,
              seasonNumber: 1,
              number: 1,
              name: 'Pilot',
              aired: '2008-01-20',
              runtime: 58,
              overview: 'He learns.',
              image: 'https://artworks.thetvdb.com/e.jpg',
            },
            {
              id: 2,
              seasonNumber: 0,
              number: 1,
              name: 'Good Cop',
              aired: null,
              runtime: null,
              overview: null,
              image: null,
            },
          ],
        },
      }),
    id: { provider: 'tvdb', value: '81189' },
    kind: 'series',
    title: {
      kind: 'series',
      title: 'Breaking Bad',
      ids: { tvdb: '81189', imdb: 'tt0903747', tmdb: '1396' },
      year: 2008,
      releaseDate: '2008-01-20',
      endDate: '2013-09-29',
      runtimeMinutes: 47,
      status: 'Ended',
      network: 'AMC',
      overview: 'A teacher cooks.',
      languages: ['en'],
      countries: ['US'],
      genres: ['Drama'],
      aliases: ['Ruptura Total', 'BB'],
      cast: [
        { name: 'Bryan Cranston', character: 'Walter White' },
        { name: 'Aaron Paul', character: 'Jesse' },
      ],
      crew: [{ name: 'Vince Gilligan', job: 'Writer' }],
      certifications: [{ country: 'US', code: 'TV-MA' }],
      images: [
        { type: 'poster', url: 'https://artworks.thetvdb.com/p.jpg' },
        { type: 'background', url: 'https://artworks.thetvdb.com/b2.jpg', language: 'de' },
        { type: 'background', url: 'https://artworks.thetvdb.com/b1.jpg' },
      ],
      trailer: { youtube: 'XZ8daibM3AE' },
      translations: [
        { language: 'en', title: 'Breaking Bad', overview: 'A teacher cooks.' },
        { language: 'pt-BR', title: 'A Química do Mal', overview: 'Um professor.', tagline: 'Mude.' },
      ],
      seasons: [
        { number: 0, episodes: [{ number: 1, title: 'Good Cop' }] },
        {
          number: 1,
          poster: 'https://artworks.thetvdb.com/s1.jpg',
          episodes: [
            {
              number: 1,
              title: 'Pilot',
              airDate: '2008-01-20',
              runtimeMinutes: 58,
              overview: 'He learns.',
              thumbnail: 'https://artworks.thetvdb.com/e.jpg',
            },
          ],
        },
      ],
    },
    changed: [{ data: { ...SERIES, id: '81189' } }, { data: [SERIES] }],
    odd: [
      { data: { ...SERIES, genres: ['Drama'] } },
      { data: { ...SERIES, translations: ['eng'] } },
      { data: { ...SERIES, status: 'Ended' } },
    ],
  },
  unknown: { status: 404, body: { status: 'failure', message: 'NotFoundException', data: null } },
});

const film = {
  id: 603,
  name: 'Матрица',
  year: '1999',
  first_release: { country: 'usa', date: '1999-03-31' },
  runtime: 136,
  status: { name: 'Released' },
};
const byId = (provider = openAlone(tvdb), id = { provider: 'tvdb', value: '603' }) =>
  provider.byId(id, { kind: 'movie', language: 'en' }, NEVER);

test('a film is found by its IMDb id, and a person of that id is none', async () => {
  const provider = openAlone(tvdb);
  login();
  const remote = () => nock(HOST).get('/v4/search/remoteid/tt0133093');
  remote().reply(200, { data: [{ people: { id: 1 } }, { movie: { id: 603 } }] });
  nock(HOST).get('/v4/movies/603/extended').query(true).reply(200, { data: film });
  const id = { provider: 'imdb', value: 'tt0133093' };
  expect((await byId(provider, id))?.title).toBe('Матрица');
  remote().reply(200, { data: [{ people: { id: 1 } }] });
  expect(await byId(provider, id)).toBeNull();
});

test('a key with a PIN logs in with both; episodes without a translation are asked as they are', async () => {
  const provider = openAlone(tvdb, 'key:1234');
  login('t', { apikey: 'key', pin: '1234' });
  asked().reply(200, { data: SERIES });
  episodes('/fra', 0).reply(404, {});
  const page = (count: number, from: number) => ({
    data: {
      episodes: Array.from({ length: count }, (_, index) => ({
        seasonNumber: 1,
        number: from + index,
        name: 'x',
      })),
    },
  });
  episodes('', 0).reply(200, page(500, 1));
  episodes('', 1).reply(200, page(2, 501));
  const series = await provider.byId(
    { provider: 'tvdb', value: '81189' },
    { kind: 'series', language: 'fr' },
    NEVER,
  );
  expect([series?.title, series?.seasons?.[0]?.episodes?.length]).toEqual(['Breaking Bad', 502]);
});

test('changes are told once each, deleted ones left out', async () => {
  login();
  const page = (number: number) =>
    nock(HOST).get('/v4/updates').query({ since: 1_700_000_000, type: 'movies', page: number });
  page(0).reply(200, {
    data: [
      { recordId: 603, method: 'update' },
      { recordId: 604, method: 'delete' },
    ],
  });
  page(1).reply(200, {
    data: [
      { recordId: 603, method: 'update' },
      { recordId: 605, method: 'create' },
    ],
  });
  page(2).reply(200, { data: [] });
  const told = await all(openAlone(tvdb).changesSince?.(new Date(1_700_000_000_000), 'movie', NEVER));
  expect(told.map(({ value }) => value)).toEqual(['603', '605']);
});
