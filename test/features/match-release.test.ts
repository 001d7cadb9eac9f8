import { describe, expect, test } from 'vitest';
import { isOfTitle, partsOf, type Wanted } from '../../src/features/finders/match-release.ts';

// Which of the releases that finders name are the film or the episode that was asked for.

const ALIEN: Wanted = {
  ...{ mediaId: 1, kind: 'movie', names: ['Alien'], year: 1979, ids: { imdb: 'tt0078748' } },
  ...{ season: null, episode: null, catalogue: [] },
};
const SHOW: Wanted = {
  ...{ mediaId: 2, kind: 'series', names: ['Some Show', 'Dieselbe Serie'], year: 2008, ids: { tvdb: '5' } },
  ...{ season: 2, episode: 1 },
  catalogue: [1, 2].flatMap((season) =>
    Array.from({ length: 12 }, (_, index) => ({ season, episode: index + 1 })),
  ),
};
const is = (wanted: Wanted, name: string, ids = {}) => isOfTitle(wanted, { name, ids });
const parts = (name: string, files: { index: number; name: string; sizeBytes: number | null }[] = []) =>
  partsOf(SHOW, { name, files });

describe('a film', () => {
  test.each([
    ['Alien.1979.2160p.UHD.BluRay.x265-GRP', true],
    ['ALIEN 1979 Director’s Cut 1080p', true],
    ['Alien.1080p.BluRay', true],
    ['Alien.1980.720p.WEB', true],
    ['Aliens.1986.1080p.BluRay', false],
    // As alike as 0.91, and the year is another’s.
    ['Aliens.1080p.BluRay', false],
    ['Alien.3.1992.1080p', false],
    ['Alien.2017.1080p', false],
    ['Alien.S01E01.1080p', false],
    ['Resident.Alien.1979', false],
    ['1080p.BluRay', false],
  ])('%s: %s', (name, expected) => {
    expect(is(ALIEN, name)).toBe(expected);
  });

  test('is known by its id however it is spelt, and another’s id refuses it', () => {
    expect(is(ALIEN, 'Aliens.1080p', { imdb: 'tt0078748' })).toBe(true);
    expect(is(ALIEN, 'Alien.1979.1080p', { imdb: 'tt0090605' })).toBe(false);
    // An indexer that lies about ids does not get a film of another name in.
    expect(is(ALIEN, 'Casablanca.1942.1080p', { imdb: 'tt0078748' })).toBe(false);
    expect(is(ALIEN, 'Casablanca.1080p', { imdb: 'tt0078748' })).toBe(false);
  });

  test('accents, marks and a word for a sign do not part names', () => {
    const film = { ...ALIEN, names: ['Amélie & Co.: WALL·E'], year: 2001 };
    expect(is(film, 'Amelie.and.Co.WALL-E.2001.1080p')).toBe(true);
  });
});

describe('an episode', () => {
  test.each<[string, unknown]>([
    ['Some.Show.S02E01.1080p', [{ season: 2, episode: 1 }]],
    [
      'Some.Show.S02E01E02.1080p',
      [
        { season: 2, episode: 1 },
        { season: 2, episode: 2 },
      ],
    ],
    // Numbers without a season go through all of them from season 1 on.
    ['[Group] Some Show - 13 (1080p)', [{ season: 2, episode: 1 }]],
    ['[Group] Some Show - 01 (1080p)', null],
    ['Some.Show.S02E02.1080p', null],
    ['Some.Show.S01E01.1080p', null],
    ['Some.Show.S02.1080p', []],
    ['Some.Show.S01-S03.1080p', []],
    ['Some Show Complete Series 1080p', []],
    ['Some.Show.S01.1080p', null],
  ])('%s', (name, expected) => {
    expect(is(SHOW, name)).toBe(true);
    const found = parts(name);
    if (Array.isArray(expected)) expect(found).toMatchObject(expected);
    else expect(found).toBeNull();
    expect(found?.length ?? null).toBe(Array.isArray(expected) ? expected.length : null);
  });

  test('of a pack whose files are known is its file', () => {
    const files = [1, 2, 3].map((n) => ({ index: n, name: `Some.Show.S02E0${n}.mkv`, sizeBytes: 9e8 }));
    expect(parts('Some.Show.S02', files)).toHaveLength(3);
    expect(parts('Some.Show.S02', files.slice(1))).toBeNull();
  });

  test('of another series is not it', () => {
    expect(is(SHOW, 'Some.Shows.S02E01')).toBe(false);
    expect(is(SHOW, 'Some.Show.2019.S02E01')).toBe(false);
    expect(is(SHOW, 'Dieselbe.Serie.S02E01')).toBe(true);
    expect(is(SHOW, 'Some.Show.2008.1080p')).toBe(false);
  });
});
