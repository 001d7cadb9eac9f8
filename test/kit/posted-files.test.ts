import { describe, expect, test } from 'vitest';
import { nameOfSubject } from '../../src/streams/usenet/names/subject.ts';
import type { Nzb } from '../../src/streams/usenet/nzb/nzb.ts';
import { fileIndexes, filesOfLearned, filesOfNzb } from '../../src/streams/usenet/posted-files.ts';

/** A post of files by their names, each of so many articles of 1,030 bytes. */
function post(...files: (readonly [subject: string, parts?: number, missing?: number])[]): Nzb {
  return {
    ...{ title: null, password: null },
    files: files.map(([subject, parts = 1, missing = 0], file) => ({
      ...{ subject, poster: null, postedAt: null, groups: [] },
      segments: Array.from({ length: parts }, (_, part) => ({
        number: part + 1,
        bytes: 1030,
        id: `${file}.${part}@x`,
      })),
      missing: Array.from({ length: missing }, (_, part) => parts + part + 1),
    })),
  };
}
const shown = (nzb: Nzb, release: string | null = null) =>
  filesOfNzb(nzb, release).map(({ index, name, sizeBytes }) => [index, name, sizeBytes]);
const quoted = (...names: string[]) =>
  post(...names.map((name) => [`[1/9] - "${name}" yEnc (1/1)`] as const));

test.each([
  ['[01/25] - "Film.2020.part01.rar" yEnc (1/50)', 'Film.2020.part01.rar'],
  ['Film 2020 [1/9] Film.2020.mkv yEnc (1/50) 700 MB', 'Film.2020.mkv'],
  ['(film.7z.001) yEnc (1/5)', 'film.7z.001'],
  ['"../../etc/passwd.mkv" yEnc', 'passwd.mkv'],
  ['"C:\\films\\a.mkv"', 'a.mkv'],
  ['"a\u0000b.mkv"', 'ab.mkv'],
  ['"6f1ed002ab5595859014ebf0951522d9" yEnc (1/5)', '6f1ed002ab5595859014ebf0951522d9'],
  ['".."', null],
  ['a post without a name', null],
  ['', null],
])('the name in %j is %j', (subject, name) => {
  expect(nameOfSubject(subject)).toBe(name);
});

describe('the files of a post are', () => {
  test.each([
    ['new volumes', ['Film.2020.part1.rar', 'Film.2020.part2.rar', 'Film.2020.part10.rar']],
    ['old volumes', ['Film.2020.rar', 'Film.2020.r00', 'Film.2020.s00']],
    ['a split 7z', ['Film.2020.7z.001', 'Film.2020.7z.002']],
    ['a split zip', ['Film.2020.z01', 'Film.2020.zip']],
    ['a cut file', ['Film.2020.mkv.001', 'Film.2020.mkv.002']],
  ])('of %s one video', (_what, names) => {
    expect(shown(quoted(...names))).toEqual([[0, 'Film.2020.mkv', 1000 * names.length]]);
  });

  test('its videos and subtitles, without what comes along', () => {
    const besides = [
      'a.par2',
      'a.vol0+1.PAR2',
      'a.nfo',
      'a.sfv',
      'a.srr',
      'a.sample.mkv',
      'film-sample.mkv',
      'a.nzb',
      'p.jpg',
    ];
    expect(shown(quoted(...besides, 'Film.2020.mkv', 'Film.2020.en.srt'))).toEqual([
      [9, 'Film.2020.mkv', 1000],
      [10, 'Film.2020.en.srt', 1000],
    ]);
  });

  test('of an obfuscated one what the release is called', () => {
    const hashes = quoted('6f1ed002ab5595859014ebf0951522d9', 'a7c1', 'zzq.vol01.par2', 'bb41');
    expect(shown(hashes, 'Film.2020.1080p-GRP')).toEqual([[0, 'Film.2020.1080p-GRP.mkv', 3000]]);
    expect(shown(quoted('6f1ed002ab5595859014ebf0951522d9.mp4'), 'Film.2020')).toEqual([
      [0, 'Film.2020.mp4', 1000],
    ]);
    expect(shown(quoted('kqzx.part1.rar', 'kqzx.part2.rar'), 'Film.2020.mkv')).toEqual([
      [0, 'Film.2020.mkv', 2000],
    ]);
    expect(shown(hashes)).toEqual([[0, '6f1ed002ab5595859014ebf0951522d9.mkv', 3000]]);
  });

  test('each set of a season', () => {
    const season = quoted('Show.S01E01.part1.rar', 'Show.S01E02.part1.rar', 'Show.S01E01.part2.rar');
    expect(shown(season, 'Show.S01')).toEqual([
      [0, 'Show.S01E01.mkv', 2000],
      [1, 'Show.S01E02.mkv', 1000],
    ]);
  });

  test('as large as they were, with what lacks', () => {
    expect(shown(post(['"Film.2020.mkv"', 3, 2]))).toEqual([[0, 'Film.2020.mkv', 5000]]);
  });
});

test('names made to be slow are read in no time', () => {
  const nasty = [
    'a.'.repeat(2048),
    '.'.repeat(4096),
    `"${'a'.repeat(4000)}`,
    `${'yenc ('.repeat(600)}`,
    'a.b '.repeat(1000),
  ];
  const begun = performance.now();
  for (let round = 0; round < 100; round += 1)
    shown(post(...nasty.map((subject) => [subject] as const)), 'Film');
  // Some 5 ms; with a pattern that tries each beginning with each end it was seconds.
  expect(performance.now() - begun).toBeLessThan(1500);
});

describe('what a file goes by', () => {
  test('is the lowest place it lies in, before and after it was looked into, and nobody else’s', () => {
    const places = [[4, 5], [3, 4], [4, 5], [], [5]];
    const sized = (...sizes: number[]) =>
      fileIndexes(places.map((posted, place) => ({ posted, sizeBytes: sizes[place] ?? 0 })));
    expect(sized(9, 8, 7, 6, 5)).toEqual([4, 3, 5, 0, 6]);
    expect(sized(5, 6, 7, 8, 9)).toEqual([6, 3, 4, 0, 5]);
    const extents = (...places: number[]) => places.map((place) => [place, 0, 5, 0] as const);
    const inner = (path: string, ...places: number[]) => ({
      ...{ path, sizeBytes: 5 * places.length, isEncrypted: false, extents: extents(...places) },
    });
    const files = filesOfLearned([inner('a/film.mkv', 2, 1), inner('a/film.nfo', 1), inner('a/film.srt', 1)]);
    expect(files.map(({ index, name }) => [index, name])).toEqual([
      [1, 'a/film.mkv'],
      [3, 'a/film.srt'],
    ]);
  });
});
