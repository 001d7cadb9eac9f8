import { describe, expect, test } from 'vitest';
import { buildManifest, ID_PREFIXES, type ManifestParts } from '../../src/addon/manifest.ts';
import { catalogsOf } from '../../src/catalogs/registry.ts';
import { parseMediaId } from '../../src/kit/media-id.ts';

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
  catalogs: catalogsOf([]),
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
      catalogs: catalogsOf([{ slug: 'own', name: 'Own', kinds: ['series', 'event'] }]),
    });
    expect(catalogs.slice(0, 2)).toEqual([
      { type: 'series', id: 'list-own', name: 'Own', extra: [{ name: 'skip' }] },
      { type: 'events', id: 'list-own', name: 'Own', extra: [{ name: 'skip' }] },
    ]);
    expect(catalogs.slice(2).map((catalog) => `${catalog.id} ${catalog.type}`)).toEqual(
      ['popular', 'new', 'search'].flatMap((id) =>
        ['movie', 'series', 'tv', 'events'].map((type) => `${id} ${type}`),
      ),
    );
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
    const manifest = buildManifest({ ...parts, genres, catalogs: catalogsOf(lists(1)) });
    expect(optionsOf(manifest)).toEqual(genres);
    expect(sizeOf(manifest)).toBeLessThanOrEqual(8192);
  });

  test('cost rare genres first', () => {
    const genres = Array.from({ length: 60 }, (_, n) => `Genre ${n} `.padEnd(30, 'é'));
    const manifest = buildManifest({ ...parts, genres, catalogs: catalogsOf(lists(3)) });
    const kept = optionsOf(manifest);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept).toEqual(genres.slice(0, kept.length));
    expect(idsOf(manifest)).toHaveLength(6);
    expect(sizeOf(manifest)).toBeLessThanOrEqual(8192);
  });

  test('cost the last lists when no genre is left to give, and never a fixed catalogue', () => {
    const manifest = buildManifest({ ...parts, genres: ['Drama'], catalogs: catalogsOf(lists(20, 100)) });
    const ids = idsOf(manifest);
    expect(sizeOf(manifest)).toBeLessThanOrEqual(8192);
    expect(ids.slice(-3)).toEqual(['popular', 'new', 'search']);
    expect(ids.length).toBeGreaterThan(6);
    expect(ids.slice(0, -3)).toEqual(
      Array.from({ length: ids.length - 3 }, (_, n) => `list-list-number-${n}`),
    );
  });
});
