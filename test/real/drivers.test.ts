import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTempDir, withTempDir } from '../support/processes.ts';
import { type RangeServer, startRangeServer } from '../support/range-server.ts';
import { withChromium } from '../support/real/chromium.ts';
import { CLIP, CLIP_SECONDS, remuxClip } from '../support/real/clip.ts';
import {
  curlRange,
  ffmpegSeekHash,
  ffprobeDuration,
  mpvPlayAndSeek,
  vlcPlayAndSeek,
} from '../support/real/players.ts';
import { FILM_COUNT, type ScratchAddon, startScratchAddon } from '../support/real/scratch-addon.ts';
import { detectFromURL, lintManifest } from '../support/real/stremio-client.ts';
import { withStremioCore } from '../support/real/stremio-core.ts';

// The drivers themselves, against servers known to be right: what fails here is not the product.

let server: RangeServer;
let addon: ScratchAddon;
let dir: Awaited<ReturnType<typeof openTempDir>>;

beforeAll(async () => {
  dir = await openTempDir();
  await remuxClip(join(dir.path, 'clip.mkv'));
  await remuxClip(join(dir.path, 'tail.mp4'));
  server = await startRangeServer({
    files: {
      '/clip.mp4': CLIP,
      '/clip.mkv': join(dir.path, 'clip.mkv'),
      '/tail.mp4': join(dir.path, 'tail.mp4'),
    },
  });
  addon = await startScratchAddon(`${server.url}/clip.mp4`);
});

afterAll(async () => {
  await addon?.stop();
  await server?.stop();
  await dir?.remove();
});

/** Starts of the ranges asked for while `use` ran. */
async function rangesDuring(use: () => Promise<unknown>): Promise<number[]> {
  const before = server.requests.length;
  await use();
  return server.requests
    .slice(before)
    .map(({ range }) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0));
}

describe('curl', () => {
  test('gets exactly the bytes of a range, with the size of the whole', async () => {
    const whole = await curlRange(`${server.url}/clip.mp4`);
    expect(whole.status).toBe(200);
    const part = await curlRange(`${server.url}/clip.mp4`, '1000-1999');
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe(`bytes 1000-1999/${whole.body.length}`);
    expect(part.body.equals(whole.body.subarray(1000, 2000))).toBe(true);
  });

  test('shows 416 for a range past the end, and a HEAD without a body', async () => {
    const past = await curlRange(`${server.url}/clip.mp4`, '999999999-');
    expect(past.status).toBe(416);
    expect(past.headers['content-range']).toMatch(/^bytes \*\/\d+$/);
    const head = await curlRange(`${server.url}/clip.mp4`, undefined, { isHead: true });
    expect(head.status).toBe(200);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(10_000_000);
    expect(head.body.length).toBe(0);
  });

  test('fails with curl’s own words when nobody answers', async () => {
    const gone = await startRangeServer({ files: {} });
    await gone.stop();
    await expect(curlRange(`${gone.url}/clip.mp4`)).rejects.toThrow(/curl ended with 7.*Failed to connect/s);
  });
});

describe.each(['clip.mp4', 'tail.mp4', 'clip.mkv'])('players on %s', (file) => {
  test('ffprobe reads the length', async () => {
    expect(await ffprobeDuration(`${server.url}/${file}`)).toBeCloseTo(CLIP_SECONDS, 0);
  });

  test('ffmpeg decodes the same picture after a seek as from the file', async () => {
    const picture = await ffmpegSeekHash(`${server.url}/${file}`, 80.5);
    expect(picture).toBe(await ffmpegSeekHash(CLIP, 80.5));
    expect(picture).not.toBe(await ffmpegSeekHash(CLIP, 90.5));
  });

  test('mpv plays, seeks by a new request and goes on from there', async () => {
    const starts = await rangesDuring(async () => {
      const seen = await mpvPlayAndSeek(`${server.url}/${file}`, 80);
      expect(seen.durationSeconds).toBeCloseTo(CLIP_SECONDS, 0);
      expect(seen.soughtToSeconds).toBeLessThan(85);
      expect(seen.playedOnToSeconds).toBeGreaterThan(seen.soughtToSeconds);
    });
    expect(starts.some((start) => start > 5_000_000 && start < 12_000_000)).toBe(true);
  });

  test('VLC plays, seeks and goes on from there', async () => {
    const seen = await vlcPlayAndSeek(`${server.url}/${file}`, 80);
    expect(seen.durationSeconds).toBe(CLIP_SECONDS);
    expect(seen.soughtToSeconds).toBeLessThan(85);
    expect(seen.playedOnToSeconds).toBeGreaterThan(seen.soughtToSeconds);
  });
});

test('mpv and VLC fail with the reason when there is no film', async () => {
  await expect(mpvPlayAndSeek(`${server.url}/none.mp4`, 80)).rejects.toThrow(/404/);
  await expect(vlcPlayAndSeek(`${server.url}/none.mp4`, 80)).rejects.toThrow(/404/);
});

test('VLC asks for the range it seeks to', async () => {
  const starts = await rangesDuring(() => vlcPlayAndSeek(`${server.url}/clip.mp4`, 80));
  expect(starts.some((start) => start > 5_000_000 && start < 12_000_000)).toBe(true);
});

describe('Chromium', () => {
  test('shoots a page in the size of a desktop and of a phone, and hears its errors', async () => {
    await withTempDir(async (path) => {
      await using site = await startRangeServer({
        files: { '/': join(import.meta.dirname, '../fixtures/driver-page.html') },
      });
      await withChromium(async (browser) => {
        for (const [name, width, height] of [['desktop', 1280, 800] as const, ['phone', 390, 844] as const]) {
          const shown = await browser.open(site.url, name);
          const png = await shown.screenshot({ path: join(path, `${name}.png`) });
          expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height]);
          expect(await shown.page.textContent('h1')).toBe('Hello');
          expect(shown.errors).toEqual([expect.stringContaining('this page complains')]);
          expect(shown.refused).toEqual([]);
        }
      });
    });
  });

  test('plays the clip in a page and seeks in it', async () => {
    const starts = await rangesDuring(() =>
      withChromium(async (browser) => {
        const { page } = await browser.open(`${server.url}/clip.mp4`);
        const clock = () =>
          page
            .locator('video')
            .evaluate((video) => (video instanceof HTMLVideoElement ? video.currentTime : -1));
        await expect.poll(clock, { timeout: 15_000 }).toBeGreaterThan(0.3);
        await page.locator('video').evaluate((video) => {
          if (video instanceof HTMLVideoElement) video.currentTime = 80;
        });
        await expect.poll(clock, { timeout: 15_000 }).toBeGreaterThan(80.5);
      }),
    );
    expect(starts.some((start) => start > 5_000_000)).toBe(true);
  });
});

describe('stremio-core', () => {
  test('installs an add-on, fills its board, pages, searches, and gets details, streams and subtitles', async () => {
    await withStremioCore(async (core) => {
      const installed = await core.installAddon(addon.manifestUrl);
      expect(installed.manifest.name).toBe('Scratch');
      expect(await core.addons()).toEqual([installed]);

      const [row, ...others] = await core.board();
      expect(others).toEqual([]); // the search needs a word, so it has no row
      expect(row).toMatchObject({ id: 'all', error: null });
      expect(row?.items[0]?.name).toBe('Film 0');

      const first = await core.discover('movie', 'all');
      expect(first).toMatchObject({ hasNextPage: true, extra: { genre: ['Sci-Fi & More'] } });
      expect(first.items).toHaveLength(100);
      expect((await core.nextPage()).items).toHaveLength(FILM_COUNT);
      expect((await core.nextPage()).hasNextPage).toBe(false);

      const found = await core.search('Film 42');
      expect(found.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(['scratch:42']);

      const { meta, streams } = await core.metaDetails('movie', 'scratch:2');
      expect(meta.name).toBe('Film 2');
      expect(streams.map(({ url }) => url)).toEqual([`${server.url}/clip.mp4`]);
      const [stream] = streams;
      if (stream === undefined) throw new Error('no stream');
      const subtitles = await core.playerSubtitles({ type: 'movie', id: 'scratch:2', stream });
      expect(subtitles.map(({ lang, url }) => ({ lang, url }))).toEqual([
        { lang: 'eng', url: `${server.url}/clip.mp4.srt` },
      ]);
      expect(addon.paths).toContain('/subtitles/movie/scratch%3A2/filename=clip.mp4&videoSize=12345.json');
    });
  });

  test('gets the streams of the episode asked for, and none for one without', async () => {
    await withStremioCore(async (core) => {
      await core.installAddon(addon.manifestUrl);
      const second = await core.metaDetails('series', 'scratch:show', 'scratch:show:1:2');
      expect(second.meta.videos.map(({ title }) => title)).toEqual(['Episode 1', 'Episode 2']);
      expect(second.streams).toHaveLength(1);
      expect((await core.metaDetails('series', 'scratch:show', 'scratch:show:1:1')).streams).toEqual([]);
      await expect(core.metaDetails('movie', 'scratch:none')).rejects.toThrow(/core has no meta/);
    });
  });

  test('reaches nothing but this machine: Stremio’s own add-ons are refused and written down', async () => {
    await withStremioCore(async (core) => {
      await core.installAddon(addon.manifestUrl);
      await core.board();
      const outside = core.requests().filter(({ url }) => !url.startsWith('http://127.0.0.1:'));
      expect(outside.length).toBeGreaterThan(0);
      expect(outside.every(({ status, failure }) => status === null && failure?.startsWith('refused'))).toBe(
        true,
      );
    });
  });

  test('refuses an add-on without CORS headers, as a browser would', async () => {
    const bare = createServer(async (_req, res) => {
      const manifest = await fetch(addon.manifestUrl);
      res.setHeader('Content-Type', 'application/json').end(await manifest.text());
    });
    bare.listen(0, '127.0.0.1');
    await once(bare, 'listening');
    const address = bare.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await withStremioCore(async (core) => {
      const url = `http://127.0.0.1:${port}/manifest.json`;
      await expect(core.installAddon(url)).rejects.toThrow(/Failed to fetch/);
      expect(core.requests().find((request) => request.url === url)?.failure).toContain(
        'Access-Control-Allow-Origin',
      );
    }).finally(() => bare.close());
  });

  test('is killed when it takes too long', async () => {
    const run = withStremioCore(
      async (core) => {
        while (true) await core.addons();
      },
      { timeoutMs: 1_500 },
    );
    await expect(run).rejects.toThrow(/took more than 1500 ms/);
  });
});

test('the official client opens the add-on, finds the manifest clean and reads every resource', async () => {
  const opened = await detectFromURL(addon.manifestUrl);
  expect(lintManifest(opened.manifest)).toEqual({ isValid: true, errors: [], warnings: [] });
  expect(opened.isSupported('stream', 'movie', 'scratch:2')).toBe(true);
  expect(opened.isSupported('stream', 'movie', 'tt1')).toBe(false);
  const page = await opened.get('catalog', 'movie', 'all', { skip: 100 });
  expect(page.body.metas).toHaveLength(50);
  expect(page.cacheControl).toBe('max-age=60, public');
  expect((await opened.get('meta', 'movie', 'scratch:2')).body.meta).toMatchObject({ name: 'Film 2' });
  expect((await opened.get('stream', 'movie', 'scratch:2')).body.streams).toHaveLength(1);
  expect((await opened.get('subtitles', 'movie', 'scratch:2')).body.subtitles).toHaveLength(1);
  expect(lintManifest({ id: 'x' }).errors).toContainEqual(expect.stringContaining('version'));
});
