import nock from 'nock';
import { expect, test } from 'vitest';
import { trakt } from '../../src/providers/trakt/index.ts';
import { all, KEY, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://api.trakt.tv';
const SHOW = {
  title: 'Breaking Bad',
  year: 2008,
  ids: { trakt: 1388, slug: 'breaking-bad', tvdb: 81189, imdb: 'tt0903747', tmdb: 1396, tvrage: null },
  tagline: 'Change the equation.',
  overview: 'A teacher.',
  first_aired: '2008-01-21T02:00:00.000Z',
  airs: { day: 'Sunday', time: '21:00', timezone: 'America/New_York' },
  runtime: 45,
  certification: 'TV-MA',
  network: 'AMC',
  country: 'us',
  trailer: 'https://youtube.com/watch?v=XZ8daibM3AE',
  homepage: null,
  status: 'ended',
  rating: 9.27,
  votes: 95_000,
  comment_count: 500,
  language: 'en',
  languages: ['en'],
  genres: ['drama', 'science-fiction'],
  aired_episodes: 62,
};
const server = () => nock(HOST, { reqheaders: { 'trakt-api-key': KEY, 'trakt-api-version': '2' } });
const ids = { trakt: '1388', imdb: 'tt0903747', tmdb: '1396', tvdb: '81189' };
const SEASONS = [
  { number: 0, ids: { trakt: 1 }, title: 'Specials', overview: null, first_aired: null, episodes: [] },
  {
    number: 1,
    title: 'Season 1',
    first_aired: '2008-01-21T02:00:00.000Z',
    episodes: [
      {
        season: 1,
        number: 1,
        title: 'Pilot',
        overview: 'He learns.',
        first_aired: '2008-01-21T02:00:00.000Z',
        runtime: 58,
      },
    ],
  },
];
const PEOPLE = {
  cast: [
    {
      character: 'Walter White',
      characters: ['Walter White', 'Heisenberg'],
      person: { name: 'Bryan Cranston', ids: { imdb: 'nm0186505', tmdb: 17419 } },
    },
  ],
  crew: {
    'created by': [{ jobs: ['Creator'], person: { name: 'Vince Gilligan', ids: { imdb: '', tmdb: null } } }],
  },
};
const rest = () => {
  server().get('/shows/1388/seasons').query({ extended: 'full,episodes' }).reply(200, SEASONS);
  server().get('/shows/1388/people').reply(200, PEOPLE);
};

metadataProviderContract({
  plug: trakt,
  search: {
    asked: () => server().get('/search/show').query({ query: 'breaking', years: 2008, limit: 20 }),
    answer: [
      { type: 'show', score: 26, show: { title: 'Breaking Bad', year: 2008, ids: SHOW.ids } },
      { type: 'movie', score: 1, movie: { ...SHOW, ids: { trakt: 9 } } },
    ],
    query: { kind: 'series', title: 'breaking', year: 2008, language: 'en' },
    hits: [{ kind: 'series', ids, title: 'Breaking Bad', year: 2008 }],
  },
  byId: {
    asked: () => server().get('/shows/1388').query({ extended: 'full' }),
    answer: SHOW,
    rest,
    id: { provider: 'trakt', value: '1388' },
    kind: 'series',
    title: {
      kind: 'series',
      title: 'Breaking Bad',
      ids,
      year: 2008,
      releaseDate: '2008-01-21',
      runtimeMinutes: 45,
      status: 'Ended',
      network: 'AMC',
      tagline: 'Change the equation.',
      overview: 'A teacher.',
      ratings: [{ provider: 'trakt', rating: 9.27, votes: 95_000 }],
      languages: ['en'],
      countries: ['US'],
      genres: ['Drama', 'Science Fiction'],
      cast: [
        { name: 'Bryan Cranston', imdb: 'nm0186505', tmdb: '17419', character: 'Walter White / Heisenberg' },
      ],
      crew: [{ name: 'Vince Gilligan', job: 'Creator', department: 'Created by' }],
      certifications: [{ country: 'US', code: 'TV-MA' }],
      trailer: { youtube: 'XZ8daibM3AE' },
      seasons: [
        { number: 0, title: 'Specials', episodes: [] },
        {
          number: 1,
          title: 'Season 1',
          airDate: '2008-01-21',
          episodes: [
            { number: 1, title: 'Pilot', overview: 'He learns.', airDate: '2008-01-21', runtimeMinutes: 58 },
          ],
        },
      ],
    },
    changed: [
      { ...SHOW, ids: { ...SHOW.ids, trakt: '1388' } },
      { ...SHOW, title: null },
    ],
    odd: [
      { ...SHOW, genres: { 1: 'drama' } },
      { ...SHOW, rating: '9.27' },
    ],
  },
});

const FILM = {
  title: 'Metropolis',
  year: 1927,
  ids: { trakt: 10, imdb: 'tt0017136' },
  released: '1927-03-13',
  status: 'released',
  genres: ['anime'],
};

test('a film is found by its TMDB id, with the translations of the language asked for', async () => {
  server()
    .get('/search/tmdb/19')
    .query({ type: 'movie' })
    .reply(200, [{ type: 'movie', movie: FILM }]);
  server().get('/movies/10').query(true).reply(200, FILM);
  server().get('/movies/10/people').reply(404);
  server()
    .get('/movies/10/translations/pt')
    .reply(200, [
      { title: 'Metrópolis', overview: '', tagline: null, language: 'pt', country: 'br' },
      { title: 'Outra', language: 'pt', country: 'pt' },
      { title: null, language: 'pt' },
    ]);
  expect(
    await openAlone(trakt).byId(
      { provider: 'tmdb', value: '19' },
      { kind: 'movie', language: 'pt-BR' },
      NEVER,
    ),
  ).toEqual({
    kind: 'movie',
    title: 'Metropolis',
    ids: { trakt: '10', imdb: 'tt0017136' },
    year: 1927,
    releaseDate: '1927-03-13',
    status: 'Released',
    subkind: 'anime',
    genres: ['Anime'],
    translations: [{ language: 'pt', title: 'Metrópolis' }],
  });
  server().get('/search/tvdb/5').query({ type: 'movie' }).reply(200, []);
  expect(
    await openAlone(trakt).byId({ provider: 'tvdb', value: '5' }, { kind: 'movie', language: 'en' }, NEVER),
  ).toBeNull();
});

test('a wrong client id is named', async () => {
  server().get('/movies/tt0017136').query(true).reply(403, 'Forbidden');
  const asked = openAlone(trakt).byId(
    { provider: 'imdb', value: 'tt0017136' },
    { kind: 'movie', language: 'en' },
    NEVER,
  );
  await expect(asked).rejects.toThrow('trakt refused the request (403): is its key right?');
});

test('changes are those of whole hours, of thirty days at most, each once', async () => {
  const hour = `${new Date(Date.now() - 3_600_000).toISOString().slice(0, 13)}:00:00Z`;
  const full = Array.from({ length: 100 }, (_, index) => index + 1);
  server().get(`/movies/updates/id/${hour}`).query({ page: 1, limit: 100 }).reply(200, full);
  server().get(`/movies/updates/id/${hour}`).query({ page: 2, limit: 100 }).reply(200, [100, 101]);
  const told = await all(openAlone(trakt).changesSince?.(new Date(Date.now() - 3_600_000), 'movie', NEVER));
  expect(told.map(({ value }) => Number(value))).toEqual([...full, 101]);
  const days = (path: string) =>
    Date.now() - Date.parse(path.split('/').at(-1)?.slice(0, 20) ?? '') < 30.1 * 86_400_000;
  server()
    .get((path) => path.startsWith('/shows/updates/id/') && days(path))
    .query(true)
    .reply(200, []);
  expect(await all(openAlone(trakt).changesSince?.(new Date(0), 'series', NEVER))).toEqual([]);
});

test('what is trending is a list, of films and of series', async () => {
  server()
    .get('/shows/trending')
    .query({ limit: 100 })
    .reply(200, [
      { watchers: 9, show: { title: 'Second', year: 2020, ids: { trakt: 2, imdb: 'tt0000002' } } },
      { watchers: 3, show: { title: 'First', year: null, ids: { trakt: 1 } } },
    ]);
  const list = openAlone(trakt).lists?.find(({ kind }) => kind === 'series');
  expect((await list?.titles(NEVER))?.map(({ title, ids }) => [title, ids])).toEqual([
    ['Second', { trakt: '2', imdb: 'tt0000002' }],
    ['First', { trakt: '1' }],
  ]);
});
