import { chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { CLIP, CLIP_SECONDS } from '../support/real/clip.ts';
import { type RealFtpServer, startVsftpd } from '../support/real/ftp-servers.ts';
import { mpvPlayAndSeek } from '../support/real/mpv.ts';
import { type Nginx, startNginx } from '../support/real/nginx.ts';
import { withStremioCore } from '../support/real/stremio-core.ts';
import { waitUntil } from '../support/wait-until.ts';

// One film on two servers nobody here wrote, as an owner adds them and a viewer's Stremio finds and plays it.

const FOLDER = 'Films/Sintel (2010)';
const NAME = 'Sintel.2010.1080p.BluRay.x264';
const SINTEL = 'tt1727587';
let dir: Awaited<ReturnType<typeof openTempDir>>;
let ftp: RealFtpServer;
let nginx: Nginx;
let product: Tributary;
const bases = { ftp: '', http: '' };

beforeAll(async () => {
  dir = await openTempDir();
  const [root, films] = [join(dir.path, 'root'), join(dir.path, 'root', FOLDER)];
  await mkdir(films, { recursive: true });
  await copyFile(CLIP, join(films, `${NAME}.mp4`));
  const cue = (text: string) => `1\n00:00:01,000 --> 00:00:04,000\n${text}\n`;
  // As half of the world's subtitles are: no UTF-8, and nobody says so.
  await writeFile(join(films, `${NAME}.de.srt`), Buffer.from(cue('Grüße aus dem Süden'), 'latin1'));
  await writeFile(join(films, `${NAME}.en.srt`), cue('Hello'));
  for (const path of [dir.path, root, join(root, 'Films'), films]) await chmod(path, 0o755);
  ftp = await startVsftpd({ root });
  const port = await freePort();
  nginx = await startNginx({
    port,
    http: `server { listen 127.0.0.1:${port}; root ${root}; autoindex on; autoindex_format json; }`,
  });
  Object.assign(bases, { ftp: `ftp://127.0.0.1:${ftp.port}/`, http: `http://127.0.0.1:${port}/` });
  product = await startTributary({
    env: { PUBLIC_CATALOG: 'all', METADATA_PROVIDERS: 'none', RATE_LIMIT_API: '1000000' },
  });
  const page = async () => await (await fetch(`${product.baseUrl}/meta/movie/${SINTEL}.json`)).text();
  await waitUntil(async () => (await page()).includes('Sintel'), {
    what: 'the starter catalogue is there',
    timeoutMs: 30_000,
  });
});
afterAll(async () => {
  await product?.stop();
  await nginx?.stop();
  await ftp?.stop();
  await dir?.remove();
});

async function api(method: string, path: string, body: object = {}): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const answer = await product.asAdmin(path, {
    ...{ method, headers },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
  });
  const said = await answer.text();
  expect(answer.status, said).toBeLessThan(300);
  return JSON.parse(said);
}

/** As the page does it: tested first, added, switched on; scanned by then. */
async function addSource(name: string, finder: string, baseUrl: string): Promise<void> {
  const body = { name, finder, baseUrl, allowsPrivate: true };
  expect(await api('POST', '/api/sources/test', body)).toMatchObject({ isWorking: true });
  const { sourceId } = z.looseObject({ sourceId: z.string() }).parse(await api('POST', '/api/sources', body));
  await api('PATCH', `/api/sources/${sourceId}`, { isActive: true });
  await waitUntil(
    async () =>
      z
        .looseObject({ scans: z.array(z.looseObject({ phase: z.string(), status: z.string() })) })
        .parse(await api('GET', `/api/sources/${sourceId}/scans`))
        .scans.some(({ phase, status }) => phase === 'enricher' && status === 'completed'),
    // Well before the next minute of the clock.
    { what: `${name} is scanned and matched`, timeoutMs: 20_000, everyMs: 100 },
  );
}

const Shown = z.array(
  z.looseObject({
    url: z.string().default(''),
    subtitles: z.array(z.looseObject({ url: z.string(), lang: z.string() })).default([]),
  }),
);
const ofSources = (streams: unknown) =>
  Shown.parse(streams).filter(({ url }) => url.endsWith(`/${NAME}.mp4`));

test('stremio-core lists it from vsftpd, mpv plays it and seeks, and the subtitles beside it are readable', async () => {
  await addSource('FTP server', 'ftp-listing', bases.ftp);
  const listed = await withStremioCore(async (core) => {
    await core.installAddon(`${product.baseUrl}/manifest.json`);
    return (await core.metaDetails('movie', SINTEL)).streams;
  });
  const films = ofSources(listed);
  expect(films).toHaveLength(1);
  const [{ url, subtitles } = { url: '', subtitles: [] }] = films;
  expect(subtitles.map(({ lang }) => lang).sort()).toEqual(['eng', 'ger']);
  const german = subtitles.find(({ lang }) => lang === 'ger');
  expect(await (await fetch(german?.url ?? '')).text()).toMatch(/^WEBVTT\n[\s\S]*Grüße aus dem Süden/);
  const part = await fetch(url, { headers: { range: 'bytes=0-99' } });
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 100]);
  const played = await mpvPlayAndSeek(url, 90);
  expect(Math.abs(played.durationSeconds - CLIP_SECONDS)).toBeLessThan(1);
  expect(played.playedOnToSeconds).toBeGreaterThan(90);
});

test('on nginx too it is the same title with another link, and the second scan of either brings nothing', async () => {
  await addSource('Web server', 'http-index', bases.http);
  const streamsNow = async () => {
    const answer = await (await fetch(`${product.baseUrl}/stream/movie/${SINTEL}.json`)).json();
    return ofSources(z.looseObject({ streams: z.unknown() }).parse(answer).streams);
  };
  // One release on two servers is offered once.
  expect(await streamsNow()).toHaveLength(1);
  const { sources } = z
    .looseObject({ sources: z.array(z.looseObject({ sourceId: z.string() })) })
    .parse(await api('GET', '/api/sources'));
  expect(sources).toHaveLength(2);
  for (const { sourceId } of sources) {
    await api('POST', `/api/sources/${sourceId}/scan`);
    const Scan = z.looseObject({
      phase: z.string(),
      status: z.string(),
      inserted: z.int(),
      skipped: z.int(),
    });
    const scans = async () =>
      z
        .looseObject({ scans: z.array(Scan) })
        .parse(await api('GET', `/api/sources/${sourceId}/scans`))
        .scans.filter(({ phase, status }) => phase === 'collector' && status === 'completed');
    await waitUntil(async () => (await scans()).length === 2, {
      what: 'it is scanned again',
      timeoutMs: 20_000,
    });
    expect((await scans())[0]).toMatchObject({ inserted: 0, skipped: 1, gone: 0 });
  }
});

test('a viewer who finds nothing where it was has it looked for: it plays from where it lies now, or is offered no more', async () => {
  const [from, to] = [join(dir.path, 'root', FOLDER), join(dir.path, 'root', 'Films', 'Sorted')];
  const offered = async () => {
    const answer = await (await fetch(`${product.baseUrl}/stream/movie/${SINTEL}.json`)).json();
    return ofSources(z.looseObject({ streams: z.unknown() }).parse(answer).streams);
  };
  const status = async (url: string) => {
    const answer = await fetch(url, { headers: { range: 'bytes=0-99' } });
    await answer.body?.cancel();
    return answer.status;
  };
  await rename(from, to);
  const [{ url } = { url: '' }] = await offered();
  expect(await status(url)).toBe(404);
  await waitUntil(async () => (await status(url)) === 206, {
    what: 'the same link plays again',
    timeoutMs: 20_000,
    everyMs: 250,
  });
  await rm(to, { recursive: true });
  // One after the other, as viewers go on to the next.
  await waitUntil(
    async () => {
      const left = await offered();
      for (const each of left) await status(each.url);
      return left.length === 0;
    },
    { what: 'it is offered no more', timeoutMs: 30_000, everyMs: 500 },
  );
});
