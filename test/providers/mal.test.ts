import nock from 'nock';
import { expect, test } from 'vitest';
import { mal } from '../../src/providers/mal/index.ts';
import { metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://api.jikan.moe';
const ANIME = {
  mal_id: 1,
  url: 'https://myanimelist.net/anime/1/Cowboy_Bebop',
  images: {
    jpg: {
      image_url: 'https://cdn.myanimelist.net/s.jpg',
      large_image_url: 'https://cdn.myanimelist.net/l.jpg',
    },
    webp: {},
  },
  trailer: {
    youtube_id: null,
    url: null,
    embed_url: 'https://www.youtube-nocookie.com/embed/gY5nDXOtv_o?enablejsapi=1',
  },
  titles: [
    { type: 'Default', title: 'Cowboy Bebop' },
    { type: 'Japanese', title: 'カウボーイビバップ' },
    { type: 'Synonym', title: 'CB' },
  ],
  title: 'Cowboy Bebop',
  title_english: 'Cowboy Bebop',
  title_japanese: 'カウボーイビバップ',
  title_synonyms: [],
  type: 'TV',
  episodes: 26,
  status: 'Finished Airing',
  airing: false,
  aired: {
    from: '1998-04-03T00:00:00+00:00',
    to: '1999-04-24T00:00:00+00:00',
    string: 'Apr 3, 1998 to Apr 24, 1999',
  },
  duration: '24 min per ep',
  rating: 'R - 17+ (violence & profanity)',
  score: 8.75,
  scored_by: 1_000_000,
  rank: 48,
  popularity: 43,
  synopsis: 'Crime is timeless.',
  season: 'spring',
  year: 1998,
  studios: [{ mal_id: 14, type: 'anime', name: 'Sunrise', url: '' }],
  genres: [{ mal_id: 1, name: 'Action' }],
  explicit_genres: [],
  themes: [{ mal_id: 50, name: 'Adult Cast' }],
  demographics: [],
};
const hit = {
  kind: 'series' as const,
  ids: { mal: '1' },
  title: 'Cowboy Bebop',
  originalTitle: 'カウボーイビバップ',
  aliases: ['CB'],
  year: 1998,
  adult: false,
};
const page = (number: number) => nock(HOST).get('/v4/anime/1/episodes').query({ page: number });

metadataProviderContract({
  plug: mal,
  search: {
    asked: () => nock(HOST).get('/v4/anime').query({ q: 'bebop', limit: 25 }),
    answer: { pagination: {}, data: [ANIME, { ...ANIME, mal_id: 5, type: 'Movie' }] },
    query: { kind: 'series', title: 'bebop', language: 'en' },
    hits: [{ ...hit, poster: 'https://cdn.myanimelist.net/l.jpg' }],
  },
  byId: {
    asked: () => nock(HOST).get('/v4/anime/1/full'),
    answer: { data: ANIME },
    rest: () =>
      page(1).reply(200, {
        pagination: { last_visible_page: 1, has_next_page: false },
        data: [
          { mal_id: 1, title: 'Asteroid Blues', aired: '1998-10-24T00:00:00+00:00', filler: false },
          { mal_id: 2, title: 'Stray Dog Strut', aired: null },
        ],
      }),
    id: { provider: 'mal', value: '1' },
    kind: 'series',
    title: {
      ...hit,
      releaseDate: '1998-04-03',
      endDate: '1999-04-24',
      runtimeMinutes: 24,
      status: 'Ended',
      overview: 'Crime is timeless.',
      subkind: 'anime',
      ratings: [{ provider: 'mal', rating: 8.75, votes: 1_000_000 }],
      genres: ['Action'],
      keywords: ['Adult Cast'],
      companies: ['Sunrise'],
      images: [{ type: 'poster', url: 'https://cdn.myanimelist.net/l.jpg' }],
      trailer: { youtube: 'gY5nDXOtv_o' },
      seasons: [
        {
          number: 1,
          episodes: [
            { number: 1, title: 'Asteroid Blues', airDate: '1998-10-24' },
            { number: 2, title: 'Stray Dog Strut' },
          ],
        },
      ],
    },
    changed: [{ data: { ...ANIME, mal_id: '1' } }, { data: { ...ANIME, title: null } }],
    odd: [{ data: { ...ANIME, genres: ['Action'] } }, { data: { ...ANIME, score: '8.75' } }],
  },
  unknown: {
    status: 404,
    body: { status: 404, type: 'BadResponseException', message: 'Resource does not exist', error: null },
  },
});

test.each([
  ['R+ - Mild Nudity', 'mild'],
  ['R - 17+ (violence & profanity)', undefined],
  [null, undefined],
])('of what is rated %s it tells the nudity %s', async (rating, nudity) => {
  nock(HOST)
    .get('/v4/anime/1/full')
    .reply(200, { data: { ...ANIME, type: 'Movie', rating } });
  const title = await openAlone(mal).byId(
    { provider: 'mal', value: '1' },
    { kind: 'movie', language: 'en' },
    NEVER,
  );
  expect(title?.nudity).toBe(nudity);
});

test('a film has no episodes; one for adults is said to be so', async () => {
  const film = { ...ANIME, type: 'Movie', duration: '1 hr 55 min', rating: 'Rx - Hentai', year: null };
  nock(HOST).get('/v4/anime/1/full').reply(200, { data: film });
  const title = await openAlone(mal).byId(
    { provider: 'mal', value: '1' },
    { kind: 'movie', language: 'en' },
    NEVER,
  );
  expect([
    title?.kind,
    title?.runtimeMinutes,
    title?.adult,
    title?.nudity,
    title?.status,
    title?.seasons,
    title?.year,
    title?.endDate,
  ]).toEqual(['movie', 115, true, 'severe', 'Released', undefined, 1998, undefined]);
  nock(HOST)
    .get('/v4/anime')
    .query({ q: 'bebop', type: 'movie', limit: 25 })
    .reply(200, { data: [film] });
  expect(
    await openAlone(mal).search?.({ kind: 'movie', title: 'bebop', language: 'en' }, NEVER),
  ).toHaveLength(1);
});

test('episodes come in pages of a hundred', async () => {
  const episodes = (from: number, count: number) => ({
    data: Array.from({ length: count }, (_, index) => ({ mal_id: from + index, title: 'x', aired: null })),
  });
  nock(HOST).get('/v4/anime/1/full').reply(200, { data: ANIME });
  page(1).reply(200, episodes(1, 100));
  page(2).reply(200, episodes(101, 7));
  const title = await openAlone(mal).byId(
    { provider: 'mal', value: '1' },
    { kind: 'series', language: 'en' },
    NEVER,
  );
  expect(title?.seasons?.[0]?.episodes).toHaveLength(107);
});

test('this season is a list of series, six pages at most', async () => {
  for (let page = 1; page <= 6; page += 1) {
    const data = Array.from({ length: 25 }, (_, n) => ({
      ...ANIME,
      mal_id: page * 100 + n,
      type: n === 3 ? 'Movie' : 'TV',
    }));
    nock(HOST).get('/v4/seasons/now').query({ page }).reply(200, { data });
  }
  const [list] = openAlone(mal).lists ?? [];
  const titles = (await list?.titles(NEVER)) ?? [];
  expect(titles).toHaveLength(6 * 24);
  expect([titles[0]?.ids.mal, titles.at(-1)?.ids.mal]).toEqual(['100', '624']);
}, 20_000);
