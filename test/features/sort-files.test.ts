import { expect, test } from 'vitest';
import { sortFiles } from '../../src/features/sources/sort-files.ts';

const film = { path: 'Film.2001.mkv', name: 'Film.2001.mkv' };

test.each([
  [0, 0],
  [2 ** 53 - 1, 2 ** 53 - 1],
  [2 ** 53, null],
  [1e19, null],
  [-1, null],
  [1.5, null],
  [Number.NaN, null],
  [null, null],
])('a claimed size of %s is taken for %s', (sizeBytes, taken) => {
  expect(sortFiles([{ ...film, sizeBytes, modifiedMs: null }]).videos).toMatchObject([{ sizeBytes: taken }]);
});

test.each([
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ['0000-01-01T00:00:00Z', null],
  ['1969-12-31T23:59:59Z', null],
  ['+010000-01-01T00:00:00Z', null],
  ['no time', null],
])('a claimed time of %s is taken for %s', (time, taken) => {
  expect(sortFiles([{ ...film, sizeBytes: 5, modifiedMs: Date.parse(time) }]).videos).toMatchObject([
    { modifiedAt: taken },
  ]);
});

test('extras are told by the folder each lies in, whatever folder the one before it was in', () => {
  const paths = [
    'Film.mkv',
    'A%20film/Featurettes/One.mkv',
    'A%20film/Featurettes/Two.mkv',
    'Other.mkv',
    'A%20film/Film.mkv',
  ];
  const files = paths.map((path) => ({
    path,
    name: path.split('/').at(-1) ?? '',
    sizeBytes: 5,
    modifiedMs: null,
  }));
  expect(sortFiles(files).videos.map(({ isExtra }) => isExtra)).toEqual([false, true, true, false, false]);
});
