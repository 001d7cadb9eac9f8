import { expect, test } from 'vitest';
import { wholeVideos } from '../../src/features/stream-index/whole-videos.ts';

const kept = (...names: string[]) =>
  wholeVideos(names.map((name, index) => ({ index, name, sizeBytes: 1 }))).map(({ name }) => name);

test.each([
  'Show.S01/Sample/show.s01e01.sample.mkv',
  'Show.S01/Extras/S01E05 Deleted Scene.mkv',
  'Show.S01/Featurettes/Making of.mkv',
  'Film/Behind The Scenes/Interview.mkv',
  'Film (2020)-trailer.mkv',
  'film.2020.trailer.mkv',
  '[G] Show - NCOP1 [BD].mkv',
  '[G] Show - Creditless ED 2.mkv',
  '[G] Show - PV1 [BD].mkv',
  '[G] Show - Menu 02.mkv',
  '[G] Show - 07.5 [1080p].mkv',
])('%s is none', (name) =>
  expect(kept('Show.S01/Show.S01E01.mkv', name)).toEqual(['Show.S01/Show.S01E01.mkv']),
);

test.each([
  'Films/The.Menu.2022.1080p.mkv',
  'Films/The Big Short.mkv',
  'Show/S01E05 - The Interview.mkv',
  'Show/Specials/01 - Christmas.mkv',
  'Trailer.Park.Boys.S01E01.mkv',
  'Show.S01E01.PVT.mkv',
  'Show 7.5 - 03.mkv',
])('%s is one', (name) => expect(kept('Other/Film.mkv', name)).toEqual(['Other/Film.mkv', name]));

test('what all of them are called, or the only one is, stays', () => {
  expect(kept('Extras/Extras.S01E01.mkv', 'Extras/Extras.S01E02.mkv')).toHaveLength(2);
  expect(kept('Sample/sample.mkv')).toHaveLength(1);
  expect(kept('film.nfo', 'film.srt')).toEqual([]);
});

test('names that were made to be slow are not', () => {
  const nasty = ['pv ', 'nc', '- pv1', '.trailer', ' - 1.5', 'sample/', '/extras', '....'].map((part) =>
    part.repeat(4096 / part.length),
  );
  const begun = performance.now();
  for (let n = 0; n < 100; n += 1) kept(...nasty.map((name) => `${name}x.mkv`));
  expect(performance.now() - begun).toBeLessThan(2000);
});
