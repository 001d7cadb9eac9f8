import nock from 'nock';
import { expect, test } from 'vitest';
import { tvmaze } from '../../src/providers/tvmaze/index.ts';
import { all, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://api.tvmaze.com';
const SHOW = {
  id: 169,
  url: 'https://www.tvmaze.com/shows/169/breaking-bad',
  name: 'Breaking Bad',
  type: 'Scripted',
  language: 'English',
  genres: ['Drama', 'Crime', 'Thriller'],
  status: 'Ended',
  runtime: 60,
  averageRuntime: 59,
  premiered: '2008-01-20',
  ended: '2019-10-11',
  rating: { average: 9.2 },
  weight: 98,
  network: {
    id: 20,
    name: 'AMC',
    country: { name: 'United States', code: 'US', timezone: 'America/New_York' },
  },
  webChannel: null,
  externals: { tvrage: 18164, thetvdb: 81189, imdb: 'tt0903747' },
  image: { medium: 'https://static.tvmaze.com/m.jpg', original: 'https://static.tvmaze.com/o.jpg' },
  summary: '<p><b>Breaking Bad</b> follows a teacher &amp; his pupil.</p><p>In Albuquerque.</p>',
};
const WHOLE = {
  ...SHOW,
  _embedded: {
    seasons: [
      {
        id: 1,
        number: 1,
        name: '',
        premiereDate: '2008-01-20',
        image: { original: 'https://static.tvmaze.com/s1.jpg' },
        summary: null,
      },
      { id: 2, number: 2, name: 'Two', premiereDate: null, image: null, summary: '' },
    ],
    episodes: [
      {
        id: 12192,
        name: 'Pilot',
        season: 1,
        number: 1,
        type: 'regular',
        airdate: '2008-01-20',
        runtime: 60,
        image: null,
        summary: '<p>He learns.</p>',
      },
      {
        id: 12193,
        name: 'A special',
        season: 1,
        number: null,
        type: 'insignificant_special',
        airdate: '',
        runtime: null,
        image: null,
        summary: null,
      },
      {
        id: 12194,
        name: 'Seven Thirty-Seven',
        season: 2,
        number: 1,
        airdate: '',
        runtime: 0,
        image: { medium: 'https://static.tvmaze.com/e.jpg' },
        summary: null,
      },
    ],
    cast: [{ person: { id: 1, name: 'Bryan Cranston' }, character: { id: 2, name: 'Walter White' } }],
    crew: [{ type: 'Creator', person: { id: 3, name: 'Vince Gilligan' } }],
    akas: [
      { name: 'Во все тяжкие', country: { code: 'RU' } },
      { name: 'Breaking Bad', country: null },
    ],
    images: [
      { type: 'background', resolutions: { original: { url: 'https://static.tvmaze.com/b.jpg' } } },
      { type: 'banner', resolutions: { original: { url: 'https://static.tvmaze.com/n.jpg' } } },
    ],
  },
};
const asked = () =>
  nock(HOST)
    .get('/shows/169')
    .query({ 'embed[]': ['seasons', 'episodes', 'cast', 'crew', 'akas', 'images'] });
const ids = { tvmaze: '169', imdb: 'tt0903747', tvdb: '81189' };
const title = {
  kind: 'series' as const,
  title: 'Breaking Bad',
  ids,
  year: 2008,
  releaseDate: '2008-01-20',
  endDate: '2019-10-11',
  runtimeMinutes: 59,
  status: 'Ended',
  network: 'AMC',
  overview: 'Breaking Bad follows a teacher & his pupil.\nIn Albuquerque.',
  popularity: 98,
  ratings: [{ provider: 'tvmaze', rating: 9.2 }],
  languages: ['en'],
  countries: ['US'],
  genres: ['Drama', 'Crime', 'Thriller'],
  aliases: ['Во все тяжкие'],
  cast: [{ name: 'Bryan Cranston', character: 'Walter White' }],
  crew: [{ name: 'Vince Gilligan', job: 'Creator' }],
  images: [
    { type: 'poster' as const, url: 'https://static.tvmaze.com/o.jpg' },
    { type: 'background' as const, url: 'https://static.tvmaze.com/b.jpg' },
  ],
  seasons: [
    {
      number: 1,
      airDate: '2008-01-20',
      poster: 'https://static.tvmaze.com/s1.jpg',
      episodes: [
        { number: 1, title: 'Pilot', airDate: '2008-01-20', runtimeMinutes: 60, overview: 'He learns.' },
      ],
    },
    {
      number: 2,
      title: 'Two',
      episodes: [{ number: 1, title: 'Seven Thirty-Seven', thumbnail: 'https://static.tvmaze.com/e.jpg' }],
    },
  ],
};

metadataProviderContract({
  plug: tvmaze,
  search: {
    asked: () => nock(HOST).get('/search/shows').query({ q: 'breaking bad' }),
    answer: [
      { score: 1.2, show: SHOW },
      { score: 0.5, show: { id: 7, name: 'Bad' } },
    ],
    query: { kind: 'series', title: 'breaking bad', language: 'en' },
    hits: [
      { kind: 'series', ids, title: 'Breaking Bad', year: 2008, poster: 'https://static.tvmaze.com/o.jpg' },
      { kind: 'series', ids: { tvmaze: '7' }, title: 'Bad' },
    ],
  },
  byId: {
    asked,
    answer: WHOLE,
    id: { provider: 'tvmaze', value: '169' },
    kind: 'series',
    title,
    changed: [{ ...WHOLE, name: { en: 'Breaking Bad' } }],
    odd: [
      { ...WHOLE, genres: 'Drama' },
      { ...WHOLE, _embedded: { ...WHOLE._embedded, episodes: { 1: [] } } },
    ],
  },
});

test('a show is found by its IMDb and TVDB id, and nothing is invented about one of which little is known', async () => {
  const provider = openAlone(tvmaze);
  for (const [id, query] of [
    [{ provider: 'imdb', value: 'tt0903747' }, { imdb: 'tt0903747' }],
    [{ provider: 'tvdb', value: '81189' }, { thetvdb: '81189' }],
  ] as const) {
    nock(HOST)
      .get('/lookup/shows')
      .query(query)
      .reply(301, '', { location: `${HOST}/shows/169` });
    nock(HOST).get('/shows/169').reply(200, SHOW);
    asked().reply(200, { id: 169, name: 'Breaking Bad', genres: [], premiered: null, image: null });
    expect(await provider.byId(id, { kind: 'series', language: 'en' }, NEVER)).toEqual({
      kind: 'series',
      title: 'Breaking Bad',
      ids: { tvmaze: '169' },
    });
  }
  nock(HOST).get('/lookup/shows').query({ imdb: 'tt9999999' }).reply(404, 'null');
  const unknown = { provider: 'imdb', value: 'tt9999999' };
  expect(await provider.byId(unknown, { kind: 'series', language: 'en' }, NEVER)).toBeNull();
});

test('it is not asked for films', async () => {
  const provider = openAlone(tvmaze);
  expect(await provider.search?.({ kind: 'movie', title: 'Metropolis', language: 'en' }, NEVER)).toEqual([]);
  expect(
    await provider.byId({ provider: 'tvmaze', value: '1' }, { kind: 'movie', language: 'en' }, NEVER),
  ).toBeNull();
  expect(await all(provider.changesSince?.(new Date(), 'movie', NEVER))).toEqual([]);
});

test.each([
  [3600, 'day'],
  [3 * 86_400, 'week'],
  [20 * 86_400, 'month'],
  [90 * 86_400, undefined],
])('of the changes of %s s it asks those since a %s', async (agoSeconds, since) => {
  const now = Math.floor(Date.now() / 1000);
  nock(HOST)
    .get('/updates/shows')
    .query(since === undefined ? {} : { since })
    .reply(200, { 1: now - agoSeconds + 60, 2: now - agoSeconds - 60 });
  const changes = openAlone(tvmaze).changesSince?.(new Date((now - agoSeconds) * 1000), 'series', NEVER);
  expect(await all(changes)).toEqual([{ provider: 'tvmaze', value: '1' }]);
});
