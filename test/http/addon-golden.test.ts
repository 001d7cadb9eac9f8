import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';

// Every answer byte for byte, as `test/fixtures/stremio/` holds it: a change of the protocol is then a change somebody
// sees. `vitest run … addon-golden.test.ts -u` writes them anew.

const OPEN = { code: 'CC-BY-3.0', attribution: '© 2008 Its makers / film.example' };
const BEHIND_PROXY = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'films.example' };

let server: AddonServer;
beforeAll(async () => {
  server = await startAddonServer();
  const film = await server.add(
    {
      kind: 'movie',
      ids: { imdb: 'tt0000071', tmdb: '71' },
      title: 'The Weir',
      year: 2008,
      releaseDate: '2008-04-10',
      runtimeMinutes: 10,
      overview: 'A weir holds until it does not.',
      tagline: 'It holds',
      languages: ['en'],
      countries: ['NL'],
      genres: ['Animation', 'Sci-Fi & Fantasy'],
      rating: 7.9,
      cast: [{ name: 'Ann Actor', character: 'Keeper' }],
      crew: [
        { name: 'Di Rector', job: 'Director' },
        { name: 'Wri Ter', job: 'Writer' },
      ],
      images: [
        { type: 'poster', url: 'asset:starter/clip-poster.jpg' },
        { type: 'background', url: 'https://images.example/weir.jpg' },
      ],
      trailer: { youtube: 'aqz-KE-bpKQ' },
    },
    [
      { kind: 'youtube', videoId: 'aqz-KE-bpKQ', name: 'The Weir, 60 fps 4K', licence: OPEN },
      {
        kind: 'http',
        url: 'https://files.example/The.Weir.2008.1080p.BluRay.x264.DD5.1-GRP.mp4',
        name: 'The.Weir.2008.1080p.BluRay.x264.DD5.1-GRP.mp4',
        sizeBytes: 725_106_140,
        languages: ['en'],
        subtitles: [
          { url: 'asset:starter/clip.en.vtt', language: 'en' },
          { url: 'https://files.example/weir.pt.srt', language: 'pt-BR' },
        ],
        licence: OPEN,
      },
      { kind: 'external', url: 'https://watch.example/weir', name: 'The Weir at its makers', licence: OPEN },
    ],
  );
  await server.addStream(
    {
      kind: 'torrent',
      infoHash: 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c',
      name: 'The Weir',
      files: [
        { index: 0, name: 'The Weir/The Weir.mkv', sizeBytes: 276_134_947 },
        { index: 1, name: 'The Weir/The Weir.en.srt', sizeBytes: 140 },
      ],
      trackers: ['udp://tracker.example:1337/announce'],
      licence: { code: 'PD' },
    },
    { mediaId: film, fileIndex: 0 },
  );
  const series = await server.add({
    kind: 'series',
    ids: { imdb: 'tt0000072' },
    title: 'Sluices',
    year: 2013,
    endDate: '2016-01-30',
    overview: 'Three sluices, one river.',
    genres: ['Animation'],
    seasons: [
      {
        number: 1,
        episodes: [
          {
            number: 1,
            title: 'Upper',
            overview: 'The first.',
            airDate: '2013-02-10',
            thumbnail: 'https://images.example/1.jpg',
          },
          { number: 2 },
        ],
      },
    ],
  });
  await server.addStream(
    { kind: 'http', url: 'https://files.example/s.mp4', licence: OPEN },
    { mediaId: series },
  );
});
afterAll(() => server?.close());

test.each([
  ['manifest', '/manifest.json'],
  ['catalog', '/catalog/movie/popular/genre=Sci-Fi%20%26%20Fantasy.json'],
  ['meta-movie', '/meta/movie/tt0000071.json'],
  ['meta-series', '/meta/series/tt0000072.json'],
  ['stream', '/stream/movie/tt0000071.json'],
  ['subtitles', '/subtitles/movie/tt0000071/videoSize=725106140.json'],
])('the answer of %s is what it always was', async (name, path) => {
  const { text } = await server.ask(path, { headers: BEHIND_PROXY });
  const file = fileURLToPath(new URL(`../fixtures/stremio/${name}.json`, import.meta.url));
  await expect(normalised(text)).toMatchFileSnapshot(file);
});

/** Indented for people; the sealed tokens and the release of the moment stand as words. */
function normalised(text: string): string {
  const steady = text
    .replace(/(\/play\/[\w-]{22}\/)[\w-]{40,}(?=\/)/g, '$1TOKEN')
    .replace(/(\/play\/subtitles\/)[\w-]{40,}(?=\.vtt)/g, '$1TOKEN')
    .replace(/"version":"\d+\.\d+\.(\d+)"/, '"version":"MAJOR.MINOR.$1"');
  return `${JSON.stringify(JSON.parse(steady), null, 2)}\n`;
}
