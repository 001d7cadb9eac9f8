import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { playHlsRoom } from '../support/play-hls-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const room = playHlsRoom();
const { segment, newShow, linkTo, playlist } = room;

describe('a segment', () => {
  test('is fetched once for all who ask at once and those who come later, and answers ranges', async () => {
    const show = newShow();
    const [uri = ''] = (await playlist(linkTo(show.url))).uris;
    room.origin.files.set(`${show.folder}/a.ts`, async (_req, res) => {
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
    expect(room.origin.count(`${show.folder}/a.ts`)).toBe(1);
    expect(room.server.played.length).toBeGreaterThan(0);
  });

  test('counts as a stream of its film: with its playlist and the other segments once, beside another film twice', async () => {
    const [one, other] = [newShow(), newShow()];
    const [held = '', second = ''] = (await playlist(linkTo(one.url))).uris;
    const [elsewhere = ''] = (await playlist(linkTo(other.url))).uris;
    // The places that reading the playlists took.
    await room.server.admission.close();
    room.server.limits.perSubject = 1;
    let finish = () => {};
    room.origin.files.set(`${one.folder}/a.ts`, (_req, res) => {
      res.write('first half,');
      finish = () => void res.end('second half');
    });
    const running = await fetch(held);
    const statuses = [];
    for (const url of [second, linkTo(one.url), elsewhere]) {
      const answer = await fetch(url);
      statuses.push(answer.status);
      await answer.arrayBuffer();
    }
    finish();
    await running.arrayBuffer();
    room.server.limits.perSubject = 20;
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('is sent while it is still coming, also when its length is not known', async () => {
    const show = newShow();
    let finish = () => {};
    room.origin.files.set(`${show.folder}/a.ts`, (_req, res) => {
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
    expect(room.origin.count(`${show.folder}/a.ts`)).toBe(1);
  });

  test('that its room.origin cuts goes on at the very byte', async () => {
    const show = newShow();
    let cuts = 0;
    room.origin.files.set(`${show.folder}/a.ts`, (req, res) => {
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
    room.origin.files.set(`${show.folder}/a.ts`, large);
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
      room.origin.requests
        .filter(({ path, method }) => path.endsWith('/e.ts') && method === 'GET')
        .map(({ headers }) => headers.range),
    ).toEqual(['bytes=100-199']);
  });

  test('that is a playlist in disguise is led through us as well', async () => {
    const show = newShow();
    room.origin.files.set(
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
    room.origin.files.set(`${show.folder}/key.bin`, 'sixteen bytes 16');
    const { text, uris } = await playlist(linkTo(show.url));
    expect(text).not.toContain(room.origin.base);
    expect(await (await fetch(uris[0] ?? '')).text()).toBe('sixteen bytes 16');
    expect(room.server.played).toEqual([]);
  });
});

describe('reading ahead', () => {
  test('begins with the first segment, never before, and stays three ahead', async () => {
    const show = newShow();
    const { uris } = await playlist(linkTo(show.url));
    await sleep(100);
    expect(room.origin.requests.map(({ path }) => path)).toEqual([`${show.folder}/index.m3u8`]);
    await (await fetch(uris[0] ?? '')).arrayBuffer();
    await waitUntil(() => room.origin.count(`${show.folder}/d.ts`) === 1, {
      what: 'the fourth',
      timeoutMs: 2000,
    });
    await sleep(100);
    expect(room.origin.count(`${show.folder}/e.ts`)).toBe(0);
    for (const uri of uris) await (await fetch(uri)).arrayBuffer();
    for (const name of 'abcdef') expect(room.origin.count(`${show.folder}/${name}.ts`)).toBe(1);
  });

  test('a viewer who leaves ends a segment nobody else waits for at once', async () => {
    const show = newShow();
    let closedAt = 0;
    room.origin.files.set(`${show.folder}/a.ts`, (_req, res) => {
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
    await waitUntil(() => closedAt > 0, { what: 'the room.origin is left', timeoutMs: 2000, everyMs: 5 });
    expect(closedAt - leftAt).toBeLessThan(150);
  });
});
