import nock from 'nock';
import { expect, test } from 'vitest';
import { tmdb as plug } from '../../src/providers/tmdb/index.ts';
import { TMDB_FILM, TMDB_SEASON, TMDB_SERIES } from '../support/tmdb-answers.ts';
import { KEY, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://api.themoviedb.org';
const tmdb = (apiKey = KEY) => openAlone(plug, apiKey);
const FILM = { kind: 'movie', language: 'en' } as const;

metadataProviderContract({
  plug,
  search: {
    asked: () =>
      nock(HOST)
        .get('/3/search/movie')
        .query((asked) => asked.query === 'matrix' && asked.api_key === KEY),
    answer: { results: [{ id: 603, title: 'The Matrix', release_date: '1999-03-31' }] },
    query: { kind: 'movie', title: 'matrix', language: 'en' },
    hits: [{ kind: 'movie', ids: { tmdb: '603' }, title: 'The Matrix', year: 1999 }],
  },
  byId: {
    // One request: texts, ids, ages, where to watch, people, images.
    asked: () =>
      nock(HOST)
        .get('/3/movie/603')
        .query(
          (asked) =>
            asked.api_key === KEY &&
            asked.language === 'en' &&
            asked.include_image_language === 'en,null' &&
            String(asked.append_to_response).includes('release_dates'),
        ),
    answer: TMDB_FILM,
    id: { provider: 'tmdb', value: '603' },
    kind: 'movie',
    title: {
      kind: 'movie',
      title: 'The Matrix',
      originalTitle: 'The Matrix',
      ids: { tmdb: '603', imdb: 'tt0133093', wikidata: 'Q83495' },
      adult: false,
      year: 1999,
      releaseDate: '1999-03-31',
      runtimeMinutes: 136,
      status: 'Released',
      tagline: 'Welcome to the Real World.',
      overview: 'A hacker learns what is real.',
      popularity: 80.5,
      ratings: [{ provider: 'tmdb', rating: 8.2, votes: 24_000 }],
      languages: ['en', 'fr'],
      countries: ['US'],
      genres: ['Action', 'Science Fiction'],
      keywords: ['dystopia', 'hacker'],
      companies: ['Village Roadshow Pictures'],
      aliases: ['Matrix 1'],
      cast: [{ name: 'Keanu Reeves', tmdb: '6384', character: 'Neo' }],
      crew: [{ name: 'Lana Wachowski', tmdb: '9340', job: 'Director', department: 'Directing' }],
      certifications: [
        { country: 'US', code: 'R' },
        { country: 'DE', code: '16' },
      ],
      images: [
        { type: 'poster', url: 'https://image.tmdb.org/t/p/w500/shown.jpg', language: 'en' },
        { type: 'poster', url: 'https://image.tmdb.org/t/p/w500/other.jpg' },
        { type: 'background', url: 'https://image.tmdb.org/t/p/w1280/back.jpg' },
        { type: 'logo', url: 'https://image.tmdb.org/t/p/w500/logo.png', language: 'en' },
      ],
      trailer: { youtube: 'vKQi3bBA1y8' },
      translations: [
        { language: 'es-ES', title: 'Matrix', overview: 'Un pirata.' },
        { language: 'pt-BR', tagline: 'Bem-vindo.' },
      ],
      watch: [
        {
          country: 'DE',
          service: 'Netflix',
          offer: 'subscription',
          url: 'https://www.themoviedb.org/movie/603/watch?locale=DE',
        },
        {
          country: 'DE',
          service: 'Apple TV',
          offer: 'rent',
          url: 'https://www.themoviedb.org/movie/603/watch?locale=DE',
        },
        { country: 'FR', service: 'Plex', offer: 'ads' },
      ],
    },
    changed: [
      { ...TMDB_FILM, id: '603' },
      { ...TMDB_FILM, title: null },
      { ...TMDB_FILM, title: { en: 'The Matrix' } },
    ],
    odd: [
      { ...TMDB_FILM, runtime: { minutes: 136 }, genres: 'Action' },
      { ...TMDB_FILM, credits: [7] },
    ],
  },
});

test('a series by its IMDb id: found first, its seasons twenty a request, an end only where it has ended', async () => {
  nock(HOST)
    .get('/3/find/tt0903747')
    .query((asked) => asked.external_source === 'imdb_id')
    .reply(200, { movie_results: [], tv_results: [{ id: 1396 }] });
  nock(HOST)
    .get('/3/tv/1396')
    .query((asked) => String(asked.append_to_response).includes('content_ratings'))
    .reply(200, TMDB_SERIES);
  nock(HOST)
    .get('/3/tv/1396')
    .query((asked) => asked.append_to_response === 'season/0,season/1')
    .reply(200, { id: 1396, 'season/0': { broken: true }, 'season/1': TMDB_SEASON });
  const series = await tmdb().byId(
    { provider: 'imdb', value: 'tt0903747' },
    { kind: 'series', language: 'en' },
    NEVER,
  );
  expect(series).toMatchObject({
    kind: 'series',
    ids: { tmdb: '1396', imdb: 'tt0903747', tvdb: '81189' },
    year: 2008,
    endDate: '2013-09-29',
    network: 'AMC',
    runtimeMinutes: 47,
    certifications: [{ country: 'US', code: 'TV-MA' }],
    keywords: ['drugs'],
    aliases: ['Metástasis'],
    crew: [{ name: 'Vince Gilligan', job: 'Creator', tmdb: '66633' }],
    seasons: [
      { number: 0, title: 'Specials' },
      {
        number: 1,
        poster: 'https://image.tmdb.org/t/p/w500/s1.jpg',
        episodes: [
          {
            number: 1,
            title: 'Pilot',
            airDate: '2008-01-20',
            runtimeMinutes: 59,
            thumbnail: 'https://image.tmdb.org/t/p/w300/e1.jpg',
          },
          { number: 2 },
        ],
      },
    ],
  });
});

test('ids it cannot be asked by, and ids it does not know, are null', async () => {
  expect(await tmdb().byId({ provider: 'mal', value: '1' }, FILM, NEVER)).toBeNull();
  nock(HOST)
    .get('/3/find/tt0000001')
    .query(true)
    .reply(200, { movie_results: [], tv_results: [{ id: 5 }] });
  expect(await tmdb().byId({ provider: 'imdb', value: 'tt0000001' }, FILM, NEVER)).toBeNull();
});

test('a film of which single parts changed their shape is still that film', async () => {
  const odd = {
    id: 603,
    title: 'The Matrix',
    runtime: { minutes: 136 },
    genres: 'Action',
    images: null,
    credits: [],
    adult: true,
    vote_average: 0,
    vote_count: 0,
    release_date: '',
    'watch/providers': { results: { DE: 7 } },
  };
  nock(HOST).get('/3/movie/603').query(true).reply(200, odd);
  expect(await tmdb().byId({ provider: 'tmdb', value: '603' }, FILM, NEVER)).toEqual({
    kind: 'movie',
    title: 'The Matrix',
    ids: { tmdb: '603' },
    adult: true,
  });
});

test('a search takes a token too, brings adult titles with their mark, and the wanted year first', async () => {
  const token = `eyJhbGciOiJIUzI1NiJ9.${'x'.repeat(150)}`;
  const results = [
    { id: 1, title: 'Avatar', release_date: '2004-01-01', adult: true },
    { id: 19995, title: 'Avatar', original_title: 'Avatar', release_date: '2009-12-15' },
    { id: 'odd', title: 'Avatar' },
    { id: 3, title: 'Avatar Undated', release_date: '' },
  ];
  nock(HOST, { reqheaders: { authorization: `Bearer ${token}` } })
    .get('/3/search/movie')
    .query(
      (asked) => asked.api_key === undefined && asked.query === 'Avatar' && asked.include_adult === 'true',
    )
    .reply(200, { results });
  const hits = await tmdb(token).search?.(
    { kind: 'movie', title: 'Avatar', year: 2009, language: 'en' },
    NEVER,
  );
  expect(hits).toEqual([
    { kind: 'movie', ids: { tmdb: '19995' }, title: 'Avatar', originalTitle: 'Avatar', year: 2009 },
    { kind: 'movie', ids: { tmdb: '1' }, title: 'Avatar', year: 2004, adult: true },
    { kind: 'movie', ids: { tmdb: '3' }, title: 'Avatar Undated' },
  ]);
});

test('what changed since then: by fortnights, all pages, each id once', async () => {
  const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
  const page = (from: number, to: number, number: string, results: unknown[], total: number) =>
    nock(HOST)
      .get('/3/tv/changes')
      .query((asked) => asked.start_date === day(from) && asked.end_date === day(to) && asked.page === number)
      .reply(200, { results, page: Number(number), total_pages: total });
  page(20, 7, '1', [{ id: 1 }, { id: 2 }], 2);
  page(20, 7, '2', [{ id: 3 }, { id: null }], 2);
  page(6, 0, '1', [{ id: 2 }, { id: 4 }], 1);
  const ids: string[] = [];
  for await (const { provider, value } of tmdb().changesSince?.(
    new Date(Date.now() - 20 * 86_400_000),
    'series',
    NEVER,
  ) ?? [])
    ids.push(`${provider} ${value}`);
  expect(ids).toEqual(['tmdb 1', 'tmdb 2', 'tmdb 3', 'tmdb 4']);
});
