import nock from 'nock';
import { expect, test } from 'vitest';
import { omdb } from '../../src/providers/omdb/index.ts';
import { KEY, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://www.omdbapi.com';
const FILM = {
  Title: 'Metropolis',
  Year: '1927',
  Rated: 'Not Rated',
  Released: '13 Mar 1927',
  Runtime: '153 min',
  Genre: 'Drama, Sci-Fi',
  Director: 'Fritz Lang',
  Writer: 'Thea von Harbou (screenplay), Fritz Lang',
  Actors: 'Brigitte Helm, Alfred Abel',
  Plot: 'In a futuristic city…',
  Language: 'German, None',
  Country: 'Germany',
  Awards: '6 wins',
  Poster: 'https://m.media-amazon.com/images/M/x.jpg',
  Ratings: [
    { Source: 'Internet Movie Database', Value: '8.3/10' },
    { Source: 'Rotten Tomatoes', Value: '97%' },
    { Source: 'Metacritic', Value: '98/100' },
  ],
  Metascore: '98',
  imdbRating: '8.3',
  imdbVotes: '190,123',
  imdbID: 'tt0017136',
  Type: 'movie',
  DVD: 'N/A',
  BoxOffice: '$1,236,166',
  Production: 'N/A',
  Website: 'N/A',
  Response: 'True',
};
const ask = (query: object) =>
  nock(HOST)
    .get('/')
    .query({ apikey: KEY, ...query });
const asked = () => ask({ i: 'tt0017136', plot: 'full' });
const byId = (value = 'tt0017136') =>
  openAlone(omdb).byId({ provider: 'imdb', value }, { kind: 'movie', language: 'en' }, NEVER);

metadataProviderContract({
  plug: omdb,
  search: {
    asked: () => ask({ s: 'metropolis', type: 'movie', y: 1927 }),
    answer: {
      Search: [
        { Title: 'Metropolis', Year: '1927', imdbID: 'tt0017136', Type: 'movie', Poster: 'N/A' },
        { Title: 'Metropolis', Year: '2001–', imdbID: 'tt0000001', Type: 'game', Poster: 'N/A' },
      ],
      totalResults: '2',
      Response: 'True',
    },
    query: { kind: 'movie', title: 'metropolis', year: 1927, language: 'en' },
    hits: [{ kind: 'movie', ids: { imdb: 'tt0017136' }, title: 'Metropolis', year: 1927 }],
  },
  byId: {
    asked,
    answer: FILM,
    id: { provider: 'imdb', value: 'tt0017136' },
    kind: 'movie',
    title: {
      kind: 'movie',
      title: 'Metropolis',
      ids: { imdb: 'tt0017136' },
      year: 1927,
      releaseDate: '1927-03-13',
      runtimeMinutes: 153,
      overview: 'In a futuristic city…',
      ratings: [
        { provider: 'imdb', rating: 8.3, votes: 190_123, type: 'user' },
        { provider: 'rottentomatoes', rating: 97, type: 'critic' },
        { provider: 'metacritic', rating: 98, type: 'critic' },
      ],
      languages: ['de'],
      countries: ['DE'],
      genres: ['Drama', 'Sci-Fi'],
      cast: [{ name: 'Brigitte Helm' }, { name: 'Alfred Abel' }],
      crew: [
        { name: 'Fritz Lang', job: 'Director', department: 'Directing' },
        { name: 'Thea von Harbou', job: 'Writer', department: 'Writing' },
        { name: 'Fritz Lang', job: 'Writer', department: 'Writing' },
      ],
      images: [{ type: 'poster', url: 'https://m.media-amazon.com/images/M/x.jpg' }],
    },
    changed: [
      { ...FILM, Response: true },
      { ...FILM, Title: undefined },
      { ...FILM, imdbID: 'nm0000485' },
    ],
    odd: [
      { ...FILM, Ratings: { imdb: 8.3 } },
      { ...FILM, Runtime: 153 },
    ],
  },
  unknown: { status: 200, body: { Response: 'False', Error: 'Error getting data.' } },
});

test('what is not available is left out, and an episode is no title', async () => {
  const bare = {
    Title: 'Bare',
    Year: 'N/A',
    Rated: 'TV-MA',
    imdbID: 'tt0017136',
    Type: 'series',
    Poster: 'N/A',
    Plot: 'N/A',
    imdbRating: 'N/A',
    Runtime: '1 h 5 min',
    Response: 'True',
  };
  asked().reply(200, bare);
  expect(await byId()).toEqual({
    kind: 'series',
    title: 'Bare',
    ids: { imdb: 'tt0017136' },
    runtimeMinutes: 65,
    certifications: [{ country: 'US', code: 'TV-MA' }],
  });
  asked().reply(200, { ...bare, Type: 'episode' });
  expect(await byId()).toBeNull();
});

test('nothing found is an empty list, and another failure in words is one', async () => {
  const search = () => openAlone(omdb).search?.({ kind: 'movie', title: 'm', language: 'en' }, NEVER);
  ask({ s: 'm', type: 'movie' }).reply(200, { Response: 'False', Error: 'Too many results.' });
  expect(await search()).toEqual([]);
  ask({ s: 'm', type: 'movie' }).reply(200, { Response: 'False', Error: `Something about ${KEY}` });
  await expect(search()).rejects.toThrow(/^omdb says that it failed\.$/);
});

test('a day of which all requests are used up is no wrong key, and nobody asks for an hour', async () => {
  const provider = openAlone(omdb);
  const once = () =>
    provider.byId({ provider: 'imdb', value: 'tt0017136' }, { kind: 'movie', language: 'en' }, NEVER);
  asked().reply(401, { Response: 'False', Error: 'Request limit reached!' });
  await expect(once()).rejects.toThrow('omdb wants no more requests for 3600 s.');
  await expect(once()).rejects.toThrow(/no more requests for 3[56]\d\d s/);
  asked().reply(401, { Response: 'False', Error: 'Invalid API key!' });
  await expect(byId()).rejects.toThrow('omdb refused the request (401): is its key right?');
});
