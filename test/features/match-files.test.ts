import { expect, test } from 'vitest';
import { type Asked, matchFiles } from '../../src/features/stream-index/match-files.ts';
import { AppError } from '../../src/kit/errors.ts';

const file = (index: number, name: string, sizeBytes = 100) => ({ index, name, sizeBytes });
const match = (asked: Partial<Asked>, name: string, files: ReturnType<typeof file>[] = []) =>
  matchFiles(
    { kind: 'series', season: undefined, episode: undefined, fileIndex: undefined, ...asked },
    { name, files },
  ).map((found) => [found.season, found.episode, found.fileIndex]);
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
  return 'nothing was refused';
}

test('a pack is linked whole, whichever episode was asked for; folders tell the season', () => {
  const files = [
    file(0, 'Show/Season 2/01 - First.mkv'),
    file(1, 'Show/Season 2/02 - Second.mkv'),
    file(2, 'Show/Season 2/Sample/sample.mkv'),
    file(3, 'Show/Season 2/02 - Second.srt'),
  ];
  const all = [
    [2, 1, 0],
    [2, 2, 1],
  ];
  expect(match({}, 'Show', files)).toEqual(all);
  expect(match({ season: 2, episode: 2 }, 'Show', files)).toEqual(all);
  expect(codeOf(() => match({ season: 2, episode: 9 }, 'Show', files))).toBe('streams.which_episode');
});

test('a file with two episodes is linked to both, one that was chosen to what was asked', () => {
  expect(match({}, 'Show', [file(3, 'Show.S01E01-E02.mkv')])).toEqual([
    [1, 1, 3],
    [1, 2, 3],
  ]);
  const files = [file(0, 'a.mkv'), file(1, 'b.mkv')];
  expect(match({ season: 1, episode: 4, fileIndex: 0 }, 'Show', files)).toEqual([[1, 4, 0]]);
  expect(codeOf(() => match({ season: 1, episode: 4 }, 'Show', files))).toBe('streams.which_episode');
});

test('one video is the episode that was asked for, whatever its name', () => {
  expect(match({ season: 1, episode: 4 }, 'x', [file(5, 'video.mkv'), file(6, 'readme.txt')])).toEqual([
    [1, 4, 5],
  ]);
});

test('without files the name or the question tells', () => {
  expect(match({}, 'Show.S03E04.720p')).toEqual([[3, 4, null]]);
  expect(match({ season: 2 }, 'Show - Episode 5')).toEqual([[2, 5, null]]);
  expect(match({ season: 1, episode: 1 }, 'Show')).toEqual([[1, 1, null]]);
  expect(codeOf(() => match({}, 'Show.S01.Complete'))).toBe('streams.which_episode');
});

test('a film is its largest video, samples and subtitles aside; a stream without files is it whole', () => {
  const film = { kind: 'movie' as const };
  expect(
    match(film, 'Film', [file(0, 'sample.mkv', 900), file(1, 'film.mkv', 100), file(2, 'film.iso', 999)]),
  ).toEqual([[null, null, 1]]);
  expect(match(film, 'Film')).toEqual([[null, null, null]]);
  expect(match({ ...film, fileIndex: 0 }, 'Film', [file(0, 'a.mkv'), file(1, 'b.mkv', 900)])).toEqual([
    [null, null, 0],
  ]);
  expect(codeOf(() => match({ ...film, season: 1 }, 'Film'))).toBe('streams.not_a_series');
  expect(codeOf(() => match({ ...film, fileIndex: 4 }, 'Film', [file(0, 'a.mkv')]))).toBe('streams.no_file');
});

test('a torrent of 100,000 files is read in bounded time', () => {
  const files = Array.from({ length: 100_000 }, (_, index) => file(index, `Show.S01E${index}.mkv`));
  const begun = performance.now();
  expect(match({}, 'Show', files).length).toBeLessThanOrEqual(5000);
  expect(performance.now() - begun).toBeLessThan(5000);
});
