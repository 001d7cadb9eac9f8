import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LINK_LIFE_S } from '../../src/platform/links.ts';
import { addStream } from '../support/kind-deps.ts';
import { startOrigin } from '../support/origin.ts';
import { playRoom } from '../support/play-room.ts';
import { openRequest, rawRequest } from '../support/play-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const room = playRoom();
const { MIB, film, nowS, freshUrl, problemOf } = room;

describe('links', () => {
  test('play with and without the file name, under the public address they were made for', async () => {
    const url = room.server.urlOf({ filename: 'Film.mp4' });
    expect(url).toMatch(new RegExp(`^${room.server.base}/play/[\\w-]{22}/[\\w-]+/Film\\.mp4$`));
    for (const spelling of [url, url.replace('/Film.mp4', ''), url.replace('Film.mp4', 'other%20name.mkv')])
      expect((await rawRequest(spelling, { headers: { Range: 'bytes=0-9' } })).status).toBe(206);
  });

  test('that are tampered with, expired, for other bytes or another network get one same answer', async () => {
    const good = new URL(room.server.urlOf());
    const [, , resource = '', token = ''] = good.pathname.split('/');
    const flipped = token.slice(0, 40) + (token[40] === 'A' ? 'B' : 'A') + token.slice(41);
    room.server.clientIp.value = '198.51.100.7';
    const answers = await Promise.all(
      [
        `${room.server.base}/play/${resource}/${flipped}`,
        `${room.server.base}/play/${resource}/${token.slice(0, -1)}`,
        `${room.server.base}/play/${resource}/x`,
        `${room.server.base}/play/${resource}/${'A'.repeat(9000)}`,
        `${room.server.base}/play/${'A'.repeat(22)}/${token}`,
        room.server.urlOf({ expiresAt: nowS() - 1 }),
        room.server.urlOf({ cidr: '127.0.0.0/8' }),
        room.server.urlOf({ cidr: 'nonsense' }),
      ].map((url) => rawRequest(url)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(1);
    expect(problemOf(answers[0]?.body ?? Buffer.from(''))).toMatchObject({
      code: 'play.refused',
      status: 403,
    });
    expect(answers[0]?.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'referrer-policy': 'no-referrer',
    });
  });

  test('bound to a network play from inside it', async () => {
    for (const [cidr, client] of [
      ['127.0.0.0/8', '127.0.0.1'],
      ['127.0.0.1', '::ffff:127.0.0.1'],
      ['2001:db8::/32', '2001:db8::7'],
    ]) {
      room.server.clientIp.value = client ?? '';
      expect(
        (await rawRequest(room.server.urlOf({ cidr: cidr ?? '' }), { headers: { Range: 'bytes=0-9' } }))
          .status,
      ).toBe(206);
    }
  });

  test('that expire while the film runs do not cut it', async () => {
    const { status, isCut } = await rawRequest(room.server.urlOf({ expiresAt: nowS() + 1 }));
    expect([status, isCut]).toEqual([200, false]);
  });

  test('are the same for the same content, open to what was put in, and are refused when too long for a URL', () => {
    const link = {
      streamId: 5,
      mediaId: 6,
      episodeId: 7,
      kind: 'http',
      fileIndex: 0,
      filename: 'a/b.mkv',
      subject: 'install:1',
      expiresAt: nowS() + LINK_LIFE_S,
      cidr: '10.0.0.0/8',
      detail: { url: 'https://films.example.org/' },
    };
    const place = { baseUrl: 'https://films.example.org/', resource: 'r'.repeat(22) };
    const url = room.server.links.make(link, place);
    expect(url).toBe(room.server.links.make({ ...link }, place));
    expect(url).toMatch(/^https:\/\/films\.example\.org\/play\/r{22}\/[\w-]+\/b\.mkv$/);
    expect(room.server.links.open(new URL(url).pathname.split('/')[3] ?? '')).toEqual(link);
    const stored = { streamId: 5, kind: 'http', fileIndex: null, subject: 'public', expiresAt: nowS() + 60 };
    const short = new URL(room.server.links.make(stored, place)).pathname.split('/')[3] ?? '';
    expect(room.server.links.open(short)).toEqual(stored);
    expect(() => room.server.links.make({ ...link, detail: { url: 'x'.repeat(8000) } }, place)).toThrow(
      /too long/,
    );
  });
});

describe('what cannot be played', () => {
  test('a stream taken down says so, at the next request already', async () => {
    const { db } = room.server.held.deps;
    const kind = room.server.kinds.get('http');
    const streamId = await addStream(db, 'http');
    const detail = kind?.parse({ url: `${room.origin.base}/stored.mp4` });
    await kind?.save(db, streamId, detail);
    const url = room.server.urlOf({ streamId, detail });
    expect((await rawRequest(url, { headers: { Range: 'bytes=0-9' } })).status).toBe(206);
    room.server.blocked.add(streamId);
    const { status, body } = await rawRequest(url);
    expect([status, problemOf(body)]).toMatchObject([404, { code: 'play.taken_down' }]);
  });

  test('a kind without bytes says so', async () => {
    const detail = room.server.kinds.get('youtube')?.parse({ videoId: 'aqz-KE-bpKQ' });
    const { status, body } = await rawRequest(room.server.urlOf({ kind: 'youtube', detail }));
    expect([status, problemOf(body)]).toMatchObject([404, { code: 'play.no_bytes' }]);
  });

  test('an origin’s refusal is answered before any head, without its address', async () => {
    Object.assign(room.origin.behaviour, { headStatus: 404, getStatus: 404 });
    const url = freshUrl();
    const { status, headers, body } = await rawRequest(url);
    expect([status, headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(body.toString()).not.toContain('127.0.0.1');
    expect((await rawRequest(url, { method: 'HEAD' })).status).toBe(404);
    // Nothing of the failure is remembered.
    Object.assign(room.origin.behaviour, { headStatus: 200, getStatus: 200 });
    expect((await rawRequest(url, { headers: { Range: 'bytes=0-9' } })).status).toBe(206);
  });

  test('19: a body that cannot be finished is cut, never ended short', async () => {
    Object.assign(room.origin.behaviour, { cutAfter: 2 * MIB, isDeadAfterCut: true });
    const { status, body, isCut } = await rawRequest(freshUrl());
    expect([status, isCut]).toEqual([200, true]);
    expect(body.length).toBeLessThanOrEqual(2 * MIB);
    expect(body.equals(film.subarray(0, body.length))).toBe(true);
  });
});

describe('counting', () => {
  test('counts a play once its first MiB is out, and once a request', async () => {
    await rawRequest(room.server.urlOf({ mediaId: 7 }), { headers: { Range: `bytes=0-${3 * MIB}` } });
    expect(room.server.played.map(({ mediaId }) => mediaId)).toEqual([7]);
  });

  test('counts no HEAD, no probe below a MiB, no client that left before', async () => {
    const url = room.server.urlOf();
    await rawRequest(url, { method: 'HEAD' });
    await rawRequest(url, { headers: { Range: 'bytes=0-1048574' } });
    await rawRequest(url, { headers: { Range: `bytes=${film.length - 1000}-` } });
    await rawRequest(url, { headers: { Range: 'bytes=0-9, 100-199' } });
    Object.assign(room.origin.behaviour, { cutAfter: MIB / 2, isDeadAfterCut: true });
    await rawRequest(url);
    expect(room.server.played).toEqual([]);
    Object.assign(room.origin.behaviour, { cutAfter: Number.POSITIVE_INFINITY, drops: 0 });
    await rawRequest(url, { headers: { Range: 'bytes=0-1048575' } });
    expect(room.server.played.length).toBe(1);
  });

  test('counts a file smaller than a MiB when the whole of it is out', async () => {
    await using clip = await startOrigin(Buffer.alloc(5000, 'x'));
    const url = room.server.urlOf({ detail: room.server.kinds.get('http')?.parse({ url: clip.url }) });
    await rawRequest(url, { headers: { Range: 'bytes=1-' } });
    expect(room.server.played.length).toBe(0);
    await rawRequest(url);
    expect(room.server.played.length).toBe(1);
  });

  test('tells every byte that went out', async () => {
    const before = room.server.sentBytes();
    await rawRequest(room.server.urlOf(), { headers: { Range: 'bytes=5-1004' } });
    expect(room.server.sentBytes() - before).toBe(1000);
  });
});

describe('running streams', () => {
  const Listed = z.object({ streams: z.array(z.looseObject({ id: z.string() })) });
  const list = async () => Listed.parse(await (await fetch(`${room.server.base}/api/live`)).json());

  test('are listed with their client and bytes, and can be ended', async () => {
    const socket = openRequest(room.server.urlOf({ filename: 'Film.mp4' }));
    await once(socket, 'data');
    socket.pause();
    const running = await list();
    expect(running.streams).toEqual([
      {
        id: expect.any(String),
        kind: 'http',
        title: 'Film.mp4',
        client: '127.0.0.1',
        startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        bytes: expect.any(Number),
        speed: expect.any(Number),
        bufferedBytes: expect.any(Number),
        resumes: 0,
        position: expect.any(Number),
        size: expect.any(Number),
        subject: 'api',
        stalledSeconds: 0,
      },
    ]);
    expect(running.streams[0]?.position).toBe(running.streams[0]?.bytes);
    const ended = once(socket, 'close');
    const id = running.streams[0]?.id ?? '';
    expect((await fetch(`${room.server.base}/api/live/${id}`, { method: 'DELETE' })).status).toBe(204);
    socket.resume();
    await ended;
    await waitUntil(() => room.origin.openBodies() === 0, {
      what: 'the origin is left',
      timeoutMs: 2000,
      everyMs: 5,
    });
    expect(await list()).toEqual({ streams: [] });
    expect((await fetch(`${room.server.base}/api/live/${id}`, { method: 'DELETE' })).status).toBe(404);
  });
});
