import nock from 'nock';
import { expect, test } from 'vitest';
import { kitsu } from '../../src/providers/kitsu/index.ts';
import { all, metadataProviderContract, NEVER, openAlone } from './provider-contract.ts';

const HOST = 'https://kitsu.app';
const ANIME = {
  id: '1',
  type: 'anime',
  links: { self: 'https://kitsu.app/api/edge/anime/1' },
  attributes: {
    slug: 'cowboy-bebop',
    synopsis: 'In the year 2071…\n\n(Source: MAL Rewrite)',
    titles: { en: 'Cowboy Bebop', en_jp: 'Cowboy Bebop', ja_jp: 'カウボーイビバップ', fr_fr: null },
    canonicalTitle: 'Cowboy Bebop',
    abbreviatedTitles: ['COWBOY BEBOP'],
    averageRating: '82.19',
    userCount: 133_000,
    startDate: '1998-04-03',
    endDate: '1999-04-24',
    ageRating: 'R',
    subtype: 'TV',
    status: 'finished',
    posterImage: {
      tiny: 'https://media.kitsu.app/t.jpg',
      original: 'https://media.kitsu.app/o.jpg',
      meta: {},
    },
    coverImage: null,
    episodeCount: 26,
    episodeLength: 25,
    youtubeVideoId: 'qig4KOK2R2g',
    nsfw: false,
  },
};
const WHOLE = {
  data: ANIME,
  included: [
    { id: '150', type: 'categories', attributes: { title: 'Science Fiction', nsfw: false } },
    { id: '2', type: 'mappings', attributes: { externalSite: 'myanimelist/anime', externalId: '1' } },
    { id: '3', type: 'mappings', attributes: { externalSite: 'anilist/anime', externalId: '1' } },
    { id: '4', type: 'mappings', attributes: { externalSite: 'thetvdb/series', externalId: '76885' } },
  ],
};
const FILM = {
  ...ANIME,
  id: '2',
  attributes: { ...ANIME.attributes, subtype: 'movie', nsfw: null, titles: null },
};

function episodes(count: number, from = 1): object {
  return {
    data: Array.from({ length: count }, (_, index) => ({
      id: String(1000 + from + index),
      type: 'episodes',
      attributes: {
        number: from + index,
        canonicalTitle: `Session ${from + index}`,
        airdate: null,
        length: 25,
        thumbnail: null,
      },
    })),
  };
}
const page = (offset: number) =>
  nock(HOST)
    .get('/api/edge/anime/1/episodes')
    .query({ sort: 'number', 'page[limit]': 20, 'page[offset]': offset });

const hit = {
  kind: 'series' as const,
  ids: { kitsu: '1' },
  title: 'Cowboy Bebop',
  originalTitle: 'カウボーイビバップ',
  aliases: ['COWBOY BEBOP'],
  year: 1998,
  adult: false,
};

metadataProviderContract({
  plug: kitsu,
  search: {
    asked: () => nock(HOST).get('/api/edge/anime').query({ 'filter[text]': 'bebop', 'page[limit]': 20 }),
    answer: { data: [ANIME, FILM] },
    query: { kind: 'series', title: 'bebop', language: 'en' },
    hits: [{ ...hit, poster: 'https://media.kitsu.app/o.jpg' }],
  },
  byId: {
    asked: () => nock(HOST).get('/api/edge/anime/1').query({ include: 'categories,mappings' }),
    answer: WHOLE,
    rest: () =>
      page(0).reply(200, {
        data: [
          {
            attributes: {
              number: 1,
              canonicalTitle: 'Asteroid Blues',
              airdate: '1998-10-24',
              length: 24,
              description: 'A chase.',
              thumbnail: { original: 'https://media.kitsu.app/e.jpg' },
            },
          },
          { attributes: { number: null } },
          { attributes: { number: 1.5 } },
        ],
      }),
    id: { provider: 'kitsu', value: '1' },
    kind: 'series',
    title: {
      ...hit,
      ids: { kitsu: '1', mal: '1', anilist: '1' },
      releaseDate: '1998-04-03',
      endDate: '1999-04-24',
      runtimeMinutes: 25,
      status: 'Ended',
      overview: 'In the year 2071…\n\n(Source: MAL Rewrite)',
      subkind: 'anime',
      ratings: [{ provider: 'kitsu', rating: 82.19, votes: 133_000 }],
      genres: ['Science Fiction'],
      images: [{ type: 'poster', url: 'https://media.kitsu.app/o.jpg' }],
      trailer: { youtube: 'qig4KOK2R2g' },
      seasons: [
        {
          number: 1,
          episodes: [
            {
              number: 1,
              title: 'Asteroid Blues',
              overview: 'A chase.',
              airDate: '1998-10-24',
              runtimeMinutes: 24,
              thumbnail: 'https://media.kitsu.app/e.jpg',
            },
          ],
        },
      ],
    },
    changed: [
      { ...WHOLE, data: { ...ANIME, id: 1 } },
      { ...WHOLE, data: { ...ANIME, attributes: { ...ANIME.attributes, canonicalTitle: null } } },
    ],
    odd: [
      { ...WHOLE, data: { ...ANIME, attributes: { ...ANIME.attributes, episodeLength: '25' } } },
      { ...WHOLE, included: {} },
    ],
  },
});

test('episodes come in pages of twenty, and a film has none', async () => {
  const provider = openAlone(kitsu);
  nock(HOST).get('/api/edge/anime/1').query(true).reply(200, { data: ANIME });
  page(0).reply(200, episodes(20));
  page(20).reply(200, episodes(6, 21));
  const series = await provider.byId(
    { provider: 'kitsu', value: '1' },
    { kind: 'series', language: 'en' },
    NEVER,
  );
  expect(series?.seasons?.[0]?.episodes?.map(({ number }) => number)).toEqual(
    Array.from({ length: 26 }, (_, i) => i + 1),
  );
  nock(HOST).get('/api/edge/anime/2').query(true).reply(200, { data: FILM });
  const film = await provider.byId(
    { provider: 'kitsu', value: '2' },
    { kind: 'movie', language: 'en' },
    NEVER,
  );
  expect([film?.kind, film?.status, film?.seasons, film?.endDate, film?.originalTitle]).toEqual([
    'movie',
    'Released',
    undefined,
    undefined,
    undefined,
  ]);
});

test('an anime is found by the id of MyAnimeList', async () => {
  const provider = openAlone(kitsu);
  const query = { 'filter[externalSite]': 'myanimelist/anime', 'filter[externalId]': '1', include: 'item' };
  nock(HOST)
    .get('/api/edge/mappings')
    .query(query)
    .reply(200, {
      data: [],
      included: [
        { id: '2', type: 'manga' },
        { id: '1', type: 'anime' },
      ],
    });
  nock(HOST).get('/api/edge/anime/1').query(true).reply(200, { data: FILM });
  const found = await provider.byId(
    { provider: 'mal', value: '1' },
    { kind: 'movie', language: 'en' },
    NEVER,
  );
  expect(found?.title).toBe('Cowboy Bebop');
  nock(HOST).get('/api/edge/mappings').query(true).reply(200, { data: [] });
  expect(
    await provider.byId({ provider: 'anilist', value: '9' }, { kind: 'movie', language: 'en' }, NEVER),
  ).toBeNull();
});

test('what changed is told newest first, each once, until what is older', async () => {
  const at = (id: number, updatedAt: string, subtype = 'TV') => ({
    id: String(id),
    attributes: { updatedAt, subtype },
  });
  const first = Array.from({ length: 19 }, (_, index) => at(index + 1, '2026-01-03T00:00:00.000Z'));
  const changes = (offset: number) =>
    nock(HOST)
      .get('/api/edge/anime')
      .query((query) => query.sort === '-updatedAt' && query['page[offset]'] === String(offset));
  changes(0).reply(200, { data: [...first, at(20, '2026-01-03T00:00:00.000Z', 'movie')] });
  changes(20).reply(200, {
    data: [
      at(19, '2026-01-03T00:00:00.000Z'),
      at(21, '2026-01-02T00:00:00.000Z'),
      at(22, '2025-12-31T23:59:59.000Z'),
    ],
  });
  const told = await all(openAlone(kitsu).changesSince?.(new Date('2026-01-01T00:00:00Z'), 'series', NEVER));
  expect(told).toEqual([...first.map(({ id }) => id), '21'].map((value) => ({ provider: 'kitsu', value })));
});
