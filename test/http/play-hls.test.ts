import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { playHlsRoom } from '../support/play-hls-room.ts';

const room = playHlsRoom();
const { segment, newShow, linkTo, playlist, problemOf } = room;

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
      room.origin.files.set(
        path,
        (_req, res) => void res.writeHead(200, type ? { 'Content-Type': type } : {}).end(text),
      );
      const { res, uris } = await playlist(linkTo(room.origin.base + path));
      expect([path, res.headers.get('content-type')]).toEqual([path, 'application/vnd.apple.mpegurl']);
      expect(uris[0]).toContain('/play/');
    }
    room.origin.files.set('/typed/film', (_req, res) => void res.writeHead(200).end('no playlist at all'));
    expect((await playlist(linkTo(`${room.origin.base}/typed/film`))).text).toBe('no playlist at all');
  });

  test('is resolved against where it came from after redirects', async () => {
    room.cdn.files.set(
      '/deep/er/index.m3u8',
      '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhere.ts\n#EXTINF:4,\n/root.ts\n',
    );
    room.cdn.files.set('/deep/er/here.ts', 'here');
    room.cdn.files.set('/root.ts', 'root');
    room.origin.files.set('/moved.m3u8', (_req, res) => {
      res.writeHead(302, { Location: `${room.cdn.base}/deep/er/index.m3u8` }).end();
    });
    const { uris } = await playlist(linkTo(`${room.origin.base}/moved.m3u8`));
    expect(await Promise.all(uris.map(async (uri) => await (await fetch(uri)).text()))).toEqual([
      'here',
      'root',
    ]);
  });

  test('gets headers of the link at its own room.origin, and credentials nowhere else', async () => {
    const text = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nown.ts\n#EXTINF:4,\n${room.cdn.base}/other.ts\n`;
    room.origin.files.set('/secret/index.m3u8', text);
    room.origin.files.set('/secret/own.ts', 'own');
    room.cdn.files.set('/other.ts', 'other');
    const headers = { Authorization: 'Bearer s3cret', Referer: 'https://site.example.org/' };
    const { uris, text: answered } = await playlist(
      linkTo(`${room.origin.base}/secret/index.m3u8`, { headers }),
    );
    for (const uri of uris) expect((await fetch(uri)).status).toBe(200);
    expect(room.origin.requests.map((request) => request.headers.authorization)).toEqual(
      room.origin.requests.map(() => 'Bearer s3cret'),
    );
    const [outside] = room.cdn.requests;
    expect(outside?.headers.authorization).toBeUndefined();
    expect(outside?.headers.referer).toBe('https://site.example.org/');
    expect(answered).not.toMatch(/s3cret|127\.0\.0\.2|own\.ts\?|secret/);
  });

  test('hands the delivery directives of a blocking reload on, and nothing else of the query', async () => {
    const show = newShow();
    await playlist(`${linkTo(show.url)}?_HLS_msn=7&_HLS_part=2&_HLS_skip=YES&evil=1`);
    expect(room.origin.requests.map(({ path }) => path)).toEqual([
      `${show.folder}/index.m3u8?_HLS_msn=7&_HLS_part=2&_HLS_skip=YES`,
    ]);
  });

  test('of a live stream is never older than half its target duration, and fetched once for all who ask at once', async () => {
    let version = 0;
    room.origin.files.set('/live/index.m3u8', async (_req, res) => {
      await sleep(50);
      version += 1;
      res.end(
        `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:${version}\n#EXTINF:1,\n${version}.ts\n`,
      );
    });
    const link = linkTo(`${room.origin.base}/live/index.m3u8`);
    await Promise.all(Array.from({ length: 20 }, () => playlist(link)));
    expect(version).toBe(1);
    await sleep(550);
    expect((await playlist(link)).text).toContain('MEDIA-SEQUENCE:2');
  });

  test('that is too large, nested too deep, no playlist, or locked by a licence room.server gets one clear error', async () => {
    room.origin.files.set('/large.m3u8', Buffer.alloc(10 * 1024 * 1024 + 1, '#EXTM3U\n'));
    room.origin.files.set('/loop.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nloop.m3u8\n');
    room.origin.files.set('/page.m3u8', '<html>');
    const key = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"';
    room.origin.files.set('/locked.m3u8', `#EXTM3U\n#EXT-X-TARGETDURATION:4\n${key}\n#EXTINF:4,\na.ts\n`);
    let nested = linkTo(`${room.origin.base}/loop.m3u8`);
    for (let depth = 0; depth < 4; depth += 1) nested = (await playlist(nested)).uris[0] ?? '';
    expect((await playlist(nested)).res.status).toBe(200);
    nested = (await playlist(nested)).uris[0] ?? '';
    const answers = await Promise.all(
      [
        linkTo(`${room.origin.base}/large.m3u8`),
        nested,
        linkTo(`${room.origin.base}/page.m3u8`),
        linkTo(`${room.origin.base}/locked.m3u8`),
        linkTo(`${room.origin.base}/gone.m3u8`),
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
      room.origin.files.set(path, (_req, res) => {
        res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(text));
      });
    pack('/packed.m3u8', '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n');
    pack('/bomb.m3u8', `#EXTM3U\n${'#\n'.repeat(20 * 1024 * 1024)}`);
    expect((await playlist(linkTo(`${room.origin.base}/packed.m3u8`))).uris).toHaveLength(1);
    expect((await fetch(linkTo(`${room.origin.base}/bomb.m3u8`))).status).toBe(502);
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
      expect((await fetch(`${room.server.base}/play/${path}`)).status).toBe(403);
    const bound = (await playlist(linkTo(show.url, {}, { cidr: '127.0.0.0/8' }))).uris[0] ?? '';
    room.server.clientIp.value = '198.51.100.7';
    expect((await fetch(bound)).status).toBe(403);
    room.server.clientIp.value = '127.0.0.1';
    expect((await fetch(bound)).status).toBe(200);
    const short = (await playlist(linkTo(show.url, {}, { expiresAt: Math.floor(Date.now() / 1000) + 1 })))
      .uris[0];
    await sleep(1100);
    expect((await fetch(short ?? '')).status).toBe(403);
  });

  test('of a stored stream is refused as soon as the stream is blocked', async () => {
    const show = newShow();
    const kind = room.server.kinds.get('http');
    const { addStream } = await import('../support/kind-deps.ts');
    const streamId = await addStream(room.server.held.deps.db, 'http');
    const headers = { 'X-Pass': 'stored' };
    await kind?.save(room.server.held.deps.db, streamId, kind.parse({ url: show.url, headers }));
    const [uri = ''] = (await playlist(room.server.urlOf({ streamId, mediaId: 7 }))).uris;
    expect((await fetch(uri)).status).toBe(200);
    expect(room.origin.requests.every((request) => request.headers['x-pass'] === 'stored')).toBe(true);
    room.server.blocked.add(streamId);
    expect((await fetch(uri)).status).toBe(404);
    room.server.blocked.clear();
    expect(room.server.played.map((link) => [link.streamId, link.mediaId])).toEqual([[streamId, 7]]);
  });

  test('that names a file, another scheme or a host that may not be reached is refused when it is followed', async () => {
    room.origin.files.set(
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
    const { uris, text } = await playlist(linkTo(`${room.origin.base}/evil.m3u8`));
    expect(text).not.toMatch(/file:|etc|10\.0\.0\.1|169\.254|ftp:|concat:/);
    const answers = await Promise.all(uris.map(async (uri) => await problemOf(await fetch(uri))));
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 'net.refused'));
  });
});
