import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTempDir, runProcess } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { withChromium } from '../support/real/chromium.ts';
import { FILM, FILM_SECONDS, HDR_FILM, makeFilms } from '../support/real/films.ts';
import { waitUntil } from '../support/wait-until.ts';

const [MKV, HDR] = ['tt0000091', 'tt0000092'];
const SRT = `1\r\n00:00:01,000 --> 00:00:02,000\r\nCaf\xe9 <b>noir</b>\r\n\r\n`;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let beside: Server;
let product: Tributary;
/** As a page loads it. */
const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');
let besideUrl = '';
const streamIds: Record<string, string> = {};

beforeAll(async () => {
  dir = await openTempDir();
  await makeFilms(dir.path);
  beside = createServer((req, res) => {
    if (req.url === '/hls.js') void readFile(HLS_JS).then((js) => res.end(js));
    else if (req.url === '/page') res.setHeader('Content-Type', 'text/html').end(PAGE);
    else if (req.url === '/a.srt') res.end(Buffer.from(SRT, 'latin1'));
    else res.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => beside.once('listening', resolve));
  const address = beside.address();
  besideUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  product = await startTributary({
    env: { LOCAL_FOLDERS: `films=${dir.path}`, PUBLIC_CATALOG: 'all' },
  });
  await add(MKV, FILM, {
    name: 'Film.2019.1080p.x265.mkv',
    subtitles: [{ url: `${besideUrl}/a.srt`, language: 'fr' }],
  });
  await add(HDR, HDR_FILM, { name: 'Other film', resolution: '720p' });
});
afterAll(async () => {
  await product?.stop();
  beside?.close();
  beside?.closeAllConnections();
  await dir?.remove();
});

const PAGE =
  '<!doctype html><title>p</title><link rel="icon" href="data:,"><video muted></video><script src="/hls.js"></script>';

async function add(imdb: string, file: string, more: object, at = product): Promise<void> {
  const answer = await ask(at, 'POST', '/api/streams', {
    ...{
      kind: 'local',
      file: `films/${file}`,
      media: { kind: 'movie', ids: { imdb }, title: `Film ${imdb}` },
    },
    ...more,
  });
  expect(answer.status).toBe(201);
  if (at === product) streamIds[imdb] = (await answer.json()).streamId;
}

function ask(at: Tributary, method: string, path: string, body?: unknown): Promise<Response> {
  return at.asAdmin(path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the add-on are compared field by field
async function addon(path: string, at = product): Promise<any> {
  return (await fetch(at.baseUrl + path)).json();
}

async function playUrl(imdb: string, at = product): Promise<string> {
  const { streams } = await addon(`/stream/movie/${imdb}.json`, at);
  // Without the file's name: thumbnail and remux stand beside it.
  return streams[0].url.replace(/\/[^/]*$/, '');
}

describe('what a probe finds', () => {
  test('comes by itself after a stream was added, and wins over its name but not over its owner', async () => {
    const shown = async (imdb: string) =>
      (await ask(product, 'GET', `/api/streams/${streamIds[imdb]}`)).json();
    const film = await waitUntil(
      async () => {
        const answer = await shown(MKV);
        return answer.codec === 'AVC' ? answer : undefined;
      },
      { what: 'the film was looked into', timeoutMs: 30_000 },
    );
    // The name said 1080p and HEVC.
    expect(film).toMatchObject({ resolution: '360p', codec: 'AVC', audio: ['AAC'], hdrFormats: [] });
    expect(film.languages).toEqual(['bn', 'en']);
    expect(film.subtitleLanguages).toEqual(['bn', 'en', 'fr', 'ja']);
    const probed = await ask(product, 'POST', `/api/streams/${streamIds[HDR]}/probe?wait=true`);
    expect(await probed.json()).toMatchObject({
      files: [{ failure: null, media: { container: 'matroska' } }],
    });
    expect(await shown(HDR)).toMatchObject({ resolution: '720p', codec: 'HEVC', hdrFormats: ['HDR10'] });
  });

  test('is what the add-on tells players: hash, size, and subtitles inside and beside the film', async () => {
    const { streams } = await addon(`/stream/movie/${MKV}.json`);
    const bytes = await readFile(join(dir.path, FILM));
    expect(streams[0].behaviorHints).toMatchObject({ videoSize: bytes.length, videoHash: hashOf(bytes) });
    const { subtitles } = await addon(`/subtitles/movie/${MKV}.json`);
    expect(subtitles.map(({ lang }: { lang: string }) => lang)).toEqual(['fre', 'eng', 'jpn', 'ben']);
    const texts = [];
    for (const { url } of subtitles) {
      const answer = await fetch(url);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/vtt; charset=utf-8']);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      texts.push(await answer.text());
    }
    expect(texts[0]).toBe('WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nCafé noir\n\n');
    // The film begins 23 ms late: a frame of sound goes before.
    expect(texts[1]).toMatch(/\n00:00:01\.0\d\d --> 00:00:03\.5\d\d\nHello there &amp; you\n/);
    expect(texts[2]).toContain('\nお元気ですか\n');
    expect(texts[3]).toMatch(/^WEBVTT\n\n00:00:01\.0\d\d --> 00:00:03\.5\d\d\nতুমি কেমন আছ\?\n\n$/);
    const forged = subtitles[1].url.replace(/.(?=\.vtt)/, (last: string) => (last === 'A' ? 'B' : 'A'));
    expect((await fetch(forged)).status).toBe(403);
  });
});

/** By the definition, a byte at a time. */
function hashOf(bytes: Buffer): string {
  let sum = BigInt(bytes.length);
  for (const part of [bytes.subarray(0, 65_536), bytes.subarray(-65_536)])
    for (const [index, byte] of part.entries()) sum += BigInt(byte) << BigInt(8 * (index % 8));
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}

test('a thumbnail hangs on the play link, and a bad one is refused', async () => {
  const base = await playUrl(MKV);
  const picture = await fetch(`${base}/thumbnail.jpg?t=20`);
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  expect(Buffer.from(await picture.arrayBuffer()).toString('hex', 0, 3)).toBe('ffd8ff');
  expect((await fetch(`${forged(base)}/thumbnail.jpg`)).status).toBe(403);
  expect((await fetch(`${base}/thumbnail.jpg?t=-1`)).status).toBe(400);
});

describe('a film whose container a browser cannot take', () => {
  test.each([
    ['as it is', MKV],
    ['encoded anew', HDR],
  ])('plays in Chromium by hls.js %s, and seeks', async (_name, imdb) => {
    const url = `${await playUrl(imdb)}/remux/index.m3u8`;
    const seekTo = imdb === MKV ? 30 : 14;
    await withChromium(async (browser) => {
      const { page, refused } = await browser.open(`${besideUrl}/page`);
      await page.evaluate(
        `const hls = new Hls(); window.fatal = []; hls.on('hlsError', (_, data) => data.fatal && window.fatal.push(data.details));
         hls.loadSource(${JSON.stringify(url)}); hls.attachMedia(document.querySelector('video')); document.querySelector('video').play()`,
      );
      const at = (seconds: number) =>
        page.waitForFunction(
          `window.fatal.length > 0 || document.querySelector('video').currentTime > ${seconds}`,
          undefined,
          { timeout: 60_000 },
        );
      await at(1);
      await page.evaluate(`document.querySelector('video').currentTime = ${seekTo}`);
      await at(seekTo + 1);
      const state = await page.evaluate(
        `({ fatal: window.fatal, duration: document.querySelector('video').duration, size: document.querySelector('video').videoWidth })`,
      );
      expect(state).toEqual({
        fatal: [],
        duration: expect.closeTo(imdb === MKV ? FILM_SECONDS : 20, 0),
        size: imdb === MKV ? 640 : 1920,
      });
      expect(refused).toEqual([]);
    });
  });

  // No seek here: ffmpeg 5.1 cannot seek in HLS of fragmented MP4, its own included, and mpv takes Matroska as it is.
  test('plays in mpv, and from end to end it is the film with the sound that was asked for', async () => {
    const url = `${await playUrl(MKV)}/remux/index.m3u8?audio=2`;
    const flags = ['--no-config', '--vo=null', '--ao=null', '--ytdl=no', '--length=3'];
    await runProcess({ command: 'mpv', args: [...flags, url], timeoutMs: 30_000 });
    expect(await decoded(url, '0:v')).toBe(await decoded(join(dir.path, FILM), '0:v'));
    expect(await decoded(url, '0:a')).toBe(await decoded(join(dir.path, FILM), '0:a:1'));
  });

  test('has no part past its end, no track that is not there, and nothing without its seal', async () => {
    const base = await playUrl(MKV);
    expect((await fetch(`${base}/remux/3.m4s`)).status).toBe(404);
    expect((await fetch(`${base}/remux/0.m4s?audio=4`)).status).toBe(404);
    expect((await fetch(`${base}/remux/x.m4s`)).status).toBe(400);
    expect((await fetch(`${forged(base)}/remux/index.m3u8`)).status).toBe(403);
  });

  test('is no longer converted 200 ms after the viewer left', async () => {
    const url = `${await playUrl(HDR)}/remux/1.m4s`;
    for (let round = 0; round < 3; round += 1) {
      const leaving = new AbortController();
      const answer = fetch(url, { signal: leaving.signal }).catch(() => null);
      await waitUntil(async () => (await running()) > 0, { what: 'ffmpeg runs', timeoutMs: 15_000 });
      leaving.abort();
      await answer;
      const leftAt = performance.now();
      while ((await running()) > 0 && performance.now() - leftAt < 2000);
      expect(performance.now() - leftAt).toBeLessThan(200);
    }
  });
});

/** Another seal. Not by the last character: some of its bits mean nothing. */
function forged(url: string): string {
  return `${url.slice(0, -9)}${url.at(-9) === 'A' ? 'B' : 'A'}${url.slice(-8)}`;
}

/** MD5 of every decoded picture or sample. */
async function decoded(input: string, map: string): Promise<string> {
  const how = map === '0:v' ? ['-fps_mode', 'passthrough'] : ['-af', 'asetpts=N'];
  const args = ['-nostdin', '-v', 'error', '-i', input, '-map', map, ...how, '-f', 'md5', '-'];
  const { stdout } = await promisify(execFile)('ffmpeg', args, { timeout: 60_000, killSignal: 'SIGKILL' });
  return stdout;
}

/** Runs of ffmpeg in the product, as the system knows them. */
async function running(): Promise<number> {
  let count = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [, name = '', state, parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(stat) ?? [];
    if (name === 'ffmpeg' && state !== 'Z' && Number(parent) === product.pid) count += 1;
  }
  return count;
}

test('without ffmpeg the server starts, plays, and says what is missing', async () => {
  const env = { FFMPEG_PATH: '/nonexistent', LOCAL_FOLDERS: `films=${dir.path}`, PUBLIC_CATALOG: 'all' };
  await using bare = await startTributary({ env });
  const ready = await (await fetch(`${bare.baseUrl}/readyz`)).json();
  expect(ready).toMatchObject({
    status: 'ready',
    missing: [expect.stringContaining('apt-get install ffmpeg')],
  });
  const health = await (await fetch(`${bare.baseUrl}/api/health`)).json();
  expect(health.checks).toContainEqual(expect.objectContaining({ name: 'ffmpeg', status: 'warn' }));
  await add(MKV, FILM, {}, bare);
  const url = await playUrl(MKV, bare);
  const answer = await fetch(url, { headers: { Range: 'bytes=0-99' } });
  expect(answer.status).toBe(206);
  await answer.arrayBuffer();
  const refused = await fetch(`${url}/remux/index.m3u8`);
  expect([refused.status, (await refused.json()).code]).toEqual([503, 'media.missing']);
});
