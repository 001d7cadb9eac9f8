import { expect, test } from 'vitest';
import { type FolderIndex, indexFolder, matchSubtitle } from '../../src/features/sources/match-subtitles.ts';

async function matcher(...paths: string[]) {
  const videos = paths.map((path, n) => ({
    streamId: n,
    folder: path.slice(0, Math.max(0, path.lastIndexOf('/'))),
    name: path.slice(path.lastIndexOf('/') + 1),
  }));
  const folders = new Map<string, FolderIndex>();
  for (const [folder, inside] of Map.groupBy(videos, (video) => video.folder))
    folders.set(folder, await indexFolder(inside, async () => {}));
  return (path: string) => {
    const found = matchSubtitle(folders, {
      folder: path.slice(0, Math.max(0, path.lastIndexOf('/'))),
      name: path.slice(path.lastIndexOf('/') + 1),
    });
    return found === null ? null : (paths[found.video.streamId] ?? null);
  };
}
const MATRIX = 'Films/The.Matrix.1999.1080p.BluRay.x264.mkv';

test.each([
  'Films/The.Matrix.1999.1080p.BluRay.x264.srt',
  'Films/The.Matrix.1999.1080p.BluRay.x264.en.forced.srt',
  'Films/the.matrix.1999.1080p.bluray.x264.pt-BR.vtt',
  'Films/The.Matrix.1999.720p.BluRay.srt',
])('%s is of the film', async (subtitle) => {
  expect((await matcher(MATRIX, 'Films/The.Matrix.Reloaded.2003.1080p.mkv'))(subtitle)).toBe(
    subtitle.includes('720p') ? null : MATRIX,
  );
});

test('names that are alike to 60 % are of one film, others are not', async () => {
  const match = await matcher(MATRIX, 'Films/Heat.1995.mkv');
  expect(match('Films/The Matrix 1999 1080p BluRay.srt')).toBe(MATRIX);
  expect(match('Films/The Godfather 1972.srt')).toBeNull();
  expect(match('Other/The.Matrix.1999.1080p.BluRay.x264.srt')).toBeNull();
});

test('another part, and another episode, is never taken for it', async () => {
  const match = await matcher('F/Film.Part.1.mkv', 'F/Show.S01E01.mkv', 'F/Show.S01E02.1080p.WEB.mkv');
  expect(match('F/Film.Part.2.srt')).toBeNull();
  expect(match('F/Show.S01E02.de.srt')).toBe('F/Show.S01E02.1080p.WEB.mkv');
  expect(match('F/Show.S01E03.srt')).toBeNull();
});

test('a folder of subtitles is of the film above it, where that is the only one or is called so', async () => {
  expect((await matcher(MATRIX))('Films/Subs/2_English.srt')).toBe(MATRIX);
  expect((await matcher(MATRIX, 'Films/Heat.1995.mkv'))('Films/Subs/2_English.srt')).toBeNull();
  const show = ['S/Show.S01E01.mkv', 'S/Show.S01E02.mkv'];
  expect((await matcher(...show))('S/Subs/Show.S01E02/2_English.srt')).toBe(show[1]);
});

test('a name made of points takes no time', async () => {
  const match = await matcher(MATRIX);
  const begun = performance.now();
  match(`Films/${'.'.repeat(1000)}srt`);
  match(`Films/${'a.'.repeat(500)}srt`);
  expect(performance.now() - begun).toBeLessThan(500);
});
