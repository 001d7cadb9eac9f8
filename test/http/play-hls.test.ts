import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { PlayLink } from '../../src/platform/links.ts';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { type PlayServer, startPlayServer } from '../support/play-server.ts';
import { waitUntil } from '../support/wait-until.ts';

let origin: FileOrigin;
let cdn: FileOrigin;
let server: PlayServer;
beforeAll(async () => {
  [origin, cdn] = await Promise.all([startFileOrigin(), startFileOrigin({ host: '127.0.0.2' })]);
  server = await startPlayServer('http', { url: `${origin.base}/unused.mp4` });
});
afterAll(async () => {
  await server?.close();
  await Promise.all([origin?.stop(), cdn?.stop()]);
});
beforeEach(() => {
  origin.requests.length = 0;
  cdn.requests.length = 0;
  server.played.length = 0;
});

const segment = (letter: string) => Buffer.alloc(300_000, `${letter}-segment `);
let shows = 0;

/** A finished playlist of six segments in a folder that no test before has used. */
function newShow(more: readonly string[] = []): { folder: string; url: string } {
  shows += 1;
  const folder = `/show${shows}`;
  const lines = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((name) => ['#EXTINF:4,', `${name}.ts`]);
  for (const name of 'abcdef') origin.files.set(`${folder}/${name}.ts`, segment(name));
  const head = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...more];
  origin.files.set(`${folder}/index.m3u8`, [...head, ...lines, '#EXT-X-ENDLIST', ''].join('\n'));
  return { folder, url: `${origin.base}${folder}/index.m3u8` };
}

function linkTo(url: string, input: object = {}, link: Partial<PlayLink> = {}): string {
  return server.urlOf({ detail: server.kinds.get('http')?.parse({ url, ...input }), ...link });
}

async function playlist(url: string): Promise<{ res: Response; text: string; uris: string[] }> {
  const res = await fetch(url);
  const text = await res.text();
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const quoted = [...text.matchAll(/URI="([^"]*)"/g)].map(([, uri = '']) => uri);
  return { res, text, uris: [...quoted, ...lines].map((uri) => new URL(uri, url).href) };
}

const Problem = z.object({ code: z.string(), detail: z.string(), status: z.number() });
const problemOf = async (res: Response) => Problem.parse(await res.json());

describe('a playlist', () => {
  test('leads to links of ours, under the same resource, with names that keep their extension', async () => {
    const show = newShow();
    const link = linkTo(show.url, {}, { filename: 'Film.m3u8' });
    const { res, uris } = await playlist(link);
    expect(res.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(res.headers.get('access-control-allow-origin')).toBe('*');
    expect(res.headers.get('content-length')).not.toBeNull();
    const [, , resource] = new URL(link).pathname.split('/');
    expect(uris).toHaveLength(6);
    for (const [at, uri] of uris.entries())
      expect(new URL(uri).pathname).toMatch(
        new RegExp(`^/play/${resource}/[\\w-]{60,}/${'abcdef'[at]}\\.ts$`),
      );
    expect(Buffer.from(await (await fetch(uris[2] ?? '')).arrayBuffer()).equals(segment('c'))).toBe(true);
  });

  test('has the same links each time, with and without a file name, and answers HEAD and ETags', async () => {
    const link = linkTo(newShow().url);
    const first = await playlist(link);
    const again = await playlist(link);
    const named = await playlist(`${link}/Film.m3u8`);
    expect(again.text).toBe(first.text);
    expect(named.uris).toEqual(first.uris);
    const head = await fetch(link, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/vnd.apple.mpegurl']);
    const etag = first.res.headers.get('etag') ?? '';
    expect((await fetch(link, { headers: { 'If-None-Match': etag } })).status).toBe(304);
  });

  test('is known by its URL, by its media type, and by its first line', async () => {
    const text = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n';
    for (const [path, type] of [
      ['/typed/1', 'application/vnd.apple.mpegurl'],
      ['/typed/2', 'application/x-mpegURL; charset=utf-8'],
      ['/typed/3', 'audio/mpegurl'],
      ['/typed/4', 'application/octet-stream'],
      ['/typed/5', 'text/plain'],
      ['/typed/6', ''],
    ] as const) {
      origin.files.set(
        path,
        (_req, res) => void res.writeHead(200, type ? { 'Content-Type': type } : {}).end(text),
      );
      const { res, uris } = await playlist(linkTo(origin.base + path));
      expect([path, res.headers.get('content-type')]).toEqual([path, 'application/vnd.apple.mpegurl']);
      expect(uris[0]).toContain('/play/');
    }
    origin.files.set('/typed/film', (_req, res) => void res.writeHead(200).end('no playlist at all'));
    expect((await playlist(linkTo(`${origin.base}/typed/film`))).text).toBe('no playlist at all');
  });

  test('is resolved against where it came from after redirects', async () => {
    cdn.files.set(
      '/deep/er/index.m3u8',
      '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhere.ts\n#EXTINF:4,\n/root.ts\n',
    );
    cdn.files.set('/deep/er/here.ts', 'here');
    cdn.files.set('/root.ts', 'root');
    origin.files.set('/moved.m3u8', (_req, res) => {
      res.writeHead(302, { Location: `${cdn.base}/deep/er/index.m3u8` }).end();
    });
    const { uris } = await playlist(linkTo(`${origin.base}/moved.m3u8`));
    expect(await Promise.all(uris.map(async (uri) => await (await fetch(uri)).text()))).toEqual([
      'here',
      'root',
    ]);
  });

  test('gets headers of the link at its own origin, and credentials nowhere else', async () => {
    const text = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nown.ts\n#EXTINF:4,\n${cdn.base}/other.ts\n`;
    origin.files.set('/secret/index.m3u8', text);
    origin.files.set('/secret/own.ts', 'own');
    cdn.files.set('/other.ts', 'other');
    const headers = { Authorization: 'Bearer s3cret', Referer: 'https://site.example.org/' };
    const { uris, text: answered } = await playlist(linkTo(`${origin.base}/secret/index.m3u8`, { headers }));
    for (const uri of uris) expect((await fetch(uri)).status).toBe(200);
    expect(origin.requests.map((request) => request.headers.authorization)).toEqual(
      origin.requests.map(() => 'Bearer s3cret'),
    );
    const [outside] = cdn.requests;
    expect(outside?.headers.authorization).toBeUndefined();
    expect(outside?.headers.referer).toBe('https://site.example.org/');
    expect(answered).not.toMatch(/s3cret|127\.0\.0\.2|own\.ts\?|secret/);
  });

  test('hands the delivery directives of a blocking reload on, and nothing else of the query', async () => {
    const show = newShow();
    await playlist(`${linkTo(show.url)}?_HLS_msn=7&_HLS_part=2&_HLS_skip=YES&evil=1`);
    expect(origin.requests.map(({ path }) => path)).toEqual([
      `${show.folder}/index.m3u8?_HLS_msn=7&_HLS_part=2&_HLS_skip=YES`,
    ]);
  });

  test('of a live stream is never older than half its target duration, and fetched once for all who ask at once', async () => {
    let version = 0;
    origin.files.set('/live/index.m3u8', async (_req, res) => {
      await sleep(50);
      version += 1;
      res.end(
        `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:${version}\n#EXTINF:1,\n${version}.ts\n`,
      );
    });
    const link = linkTo(`${origin.base}/live/index.m3u8`);
    await Promise.all(Array.from({ length: 20 }, () => playlist(link)));
    expect(version).toBe(1);
    await sleep(550);
    expect((await playlist(link)).text).toContain('MEDIA-SEQUENCE:2');
  });

  test('that is too large, nested too deep, no playlist, or locked by a licence server gets one clear error', async () => {
    origin.files.set('/large.m3u8', Buffer.alloc(10 * 1024 * 1024 + 1, '#EXTM3U\n'));
    origin.files.set('/loop.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nloop.m3u8\n');
    origin.files.set('/page.m3u8', '<html>');
    const key = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"';
    origin.files.set('/locked.m3u8', `#EXTM3U\n#EXT-X-TARGETDURATION:4\n${key}\n#EXTINF:4,\na.ts\n`);
    let nested = linkTo(`${origin.base}/loop.m3u8`);
    for (let depth = 0; depth < 4; depth += 1) nested = (await playlist(nested)).uris[0] ?? '';
    expect((await playlist(nested)).res.status).toBe(200);
    nested = (await playlist(nested)).uris[0] ?? '';
    const answers = await Promise.all(
      [
        linkTo(`${origin.base}/large.m3u8`),
        nested,
        linkTo(`${origin.base}/page.m3u8`),
        linkTo(`${origin.base}/locked.m3u8`),
        linkTo(`${origin.base}/gone.m3u8`),
      ].map(async (url) => problemOf(await fetch(url))),
    );
    expect(answers.map(({ code, status }) => [code, status])).toEqual([
      ['play.playlist_too_large', 502],
      ['play.nested_too_deep', 502],
      ['play.not_a_playlist', 502],
      ['play.drm', 451],
      ['upstream.failed', 404],
    ]);
    expect(JSON.stringify(answers)).not.toContain('127.0.0.1');
  });

  test('that is packed although nobody asked is unpacked; a bomb is not', async () => {
    const { gzipSync } = await import('node:zlib');
    const pack = (path: string, text: string) =>
      origin.files.set(path, (_req, res) => {
        res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(text));
      });
    pack('/packed.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n');
    pack('/bomb.m3u8', `#EXTM3U\n${'#\n'.repeat(20 * 1024 * 1024)}`);
    expect((await playlist(linkTo(`${origin.base}/packed.m3u8`))).uris).toHaveLength(1);
    expect((await fetch(linkTo(`${origin.base}/bomb.m3u8`))).status).toBe(502);
  });
});

describe('a child link', () => {
  test('is bound to its parent: tampered with, blocked, expired or from another network it is refused', async () => {
    const show = newShow();
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    const [, , resource = '', token = '', name] = new URL(uri).pathname.split('/');
    const flipped = token.slice(0, 50) + (token[50] === 'A' ? 'B' : 'A') + token.slice(51);
    for (const path of [
      `${resource}/${flipped}/${name}`,
      `${'x'.repeat(22)}/${token}/${name}`,
      `${resource}/${token}/x/${name}`,
    ])
      expect((await fetch(`${server.base}/play/${path}`)).status).toBe(403);
    const bound = (await playlist(linkTo(show.url, {}, { cidr: '127.0.0.0/8' }))).uris[0] ?? '';
    server.clientIp.value = '198.51.100.7';
    expect((await fetch(bound)).status).toBe(403);
    server.clientIp.value = '127.0.0.1';
    expect((await fetch(bound)).status).toBe(200);
    const short = (await playlist(linkTo(show.url, {}, { expiresAt: Math.floor(Date.now() / 1000) + 1 })))
      .uris[0];
    await sleep(1100);
    expect((await fetch(short ?? '')).status).toBe(403);
  });

  test('of a stored stream is refused as soon as the stream is blocked', async () => {
    const show = newShow();
    const kind = server.kinds.get('http');
    const { addStream } = await import('../support/kind-deps.ts');
    const streamId = await addStream(server.held.deps.db, 'http');
    const headers = { 'X-Pass': 'stored' };
    await kind?.save(server.held.deps.db, streamId, kind.parse({ url: show.url, headers }));
    const [uri = ''] = (await playlist(server.urlOf({ streamId, mediaId: 7 }))).uris;
    expect((await fetch(uri)).status).toBe(200);
    expect(origin.requests.every((request) => request.headers['x-pass'] === 'stored')).toBe(true);
    server.blocked.add(streamId);
    expect((await fetch(uri)).status).toBe(404);
    server.blocked.clear();
    expect(server.played.map((link) => [link.streamId, link.mediaId])).toEqual([[streamId, 7]]);
  });

  test('that names a file, another scheme or a host that may not be reached is refused when it is followed', async () => {
    origin.files.set(
      '/evil.m3u8',
      ['#EXTM3U', '#EXT-X-TARGETDURATION:4']
        .concat(
          [
            'file:///etc/passwd',
            'http://10.0.0.1/a.ts',
            'http://169.254.169.254/latest/meta-data',
            'http://2130706434.example.invalid/a.ts',
            'ftp://127.0.0.1/a.ts',
            'http://[::ffff:10.0.0.1]/a.ts',
            'concat:http://127.0.0.1/a.ts',
          ].flatMap((uri) => ['#EXTINF:4,', uri]),
        )
        .concat('#EXT-X-KEY:METHOD=AES-128,URI="http://10.0.0.1/key"', '')
        .join('\n'),
    );
    const { uris, text } = await playlist(linkTo(`${origin.base}/evil.m3u8`));
    expect(text).not.toMatch(/file:|etc|10\.0\.0\.1|169\.254|ftp:|concat:/);
    const answers = await Promise.all(uris.map(async (uri) => await problemOf(await fetch(uri))));
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 'net.refused'));
  });
});

describe('a segment', () => {
  test('is fetched once for all who ask at once and those who come later, and answers ranges', async () => {
    const show = newShow();
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    origin.files.set(`${show.folder}/a.ts`, async (_req, res) => {
      await sleep(50);
      res
        .writeHead(200, { 'Content-Type': 'video/mp2t', 'Content-Length': 300_000, ETag: '"v7"' })
        .end(segment('a'));
    });
    const bodies = await Promise.all(
      Array.from({ length: 10 }, async () => Buffer.from(await (await fetch(uri)).arrayBuffer())),
    );
    expect(bodies.every((body) => body.equals(segment('a')))).toBe(true);
    const part = await fetch(uri, { headers: { Range: 'bytes=1000-1999' } });
    expect([part.status, part.headers.get('content-range'), part.headers.get('etag')]).toEqual([
      206,
      'bytes 1000-1999/300000',
      '"v7"',
    ]);
    expect(Buffer.from(await part.arrayBuffer()).equals(segment('a').subarray(1000, 2000))).toBe(true);
    expect((await fetch(uri, { headers: { 'If-None-Match': '"v7"' } })).status).toBe(304);
    expect(origin.count(`${show.folder}/a.ts`)).toBe(1);
    expect(server.played.length).toBeGreaterThan(0);
  });

  test('is sent while it is still coming, also when its length is not known', async () => {
    const show = newShow();
    let finish = () => {};
    origin.files.set(`${show.folder}/a.ts`, (_req, res) => {
      res.write('first half,');
      finish = () => void res.end('second half');
    });
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    const res = await fetch(uri);
    const reader = res.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('first half,');
    finish();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('second half');
    await reader?.read();
    expect(await (await fetch(uri)).text()).toBe('first half,second half');
    expect(origin.count(`${show.folder}/a.ts`)).toBe(1);
  });

  test('that its origin cuts goes on at the very byte', async () => {
    const show = newShow();
    let cuts = 0;
    origin.files.set(`${show.folder}/a.ts`, (req, res) => {
      const start = Number(/^bytes=(\d+)-/.exec(req.headers.range ?? '')?.[1] ?? 0);
      const head = { 'Content-Length': 300_000 - start, ETag: '"v1"' };
      if (start > 0) res.writeHead(206, { ...head, 'Content-Range': `bytes ${start}-299999/300000` });
      else res.writeHead(200, head);
      cuts += 1;
      if (cuts > 2) return void res.end(segment('a').subarray(start));
      res.write(segment('a').subarray(start, start + 100_000), () => setTimeout(() => res.destroy(), 30));
    });
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    expect(Buffer.from(await (await fetch(uri)).arrayBuffer()).equals(segment('a'))).toBe(true);
    expect(cuts).toBe(3);
  });

  test('of more than 32 MiB is passed through, whole and in part', async () => {
    const show = newShow();
    const large = Buffer.alloc(33 * 1024 * 1024, 'a large segment ');
    origin.files.set(`${show.folder}/a.ts`, large);
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    expect(Buffer.from(await (await fetch(uri)).arrayBuffer()).equals(large)).toBe(true);
    const part = await fetch(uri, { headers: { Range: 'bytes=33000000-33000009' } });
    expect(Buffer.from(await part.arrayBuffer()).equals(large.subarray(33_000_000, 33_000_010))).toBe(true);
  });

  test('of which a piece is wanted that is not here is not loaded as a whole', async () => {
    const show = newShow();
    const uri = (await playlist(linkTo(show.url))).uris[4] ?? '';
    const part = await fetch(uri, { headers: { Range: 'bytes=100-199' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 100-199/300000']);
    expect(
      origin.requests
        .filter(({ path, method }) => path.endsWith('/e.ts') && method === 'GET')
        .map(({ headers }) => headers.range),
    ).toEqual(['bytes=100-199']);
  });

  test('that is a playlist in disguise is led through us as well', async () => {
    const show = newShow();
    origin.files.set(
      `${show.folder}/a.ts`,
      '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n',
    );
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    const nested = await playlist(uri);
    expect(nested.res.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(nested.text).not.toMatch(/file:|etc/);
  });

  test('keys come through us and do not count as playing', async () => {
    const show = newShow(['#EXT-X-KEY:METHOD=AES-128,URI="key.bin"']);
    origin.files.set(`${show.folder}/key.bin`, 'sixteen bytes 16');
    const { text, uris } = await playlist(linkTo(show.url));
    expect(text).not.toContain(origin.base);
    expect(await (await fetch(uris[0] ?? '')).text()).toBe('sixteen bytes 16');
    expect(server.played).toEqual([]);
  });
});

describe('reading ahead', () => {
  test('begins with the first segment, never before, and stays three ahead', async () => {
    const show = newShow();
    const { uris } = await playlist(linkTo(show.url));
    await sleep(100);
    expect(origin.requests.map(({ path }) => path)).toEqual([`${show.folder}/index.m3u8`]);
    await (await fetch(uris[0] ?? '')).arrayBuffer();
    await waitUntil(() => origin.count(`${show.folder}/d.ts`) === 1, { what: 'the fourth', timeoutMs: 2000 });
    await sleep(100);
    expect(origin.count(`${show.folder}/e.ts`)).toBe(0);
    for (const uri of uris) await (await fetch(uri)).arrayBuffer();
    for (const name of 'abcdef') expect(origin.count(`${show.folder}/${name}.ts`)).toBe(1);
  });

  test('a viewer who leaves ends a segment nobody else waits for at once', async () => {
    const show = newShow();
    let closedAt = 0;
    origin.files.set(`${show.folder}/a.ts`, (_req, res) => {
      res.write('a little');
      res.once('close', () => {
        closedAt = performance.now();
      });
    });
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    const leaving = new AbortController();
    const res = await fetch(uri, { signal: leaving.signal });
    await res.body?.getReader().read();
    const leftAt = performance.now();
    leaving.abort();
    await waitUntil(() => closedAt > 0, { what: 'the origin is left', timeoutMs: 2000, everyMs: 5 });
    expect(closedAt - leftAt).toBeLessThan(150);
  });
});
