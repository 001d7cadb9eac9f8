import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';
import { openTempDir } from '../support/processes.ts';
import { withChromium } from '../support/real/chromium.ts';
import { CLIP } from '../support/real/clip.ts';
import { mpvPlayAndSeek, vlcPlayAndSeek } from '../support/real/players.ts';
import { makePresentations, PRESENTATION_SECONDS, streamHashes } from '../support/real/presentations.ts';
import {
  playWithHlsJs,
  playWithStremio,
  seekTo,
  startPlayerPages,
  whereIs,
} from '../support/real/web-players.ts';
import { waitUntil } from '../support/wait-until.ts';

// Presentations made by ffmpeg, read directly and through play links: what comes out must be the same.

const HLS = ['number/master.m3u8', 'aes/index.m3u8'] as const;
const DASH = ['number/index.mpd', 'time/index.mpd'] as const;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let origin: FileOrigin;
let pages: FileOrigin;
let server: PlayServer;
beforeAll(async () => {
  dir = await openTempDir();
  await makePresentations(dir.path);
  origin = await startFileOrigin({ folder: dir.path });
  origin.files.set('/clip.mp4', await readFile(CLIP));
  pages = await startPlayerPages();
  server = await startPlayServer('http', { url: `${origin.base}/clip.mp4` });
});
afterAll(async () => {
  await server?.close();
  await pages?.stop();
  await origin?.stop();
  await dir?.remove();
});

function linkTo(path: string, filename?: string): string {
  const detail = server.kinds.get('http')?.parse({ url: `${origin.base}/${path}` });
  return server.urlOf({ detail, ...(filename === undefined ? {} : { filename }) });
}

/** Runs `use` and sees that the origin was asked by us only: a player that found an address of its own would ask for itself. */
async function throughUs<T>(use: () => Promise<T>): Promise<T> {
  origin.requests.length = 0;
  const result = await use();
  // None at all where every segment is in memory still.
  expect(origin.requests.filter(({ headers }) => headers['user-agent'] !== 'Tributary')).toEqual([]);
  return result;
}

describe('ffmpeg', () => {
  test.each([...HLS, ...DASH])(
    'demuxes %s through a play link to the very same streams as directly',
    async (path) => {
      const direct = await streamHashes(`${origin.base}/${path}`);
      expect(direct.trim().split('\n').length).toBeGreaterThanOrEqual(2);
      expect(await throughUs(() => streamHashes(linkTo(path)))).toBe(direct);
    },
  );

  test.each(DASH)(
    'demuxes %s as HLS to the very same streams as the HLS of the same segments',
    async (path) => {
      // The HLS and the DASH demuxer of ffmpeg cut the packets of one file differently.
      const direct = await streamHashes(`${origin.base}/${path.replace('index.mpd', 'master.m3u8')}`);
      expect(await streamHashes(linkTo(path, 'Film.m3u8'))).toBe(direct);
      expect(await streamHashes(`${linkTo(path)}?as=hls`)).toBe(direct);
    },
  );
});

describe('players', () => {
  // Not of fMP4 segments: mpv 0.35 over ffmpeg 5.1 loses them at a seek, from the origin itself too.
  test('mpv plays encrypted HLS and seeks', async () => {
    const played = await throughUs(() => mpvPlayAndSeek(linkTo('aes/index.m3u8'), 25));
    expect(played.playedOnToSeconds).toBeGreaterThan(25);
    expect(played.durationSeconds).toBeCloseTo(PRESENTATION_SECONDS, 0);
  });

  test('mpv plays DASH and seeks', async () => {
    const played = await throughUs(() => mpvPlayAndSeek(linkTo('time/index.mpd'), 25));
    expect(played.playedOnToSeconds).toBeGreaterThan(25);
  });

  test('VLC plays HLS with sound of its own and seeks', async () => {
    const played = await throughUs(() => vlcPlayAndSeek(linkTo('number/master.m3u8'), 25));
    expect(played.playedOnToSeconds).toBeGreaterThan(25);
  });

  test('VLC plays DASH and seeks', async () => {
    const played = await throughUs(() => vlcPlayAndSeek(linkTo('number/index.mpd'), 25));
    expect(played.playedOnToSeconds).toBeGreaterThan(25);
  });
});

describe('in Chromium', () => {
  test.each([
    ['hls.js', 'number/master.m3u8', playWithHlsJs],
    ['hls.js', 'aes/index.m3u8', playWithHlsJs],
    ['hls.js', 'time/index.mpd?as=hls', playWithHlsJs],
    ['Stremio’s player', 'clip.mp4', playWithStremio],
    ['Stremio’s player', 'number/master.m3u8', playWithStremio],
  ] as const)('%s plays %s through a play link and seeks', async (name, what, start) => {
    const [path = '', query] = what.split('?');
    const url = linkTo(path) + (query === undefined ? '' : `?${query}`);
    await throughUs(() =>
      withChromium(async (browser) => {
        const { page } = await browser.open(`${pages.base}/${name === 'hls.js' ? 'hls' : 'stremio'}`);
        await start(page, url);
        await reaches(page, 0.5);
        await seekTo(page, 25);
        expect(await reaches(page, 25.5)).toBeLessThan(35);
      }),
    );
  });
});

test('hls.js in Chromium takes the pathway that the steering manifest names, which it gets by our link', async () => {
  origin.files.set('/steer', JSON.stringify({ VERSION: 1, TTL: 60, 'PATHWAY-PRIORITY': ['B', 'A'] }));
  const variant = (pathway: string, folder: string) =>
    `#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.64001f",PATHWAY-ID="${pathway}"\n${folder}/media_0.m3u8`;
  origin.files.set(
    '/steered.m3u8',
    `#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI="${origin.base}/steer",PATHWAY-ID="A"\n${variant('A', 'number')}\n${variant('B', 'time')}\n`,
  );
  await throughUs(() =>
    withChromium(async (browser) => {
      const { page } = await browser.open(`${pages.base}/hls`);
      await playWithHlsJs(page, linkTo('steered.m3u8'));
      await reaches(page, 0.5);
      await seekTo(page, 25);
      await reaches(page, 25.5);
    }),
  );
  expect(origin.count('/steer')).toBeGreaterThan(0);
  expect(origin.count('/time/media_0.m3u8')).toBeGreaterThan(0);
});

/** Waits until the player has come past a second of the film. */
async function reaches(page: Page, seconds: number): Promise<number> {
  return await waitUntil(
    async () => {
      const { at, error } = await whereIs(page);
      if (error !== null) throw new Error(`the player gave up: ${error}`);
      return at > seconds ? at : undefined;
    },
    { what: `the player is past ${seconds} s`, timeoutMs: 20_000, everyMs: 100 },
  );
}
