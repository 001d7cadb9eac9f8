import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTributary, type Tributary } from '../support/product.ts';
import { withChromium } from '../support/real/chromium.ts';
import { CLIP, CLIP_SECONDS } from '../support/real/clip.ts';
import { curlRange, ffprobeDuration, mpvPlayAndSeek, vlcPlayAndSeek } from '../support/real/players.ts';
import { detectFromURL, lintManifest } from '../support/real/stremio-client.ts';
import { withStremioCore } from '../support/real/stremio-core.ts';
import { waitUntil } from '../support/wait-until.ts';

// What a newcomer does, with the clients a newcomer has: one server, started as `npm start` starts it.

let product: Tributary;
let clip: { id: string; url: string };

beforeAll(async () => {
  product = await startTributary();
  clip = await waitUntil(findClip, { what: 'the built-in clip is in the catalogue', timeoutMs: 30_000 });
});
afterAll(() => product?.stop());

type Answer = { metas: { id: string; name: string }[] };

async function findClip(): Promise<{ id: string; url: string } | undefined> {
  const { metas } = (await (
    await fetch(`${product.baseUrl}/catalog/movie/list-open-films.json`)
  ).json()) as Answer;
  for (const meta of metas) {
    const { streams } = (await (
      await fetch(`${product.baseUrl}/stream/movie/${encodeURIComponent(meta.id)}.json`)
    ).json()) as {
      streams: { url?: string; behaviorHints?: { filename?: string } }[];
    };
    const local = streams.find(
      (stream) => stream.url?.startsWith(`${product.baseUrl}/play/`) && stream.url.endsWith('clip.mp4'),
    );
    if (local?.url !== undefined) return { id: meta.id, url: local.url };
  }
  return undefined;
}

describe('Stremio', () => {
  test('the linter has nothing to say about the manifest, which fits the 8,192 bytes of account sync', async () => {
    const text = await (await fetch(product.manifestUrl)).text();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192);
    expect(lintManifest(JSON.parse(text))).toMatchObject({ isValid: true, errors: [], warnings: [] });
  });

  test('the official client reads catalogue, meta, streams and subtitles', async () => {
    const addon = await detectFromURL(product.manifestUrl);
    const { body } = await addon.get('catalog', 'movie', 'popular');
    const { metas } = body as Answer;
    expect(metas.length).toBeGreaterThanOrEqual(15);
    const subtitles = (await addon.get('subtitles', 'movie', clip.id)).body as { subtitles: unknown[] };
    expect(subtitles.subtitles.length).toBeGreaterThanOrEqual(1);
    const series = (await addon.get('catalog', 'series', 'popular')).body as Answer;
    const meta = (await addon.get('meta', 'series', series.metas[0]?.id ?? '')).body as {
      meta: { videos: { released?: string }[] };
    };
    expect(meta.meta.videos.length).toBeGreaterThanOrEqual(3);
  });

  test('stremio-core installs by URL and walks board, discover, search, meta, streams and subtitles', async () => {
    await withStremioCore(async (core) => {
      await core.installAddon(product.manifestUrl);
      expect(await core.addons()).toHaveLength(1);
      const board = await core.board();
      expect(board.map((row) => row.items.length).filter((count) => count > 0).length).toBeGreaterThanOrEqual(
        4,
      );
      const page = await core.discover('movie', 'popular', { genre: 'Animation' });
      expect(page.items.length).toBeGreaterThan(3);
      const found = await core.search('big buck');
      expect(found.flatMap((row) => row.items.map((item) => item.name))).toContain('Big Buck Bunny');
      const details = await core.metaDetails('movie', 'tt1254207');
      expect(details.meta).toMatchObject({ name: 'Big Buck Bunny' });
      expect(details.streams.length).toBeGreaterThanOrEqual(3);
      const own = await core.metaDetails('movie', clip.id);
      const stream = own.streams[0];
      if (stream === undefined) throw new Error('no stream of the clip');
      const subtitles = await core.playerSubtitles({ type: 'movie', id: clip.id, stream });
      expect(subtitles.length).toBeGreaterThanOrEqual(1);
    });
  });

  test('nothing the add-on answers is dropped by core or by ourselves', async () => {
    const metrics = await (await product.asAdmin('/metrics')).text();
    expect(metrics.split('\n').filter((line) => line.startsWith('tributary_addon_dropped_total{'))).toEqual(
      [],
    );
  });
});

describe('players', () => {
  test('curl gets the very bytes of the clip, whole, in part and from the end', async () => {
    const original = await readFile(CLIP);
    const whole = await curlRange(clip.url);
    expect(whole.status).toBe(200);
    expect(sha256(whole.body)).toBe(sha256(original));
    const part = await curlRange(clip.url, '1000000-1999999');
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe(`bytes 1000000-1999999/${original.length}`);
    expect(part.body.equals(original.subarray(1_000_000, 2_000_000))).toBe(true);
    const tail = await curlRange(clip.url, '-100');
    expect(tail.body.equals(original.subarray(-100))).toBe(true);
    expect((await curlRange(clip.url, `${original.length}-`)).status).toBe(416);
  });

  test('ffprobe reads its length', async () => {
    expect(await ffprobeDuration(clip.url)).toBeCloseTo(CLIP_SECONDS, 0);
  });

  test('mpv plays it and seeks', async () => {
    const played = await mpvPlayAndSeek(clip.url, 90);
    expect(played.playedOnToSeconds).toBeGreaterThan(90);
  });

  test('VLC plays it and seeks', async () => {
    const played = await vlcPlayAndSeek(clip.url, 80);
    expect(played.playedOnToSeconds).toBeGreaterThan(80);
  });

  test('playing it counted once, however often it was asked for', async () => {
    const media = (await (await product.asAdmin(`/api/media/${encodeURIComponent(clip.id)}`)).json()) as {
      watchCount: number;
    };
    expect(media.watchCount).toBe(1);
  });
});

describe('the page in Chromium', () => {
  test.each(['desktop', 'phone'] as const)(
    'shows the films, the manifest URL and health on a %s',
    async (device) => {
      await waitUntil(async () => (await (await fetch(`${product.baseUrl}/`)).text()).includes('/assets/'), {
        what: 'the page is built',
        timeoutMs: 120_000,
      });
      await withChromium(async (browser) => {
        const { page, errors, refused } = await browser.open(`${product.baseUrl}/`, device);
        await page.getByText('Big Buck Bunny').first().waitFor({ timeout: 20_000 });
        expect(await page.content()).toContain(product.manifestUrl);
        const wide = await page.evaluate(
          'document.documentElement.scrollWidth > document.documentElement.clientWidth',
        );
        expect(wide).toBe(false);
        await page.goto(`${product.baseUrl}/#health`);
        await page.getByText('Database').first().waitFor({ timeout: 20_000 });
        // Posters are other hosts' and are refused here; nothing else may fail.
        expect(errors.filter((text) => !/ERR_FAILED|ERR_BLOCKED|Failed to load resource/.test(text))).toEqual(
          [],
        );
        expect(refused.every((url) => /\.(jpe?g|png|webp|gif|svg)|\/img(\?|$)/i.test(url))).toBe(true);
      });
    },
  );

  test('plays the clip in the page and seeks in it', async () => {
    await withChromium(async (browser) => {
      const { page } = await browser.open(`${product.baseUrl}/`, 'desktop');
      await page.getByRole('button', { name: 'Play Confluence here' }).click();
      const video = page.locator('video');
      const clock = () =>
        video.evaluate((element) => (element instanceof HTMLVideoElement ? element.currentTime : -1));
      await expect.poll(clock, { timeout: 20_000 }).toBeGreaterThan(0.3);
      await video.evaluate((element) => {
        if (element instanceof HTMLVideoElement) element.currentTime = 100;
      });
      await expect.poll(clock, { timeout: 20_000 }).toBeGreaterThan(100.3);
      if (process.env.KEEP_SCREENSHOTS)
        await page.screenshot({ path: `${process.env.KEEP_SCREENSHOTS}/player.png` });
    });
  });
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
