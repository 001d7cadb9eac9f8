import { expect, test } from 'vitest';
import { innerSubtitles } from '../../src/features/stream-index/inner-subtitles.ts';

const MB = 1_000_000;
const inside = (...names: string[]) =>
  innerSubtitles(
    names.map((name, index) => ({ index, name, sizeBytes: name.endsWith('.mkv') ? 900 * MB : 50_000 })),
  ).map(({ fileIndex, ofFileIndex, language }) => [fileIndex, ofFileIndex, language]);

test.each([
  ['Film.2020.srt', null],
  ['Film.2020.en.srt', 'en'],
  ['Film.2020.eng.srt', 'en'],
  ['Film.2020.en.forced.srt', 'en'],
  ['Film.2020.en.hi.srt', 'en'],
  ['Film.2020.hi.srt', 'hi'],
  ['Film.2020.pt-BR.srt', 'pt-BR'],
  ['Film.2020.no.ass', 'no'],
  ['Subs/2_English.srt', 'en'],
  ['Subs/English [SDH].srt', 'en'],
  ['Subs/Portuguese (Brazilian).srt', 'pt-BR'],
  ['Subs/14_Spanish (Latin American).srt', 'es-419'],
  ['Subs/Chinese (Traditional).srt', 'zh-TW'],
  ['Subs/03_ger.vtt', 'de'],
  ['Subs/it.srt', 'it'],
  ['Subs/There is no film.srt', null],
])('%s beside one film is in %s', (name, language) => {
  expect(inside('Film.2020.mkv', name)).toEqual([[1, 0, language]]);
});

test('each of a pack belongs to the video called alike, in the folder of its name, or of its episode', () => {
  expect(
    inside(
      'Show.S01E01.1080p-GRP.mkv',
      'Show.S01E02.1080p-GRP.mkv',
      'Show.S01E01.1080p-GRP.en.srt',
      'Show.S01E02.1080p-GRP.srt',
      'Subs/Show.S01E02.1080p-GRP/2_English.srt',
      'Subs/show.s01e01.720p-OTHER.fr.srt',
      'Subs/Show.S01E09.en.srt',
      'Subs/readme.srt',
    ),
  ).toEqual([
    [2, 0, 'en'],
    [3, 1, null],
    [4, 1, 'en'],
    [5, 0, 'fr'],
  ]);
});

test('one of a film in two languages beside its sample is of the film', () => {
  expect(inside('Film.mkv', 'Sample/sample.mkv', 'Subs/eng.srt', 'Subs/eng.idx', 'Subs/eng.sub')).toEqual([
    [2, 0, 'en'],
  ]);
});

test('pictures are left out, without a video there are none, and thousands take no time', () => {
  expect(inside('a.srt')).toEqual([]);
  expect(inside('Film.mkv', 'Film.idx', 'Film.sub', 'Film.sup')).toEqual([]);
  const names = Array.from({ length: 3000 }, (_, n) => [`Show.S01E${n}.mkv`, `x/Show.E${n}.whole.en.srt`]);
  const begun = performance.now();
  expect(inside(...names.flat()).length).toBeLessThanOrEqual(1000);
  expect(performance.now() - begun).toBeLessThan(5000);
});
