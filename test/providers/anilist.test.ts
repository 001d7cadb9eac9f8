import nock from 'nock';
import { expect, test } from 'vitest';
import { anilist } from '../../src/providers/anilist/index.ts';
import { all, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://graphql.anilist.co';
const MEDIA = {
  id: 1,
  idMal: 1,
  title: { romaji: 'Cowboy Bebop', english: 'Cowboy Bebop', native: 'カウボーイビバップ' },
  synonyms: ['קאובוי ביבופ'],
  format: 'TV',
  startDate: { year: 1998, month: 4, day: 3 },
  isAdult: false,
  status: 'FINISHED',
  description: 'Enter a world…<br><br>\n<i>Note</i> of it.',
  endDate: { year: 1999, month: 4, day: null },
  duration: 24,
  countryOfOrigin: 'JP',
  genres: ['Action', 'Sci-Fi'],
  tags: [
    { name: 'Space', rank: 94, isMediaSpoiler: false },
    { name: 'A secret', rank: 90, isMediaSpoiler: true },
    { name: 'Dogs', rank: 12, isMediaSpoiler: false },
  ],
  averageScore: 86,
  coverImage: { extraLarge: 'https://s4.anilist.co/xl.jpg', large: null },
  bannerImage: 'https://s4.anilist.co/banner.jpg',
  trailer: { id: 'gY5nDXOtv_o', site: 'youtube' },
  studios: { nodes: [{ name: 'Sunrise' }] },
  streamingEpisodes: [
    { title: 'Episode 2 - Stray Dog Strut', thumbnail: null },
    { title: 'Episode 1 - Asteroid Blues', thumbnail: 'https://img1.ak.crunchyroll.com/1.jpg' },
    { title: 'A recap', thumbnail: null },
  ],
};
const asked = (variables: object, words = 'Media(') =>
  nock(HOST).post(
    '/',
    (body: { query: string; variables: object }) =>
      body.query.includes(words) && JSON.stringify(body.variables) === JSON.stringify(variables),
  );
const hit = {
  kind: 'series' as const,
  ids: { anilist: '1', mal: '1' },
  title: 'Cowboy Bebop',
  originalTitle: 'カウボーイビバップ',
  aliases: ['קאובוי ביבופ'],
  year: 1998,
  adult: false,
};

metadataProviderContract({
  plug: anilist,
  search: {
    asked: () => asked({ search: 'bebop' }, 'search: $search'),
    answer: {
      data: {
        Page: {
          media: [
            MEDIA,
            { ...MEDIA, id: 5, format: 'MOVIE' },
            { id: 6, title: { romaji: null, english: null, native: null } },
          ],
        },
      },
    },
    query: { kind: 'series', title: 'bebop', language: 'en' },
    hits: [{ ...hit, poster: 'https://s4.anilist.co/xl.jpg' }],
  },
  byId: {
    asked: () => asked({ id: 1 }),
    answer: { data: { Media: MEDIA } },
    id: { provider: 'anilist', value: '1' },
    kind: 'series',
    title: {
      ...hit,
      releaseDate: '1998-04-03',
      runtimeMinutes: 24,
      status: 'Ended',
      overview: 'Enter a world…\n\nNote of it.',
      subkind: 'anime',
      ratings: [{ provider: 'anilist', rating: 86 }],
      countries: ['JP'],
      genres: ['Action', 'Sci-Fi'],
      keywords: ['Space'],
      companies: ['Sunrise'],
      images: [
        { type: 'poster', url: 'https://s4.anilist.co/xl.jpg' },
        { type: 'background', url: 'https://s4.anilist.co/banner.jpg' },
      ],
      trailer: { youtube: 'gY5nDXOtv_o' },
      seasons: [
        {
          number: 1,
          episodes: [
            { number: 1, title: 'Asteroid Blues', thumbnail: 'https://img1.ak.crunchyroll.com/1.jpg' },
            { number: 2, title: 'Stray Dog Strut' },
          ],
        },
      ],
    },
    changed: [
      { data: null, errors: [{ message: 'Internal Server Error' }] },
      { data: { Media: { ...MEDIA, title: 'Cowboy Bebop' } } },
    ],
    odd: [
      { data: { Media: { ...MEDIA, startDate: '1998-04-03' } } },
      { data: { Media: { ...MEDIA, idMal: true } } },
    ],
  },
  unknown: { status: 404, body: { errors: [{ message: 'Not Found.', status: 404 }], data: { Media: null } } },
});

test('an anime is found by the id of MyAnimeList, and one without a name is none', async () => {
  const provider = openAlone(anilist);
  asked({ idMal: 1 }).reply(200, {
    data: { Media: { ...MEDIA, format: 'MOVIE', startDate: { year: null, month: null, day: null } } },
  });
  const film = await provider.byId({ provider: 'mal', value: '1' }, { kind: 'movie', language: 'en' }, NEVER);
  expect([film?.kind, film?.status, film?.year, film?.seasons]).toEqual([
    'movie',
    'Released',
    undefined,
    undefined,
  ]);
  asked({ id: 2 }).reply(200, {
    data: { Media: { id: 2, title: { romaji: '', english: null, native: null } } },
  });
  expect(
    await provider.byId({ provider: 'anilist', value: '2' }, { kind: 'series', language: 'en' }, NEVER),
  ).toBeNull();
  asked({ id: 3 }).reply(200, { data: { Media: null } });
  expect(
    await provider.byId({ provider: 'anilist', value: '3' }, { kind: 'series', language: 'en' }, NEVER),
  ).toBeNull();
});

test('what changed is told newest first until what is older', async () => {
  const media = (from: number, count: number, updatedAt: number) =>
    Array.from({ length: count }, (_, index) => ({ id: from + index, format: 'TV', updatedAt }));
  asked({ page: 1 }, 'UPDATED_AT_DESC').reply(200, { data: { Page: { media: media(1, 50, 2000) } } });
  asked({ page: 2 }, 'UPDATED_AT_DESC').reply(200, {
    data: { Page: { media: [...media(51, 1, 1500), ...media(60, 1, 900)] } },
  });
  const told = await all(openAlone(anilist).changesSince?.(new Date(1_000_000), 'series', NEVER));
  expect(told.map(({ value }) => Number(value))).toEqual(Array.from({ length: 51 }, (_, index) => index + 1));
});

test('what is trending is a list of series and one of films', async () => {
  const trending = async (kind: 'movie' | 'series', format: string) => {
    asked({}, `TRENDING_DESC, type: ANIME, format: ${format}`).reply(200, {
      data: { Page: { media: [MEDIA, { ...MEDIA, id: 7, format: 'MOVIE' }] } },
    });
    const list = openAlone(anilist).lists?.find((given) => given.kind === kind);
    return (await list?.titles(NEVER))?.map(({ kind: told, ids }) => [told, ids.anilist]);
  };
  expect(await trending('series', 'TV')).toEqual([['series', '1']]);
  expect(await trending('movie', 'MOVIE')).toEqual([['movie', '7']]);
});
