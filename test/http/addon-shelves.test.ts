import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillCatalogs } from '../../src/catalogs/fill/index.ts';
import { catalogs } from '../../src/catalogs/registry.ts';
import { countPlay } from '../../src/features/stream-index/index.ts';
import { command } from '../../src/platform/db.ts';
import { manifestIn, metasIn } from '../support/addon-answers.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';

// Catalogues that are read from shelves, as a client of the add-on protocol sees them.

const TODAY = '2026-11-27';
const OPEN = { code: 'CC-BY-3.0', attribution: 'Its makers' };
const NEVER = new AbortController().signal;
let server: AddonServer;

const fill = async (about: { today?: string; country?: string } = {}) => {
  const moved = await fillCatalogs(server.db, catalogs, { today: TODAY, country: 'DE', ...about }, NEVER);
  await server.settled();
  return moved;
};
const names = async (path: string) =>
  metasIn((await server.ask(`/catalog/${path}.json`)).body).map(({ name }) => name);
const entries = async () => manifestIn((await server.ask('/manifest.json')).body).catalogs;
const ids = async () => [...new Set((await entries()).map(({ id, type }) => `${id} ${type}`))];
const options = async (id: string, type = 'movie') =>
  (await entries())
    .find((entry) => entry.id === id && entry.type === type)
    ?.extra.find(({ name }) => name === 'genre');
const play = (mediaId: number, times: number) =>
  Promise.all(
    Array.from({ length: times }, (_, n) =>
      countPlay(server.db, { subjectHash: Buffer.alloc(32, n + 1), mediaId, streamId: null }),
    ),
  );

beforeAll(async () => {
  server = await startAddonServer();
  await server.set({ publicCatalog: 'all' });
});
afterAll(() => server?.close());

describe('a catalogue that has no title', () => {
  test('is not in the manifest, comes when it has one, and goes with it; who asks meanwhile finds nothing', async () => {
    expect(await ids()).toEqual(['search movie', 'search series', 'search tv', 'search events']);
    expect(await names('movie/anime')).toEqual([]);
    const film = await server.add({ kind: 'movie', title: 'Drawn', subkind: 'anime' });
    expect(await fill()).toBe(2);
    expect(await ids()).toEqual(expect.arrayContaining(['popular movie', 'new movie', 'anime movie']));
    expect(await ids()).not.toContain('anime series');
    expect(await names('movie/anime')).toEqual(['Drawn']);
    expect(await fill()).toBe(0);

    // Hidden before anybody filled anything anew.
    await server.db.query(command('test.hide')`UPDATE media SET is_public = false WHERE id = ${film}`);
    await server.settled();
    expect(await names('movie/anime')).toEqual([]);
    await fill();
    expect(await ids()).toEqual(['search movie', 'search series', 'search tv', 'search events']);
  });
});

describe('catalogues', () => {
  beforeAll(async () => {
    const film = { kind: 'movie' as const };
    await server.add({
      ...film,
      title: 'Heat',
      year: 1995,
      languages: ['en', 'es'],
      countries: ['US'],
      popularity: 9,
    });
    await server.add({
      ...film,
      title: 'Ronin',
      year: 1998,
      languages: ['en', 'fr'],
      countries: ['GB', 'US'],
      popularity: 8,
    });
    await server.add({
      ...film,
      title: 'Amélie',
      year: 2001,
      languages: ['fr'],
      countries: ['FR'],
      popularity: 7,
    });
    await server.add({ ...film, title: 'Rivers', genres: ['Documentary'], popularity: 6 });
    await server.add({
      ...film,
      title: 'Filth',
      isAdult: true,
      year: 1995,
      languages: ['en'],
      countries: ['US'],
    });
    await server.add({ ...film, title: 'Of Kitsu', ids: { kitsu: '12' } });
    await server.add({ kind: 'tv', title: 'Channel', genres: ['News'] });
  });

  test('by year: the last first, one must be chosen, and adult titles are in none', async () => {
    await fill();
    expect(await options('year')).toEqual({
      name: 'genre',
      isRequired: true,
      options: ['2001', '1998', '1995'],
    });
    expect(await names('movie/year/genre=1995')).toEqual(['Heat']);
    expect(await names('movie/year/genre=1931')).toEqual([]);
    expect(await names('movie/year')).toEqual(['Amélie']);
  });

  test('by language and country: each that a title has, called as the install’s language calls it', async () => {
    await fill();
    expect(await options('language')).toMatchObject({
      isRequired: true,
      options: ['English', 'French', 'Spanish'],
    });
    expect(await names('movie/language/genre=English')).toEqual(['Heat', 'Ronin']);
    expect(await names('movie/language/genre=French')).toEqual(['Ronin', 'Amélie']);
    expect(await options('country')).toMatchObject({
      options: ['United States', 'France', 'United Kingdom'],
    });
    expect(await names('movie/country/genre=United%20States')).toEqual(['Heat', 'Ronin']);
    await server.set({ catalogLanguage: 'de' });
    expect(await options('language')).toMatchObject({ options: ['Englisch', 'Französisch', 'Spanisch'] });
    for (const chosen of ['Englisch', 'English', 'en'])
      expect(await names(`movie/language/genre=${chosen}`), chosen).toEqual(['Heat', 'Ronin']);
    await server.set({ catalogLanguage: null });
  });

  test('documentaries, anime and channels have their own', async () => {
    await fill();
    expect(await names('movie/documentary')).toEqual(['Rivers']);
    expect(await names('movie/anime')).toEqual(['Of Kitsu']);
    expect(await names('tv/live')).toEqual(['Channel']);
    expect(await names('tv/live/genre=News')).toEqual(['Channel']);
    expect(await ids()).toContain('live tv');
    expect(await ids()).not.toContain('popular tv');
    // A manifest from before asks there.
    expect(await names('tv/popular')).toEqual(['Channel']);
  });

  test('for families: by the ratings of their country, else of others; unrated is not for families', async () => {
    const film = { kind: 'movie' as const };
    const rated = (...certifications: { country: string; code: string }[]) => ({ certifications });
    await server.add({
      ...film,
      title: 'For all',
      popularity: 3,
      ...rated({ country: 'DE', code: '0' }, { country: 'US', code: 'R' }),
    });
    await server.add({
      ...film,
      title: 'Twelve there',
      ...rated({ country: 'DE', code: '12' }, { country: 'US', code: 'G' }),
    });
    await server.add({ ...film, title: 'Advice', popularity: 2, ...rated({ country: 'US', code: 'PG' }) });
    await server.add({
      ...film,
      title: 'Strict',
      ...rated({ country: 'DE', code: '6' }, { country: 'DE', code: '16' }),
    });
    await server.add({ ...film, title: 'Said to be unrated', ...rated({ country: 'DE', code: 'NR' }) });
    await fill({ country: 'DE' });
    expect(await names('movie/family')).toEqual(['For all', 'Advice']);
    await fill({ country: 'US' });
    expect(await names('movie/family')).toEqual(['Advice', 'Twelve there']);
  });

  test('top rated: by each provider that rated something, few votes counting little', async () => {
    const film = { kind: 'movie' as const };
    const imdb = (rating: number, votes: number) => ({ provider: 'imdb' as const, rating, votes });
    await server.add({
      ...film,
      title: 'Great',
      ratings: [imdb(9, 900_000), { provider: 'tmdb', rating: 5, votes: 3000 }],
    });
    await server.add({ ...film, title: 'Of one friend', ratings: [imdb(10, 1)] });
    await server.add({
      ...film,
      title: 'Good',
      ratings: [imdb(8, 50_000), { provider: 'tmdb', rating: 8, votes: 3000 }],
    });
    await fill();
    expect(await options('top')).toEqual({ name: 'genre', options: ['IMDb', 'TMDB'] });
    expect(await names('movie/top/genre=IMDb')).toEqual(['Great', 'Good', 'Of one friend']);
    expect(await names('movie/top/genre=TMDB')).toEqual(['Good', 'Great']);
    expect(await names('movie/top')).toEqual(['Great', 'Good', 'Of one friend']);
  });

  test('airing today: series with an episode of this day', async () => {
    const series = (title: string, airDate: string) =>
      server.add({
        kind: 'series',
        title,
        seasons: [
          {
            number: 1,
            episodes: [
              { number: 1, airDate },
              { number: 2, airDate },
            ],
          },
        ],
      });
    await series('Today', TODAY);
    await series('Yesterday', '2026-11-26');
    await fill();
    expect(await names('series/airing')).toEqual(['Today']);
    await fill({ today: '2026-11-26' });
    expect(await names('series/airing')).toEqual(['Yesterday']);
    await fill({ today: '2026-11-25' });
    expect(await ids()).not.toContain('airing series');
  });

  test('events: the next first, then the last that were, then those without a day; of a genre by plays', async () => {
    const event = (title: string, releaseDate?: string) =>
      server.add({
        kind: 'event',
        title,
        genres: ['Sport'],
        ...(releaseDate === undefined ? {} : { releaseDate }),
      });
    await event('In a year', '2027-11-27');
    await event('Some day');
    await event('Last week', '2026-11-20');
    await event('Tonight', TODAY);
    await event('Last year', '2025-11-27');
    await fill();
    expect(await names('events/events')).toEqual([
      'Tonight',
      'In a year',
      'Last week',
      'Last year',
      'Some day',
    ]);
    expect((await names('events/events/genre=Sport')).toSorted()).toHaveLength(5);
  });

  test('trending: by the plays of the last week, yesterday’s before those of long ago', async () => {
    const film = { kind: 'movie' as const };
    const [once, often, old] = [
      await server.add({ ...film, title: 'Once' }),
      await server.add({ ...film, title: 'Often' }),
      await server.add({ ...film, title: 'Last month', popularity: 999 }),
    ];
    await play(once, 1);
    await play(often, 3);
    await play(old, 5);
    // The same visitor again within four hours is no play.
    await play(once, 1);
    await server.db.query(command('test.age')`UPDATE play_day SET day = day - 30 WHERE media_id = ${old}`);
    const today = new Date().toISOString().slice(0, 10);
    await fill({ today });
    expect(await names('movie/trending')).toEqual(['Often', 'Once']);
    await server.db.query(command('test.age')`UPDATE play_day SET day = day - 5 WHERE media_id = ${often}`);
    await fill({ today });
    await server.add({ ...film, title: 'Something new' });
    expect(await names('movie/trending')).toEqual(['Once', 'Often']);
  });

  test('where only open licences are shown hold those with such a stream, and no shelf without', async () => {
    await server.add({ kind: 'movie', title: 'Open anime', subkind: 'anime' }, [
      { kind: 'youtube', videoId: 'aqz-KE-bpKQ', licence: OPEN },
    ]);
    await fill();
    await server.set({ publicCatalog: 'licensed' });
    expect(await names('movie/anime')).toEqual(['Open anime']);
    expect(await names('movie/documentary')).toEqual([]);
    expect((await ids()).filter((id) => !id.startsWith('search'))).toEqual([
      'popular movie',
      'new movie',
      'anime movie',
    ]);
    await server.set({ publicCatalog: 'off' });
    expect((await ids()).filter((id) => !id.startsWith('search'))).toEqual([]);
    expect(await names('movie/anime')).toEqual([]);
    await server.set({ publicCatalog: 'all' });
  });

  test('are whole pages one after the other, each title once, and end at 1,000', async () => {
    await server.db.query(command('test.many')`
      INSERT INTO media (kind, title, year, popularity) SELECT 'movie', 'Of 1931: ' || n, 1931, n / 7 FROM generate_series(1, 1030) n
    `);
    await fill();
    const pages = [];
    for (const skip of [0, 100, 900, 1000]) pages.push(await names(`movie/year/genre=1931&skip=${skip}`));
    expect(pages.map((page) => page.length)).toEqual([100, 100, 100, 0]);
    expect(new Set(pages.flat()).size).toBe(300);
  });

  test('fit the 8,192 bytes whatever they hold', async () => {
    expect(Buffer.byteLength((await server.ask('/manifest.json')).text)).toBeLessThanOrEqual(8192);
  });
});
