import { describe, expect, test } from 'vitest';
import { buildManifest, ID_PREFIXES, type ManifestParts } from '../../src/addon/manifest.ts';
import { MEDIA_KINDS, type Stock } from '../../src/catalogs/catalog.ts';
import { boardOf } from '../../src/catalogs/registry.ts';
import { parseMediaId } from '../../src/kit/media-id.ts';

const STOCK: Stock = { kinds: [...MEDIA_KINDS], shelves: [] };
const board = (lists: Parameters<typeof boardOf>[0], stock = STOCK) => boardOf(lists, stock, 'en');

const parts: ManifestParts = {
  fixed: {
    id: 'org.example.addon',
    version: '3.4.5',
    name: 'Fixed',
    description: 'An add-on.',
    resources: ['catalog', 'meta', 'stream', 'subtitles'],
    behaviorHints: { configurable: true, configurationRequired: false },
  },
  name: 'Given',
  revision: 7,
  baseUrl: 'https://films.example/tributary',
  catalogs: board([]),
  genres: ['Drama', 'Comedy'],
};
const KINDS = ['movie', 'series', 'tv', 'event'] as const;
const lists = (count: number, nameLength = 40) =>
  Array.from({ length: count }, (_, n) => ({
    slug: `list-number-${n}`,
    name: `List ${n}`.padEnd(nameLength, 'é'),
    kinds: [...KINDS],
  }));
const sizeOf = (manifest: unknown) => Buffer.byteLength(JSON.stringify(manifest));
const idsOf = (manifest: { catalogs: { id: string }[] }) => [...new Set(manifest.catalogs.map((c) => c.id))];
const optionsOf = (manifest: ReturnType<typeof buildManifest>) =>
  manifest.catalogs.find((catalog) => catalog.id === 'popular')?.extra.find((extra) => extra.name === 'genre')
    ?.options ?? [];

describe('the manifest', () => {
  test('has the version of the release with the count of changes as its last part', () => {
    expect(buildManifest(parts).version).toBe('3.4.7');
  });

  test('has the name the owner gave and addresses below ours', () => {
    expect(buildManifest(parts)).toMatchObject({
      id: 'org.example.addon',
      name: 'Given',
      logo: 'https://films.example/tributary/logo.png',
      background: 'https://films.example/tributary/background.jpg',
    });
  });

  test('lists each catalogue once for each kind it holds, lists first, in Stremio’s types', () => {
    const { catalogs } = buildManifest({
      ...parts,
      catalogs: board([{ slug: 'own', name: 'Own', kinds: ['series', 'event'] }]),
    });
    expect(catalogs.slice(0, 2)).toEqual([
      { type: 'series', id: 'list-own', name: 'Own', extra: [{ name: 'skip' }] },
      { type: 'events', id: 'list-own', name: 'Own', extra: [{ name: 'skip' }] },
    ]);
    expect(catalogs.slice(2).map((catalog) => `${catalog.id} ${catalog.type}`)).toEqual([
      ...['popular movie', 'popular series', 'new movie', 'new series', 'live tv'],
      ...['search movie', 'search series', 'search tv', 'search events'],
    ]);
  });

  test('has no catalogue and no kind without titles, but search', () => {
    const idsAndTypes = (stock: Stock) =>
      buildManifest({ ...parts, catalogs: board([], stock) })
        .catalogs.filter(({ id }) => id !== 'search')
        .map(({ id, type }) => `${id} ${type}`);
    expect(idsAndTypes({ kinds: [], shelves: [] })).toEqual([]);
    expect(idsAndTypes({ kinds: ['series'], shelves: [] })).toEqual(['popular series', 'new series']);
    const shelf = (catalog: string, choice: string, kind: 'movie' | 'series') => ({
      catalog,
      choice,
      kind,
      titles: 1,
    });
    expect(idsAndTypes({ kinds: ['series'], shelves: [shelf('anime', '', 'series')] })).toEqual([
      ...['popular series', 'new series', 'anime series'],
    ]);
  });

  test('lets choose among the shelves of each kind, by their names, under `genre`', () => {
    const shelf = (catalog: string, choice: string, kind: 'movie' | 'series') => ({
      catalog,
      choice,
      kind,
      titles: 1,
    });
    const shelves = [
      ...[shelf('year', '1999', 'movie'), shelf('year', '2024', 'movie'), shelf('year', '2001', 'series')],
      ...[shelf('language', 'de', 'movie'), shelf('country', 'JP', 'movie'), shelf('top', 'imdb', 'movie')],
    ];
    const catalogs = boardOf([], { kinds: [], shelves }, 'es');
    const extras = buildManifest({ ...parts, catalogs })
      .catalogs.filter(({ id }) => id !== 'search')
      .map(({ id, type, extra }) => [`${id} ${type}`, extra[0]]);
    expect(Object.fromEntries(extras)).toEqual({
      'top movie': { name: 'genre', options: ['IMDb'] },
      'year movie': { name: 'genre', isRequired: true, options: ['2024', '1999'] },
      'year series': { name: 'genre', isRequired: true, options: ['2001'] },
      'language movie': { name: 'genre', isRequired: true, options: ['alemán'] },
      'country movie': { name: 'genre', isRequired: true, options: ['Japón'] },
    });
  });

  test('offers genres only where there are some', () => {
    expect(optionsOf(buildManifest(parts))).toEqual(['Drama', 'Comedy']);
    const without = buildManifest({ ...parts, genres: [] });
    expect(without.catalogs.flatMap((catalog) => catalog.extra.map((extra) => extra.name))).not.toContain(
      'genre',
    );
  });

  test('asks for ids we can read, all of them', () => {
    const samples = {
      tt: 'tt0063350',
      'tmdb:': 'tmdb:603',
      'tvdb:': 'tvdb:81189:1:2',
      'kitsu:': 'kitsu:1:5',
      'mal:': 'mal:1',
      'anilist:': 'anilist:1',
      'trib:': 'trib:00000000-0000-4000-8000-000000000001',
      'mf:': 'mf:00000000-0000-4000-8000-000000000001',
    };
    expect(Object.keys(samples)).toEqual(ID_PREFIXES);
    for (const id of Object.values(samples)) expect(parseMediaId(id), id).not.toBeNull();
  });
});

describe('its 8,192 bytes', () => {
  test('hold what is usual as it is', () => {
    const genres = Array.from({ length: 30 }, (_, n) => `Genre ${n}`);
    const manifest = buildManifest({ ...parts, genres, catalogs: board(lists(1)) });
    expect(optionsOf(manifest)).toEqual(genres);
    expect(sizeOf(manifest)).toBeLessThanOrEqual(8192);
  });

  test('cost rare genres first', () => {
    const genres = Array.from({ length: 60 }, (_, n) => `Genre ${n} `.padEnd(30, 'é'));
    const manifest = buildManifest({ ...parts, genres, catalogs: board(lists(3)) });
    const kept = optionsOf(manifest);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept).toEqual(genres.slice(0, kept.length));
    expect(idsOf(manifest)).toHaveLength(7);
    expect(sizeOf(manifest)).toBeLessThanOrEqual(8192);
  });

  test('hold every catalogue for every kind, and the choices give way by shares', () => {
    const kinds = ['movie', 'series'] as const;
    const fill = (catalog: string, choices: readonly string[]) =>
      kinds.flatMap((kind) => choices.map((choice) => ({ catalog, choice, kind, titles: 1 })));
    const shelves = [
      ...['trending', 'airing', 'anime', 'documentary', 'family', 'events'].flatMap((id) => fill(id, [''])),
      ...fill('top', ['imdb', 'tmdb', 'rottentomatoes', 'metacritic', 'mal', 'anilist', 'kitsu', 'trakt']),
      ...fill(
        'year',
        Array.from({ length: 120 }, (_, n) => String(1905 + n)),
      ),
      ...fill('language', [
        'en',
        'de',
        'fr',
        'es',
        'it',
        'pt',
        'ja',
        'ko',
        'zh',
        'hi',
        'ru',
        'pl',
        'nl',
        'sv',
        'tr',
        'ar',
      ]),
      ...fill('country', [
        'US',
        'DE',
        'FR',
        'ES',
        'IT',
        'BR',
        'JP',
        'KR',
        'CN',
        'IN',
        'RU',
        'PL',
        'NL',
        'SE',
        'TR',
        'GB',
      ]),
    ];
    const genres = Array.from({ length: 30 }, (_, n) => `Genre number ${n}`);
    const manifest = buildManifest({ ...parts, genres, catalogs: board(lists(3), { ...STOCK, shelves }) });
    expect(sizeOf(manifest)).toBeLessThanOrEqual(8192);
    expect(idsOf(manifest)).toHaveLength(3 + 13);
    const [years = []] = manifest.catalogs.flatMap(({ id, extra }) =>
      id === 'year' ? [extra[0]?.options ?? []] : [],
    );
    expect(years.length).toBeGreaterThan(10);
    expect(years.slice(0, 2)).toEqual(['2024', '2023']);
  });

  test('cost the last lists when no genre is left to give, and never a fixed catalogue', () => {
    const manifest = buildManifest({ ...parts, genres: ['Drama'], catalogs: board(lists(20, 100)) });
    const ids = idsOf(manifest);
    expect(sizeOf(manifest)).toBeLessThanOrEqual(8192);
    expect(ids.slice(-4)).toEqual(['popular', 'new', 'live', 'search']);
    expect(ids.length).toBeGreaterThan(6);
    expect(ids.slice(0, -4)).toEqual(
      Array.from({ length: ids.length - 4 }, (_, n) => `list-list-number-${n}`),
    );
  });
});
