import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FileOrigin } from '../support/file-origin.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';
import { openTempDir } from '../support/processes.ts';
import { withChromium } from '../support/real/chromium.ts';
import { type ClearKeyOrigin, SCHEMES, startClearKeyOrigin } from '../support/real/clear-key.ts';
import { streamHashes } from '../support/real/presentations.ts';
import {
  playWithHlsJs,
  playWithShaka,
  seekTo,
  startPlayerPages,
  startShakaPage,
  whereIs,
} from '../support/real/web-players.ts';
import { waitUntil } from '../support/wait-until.ts';

// DASH with encrypted samples whose keys are had as ClearKey, through play links: criterion 23.

let dir: Awaited<ReturnType<typeof openTempDir>>;
let origin: ClearKeyOrigin;
let pages: FileOrigin;
let hlsPages: FileOrigin;
let server: PlayServer;
beforeAll(async () => {
  dir = await openTempDir();
  origin = await startClearKeyOrigin(dir.path);
  [pages, hlsPages] = await Promise.all([startShakaPage(), startPlayerPages()]);
  server = await startPlayServer('http', { url: `${origin.base}/clear/index.mpd` });
}, 90_000);
afterAll(async () => {
  await server?.close();
  await Promise.all([pages?.stop(), hlsPages?.stop()]);
  await origin?.[Symbol.asyncDispose]();
  await dir?.remove();
});

function linkTo(path: string): string {
  return server.urlOf({ detail: server.kinds.get('http')?.parse({ url: `${origin.base}/${path}` }) });
}

describe.each(SCHEMES)('%s', (scheme) => {
  test('is demuxed by ffmpeg through a play link to the very streams that were encrypted', async () => {
    const input = ['-cenc_decryption_key', origin.keyHex];
    const clear = await streamHashes(`${origin.base}/clear/index.mpd`);
    expect(await streamHashes(`${origin.base}/${scheme}/index.mpd`, input)).toBe(clear);
    expect(await streamHashes(linkTo(`${scheme}/index.mpd`), input)).toBe(clear);
    expect(await streamHashes(linkTo(`${scheme}/index.mpd`))).not.toBe(clear);
  });

  test('is decrypted for players that take no keys: as HLS ffmpeg demuxes it to the streams of the clear HLS', async () => {
    const clear = await streamHashes(`${origin.base}/clear/master.m3u8`);
    expect(await streamHashes(`${linkTo(`${scheme}/index.mpd`)}?as=hls`)).toBe(clear);
  });

  test('is played as HLS by hls.js in Chromium without any key, and seeks', async () => {
    const before = (await origin.requests()).length;
    await withChromium(async (browser) => {
      const { page } = await browser.open(`${hlsPages.base}/hls`);
      await playWithHlsJs(page, `${linkTo(`${scheme}/index.mpd`)}?as=hls`);
      await expectToPlay(page);
    });
    expect((await origin.requests()).slice(before).filter(({ agent }) => agent !== 'Tributary')).toEqual([]);
  });

  test('is played by Shaka Player in Chromium, which gets the key by our link, and seeks', async () => {
    const before = (await origin.requests()).length;
    await withChromium(async (browser) => {
      const { page, errors } = await browser.open(`${pages.base}/shaka`);
      await playWithShaka(page, linkTo(`${scheme}/index.mpd`));
      await expectToPlay(page);
      expect(errors).toEqual([]);
    });
    const asked = (await origin.requests()).slice(before);
    expect(asked.filter(({ path }) => path === '/licence').length).toBeGreaterThan(0);
    expect(asked.filter(({ agent }) => agent !== 'Tributary')).toEqual([]);
  });
});

/** Plays, seeks, plays on, and shows the second that it says to be at. */
async function expectToPlay(page: Page): Promise<void> {
  await reaches(page, 0.5);
  await seekTo(page, 25);
  expect(await reaches(page, 25.5)).toBeLessThan(35);
  await page.evaluate("document.querySelector('video').pause()");
  expect(Math.abs((await clockOf(page)) - (await whereIs(page)).at)).toBeLessThan(1.5);
}

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

/** The second that the picture shows, by its grey. Off a screenshot: a page may not read decrypted frames. */
async function clockOf(page: Page): Promise<number> {
  const png = await page.locator('video').screenshot();
  const grey = await page.evaluate(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png.toString('base64')}';
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    return pen.getImageData((image.width * 3) >> 2, image.height >> 1, 1, 1).data[0];
  })()`);
  // Luma 16 + 5 s of limited range.
  return (Number(grey) * 219) / 255 / 5;
}
