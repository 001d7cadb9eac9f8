import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Explanation, offersFor, StreamAnswer } from '../../src/features/stream-index/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { problemIn } from '../support/problem-answer.ts';
import { streamsRoom } from '../support/streams-room.ts';

const room = streamsRoom();
const { db, SEASON, post, FILM, SHOW, MAGNET } = room;

describe('GET, PATCH and DELETE /api/streams', () => {
  const Page = z.object({ streams: z.array(StreamAnswer), nextCursor: z.string().nullable() });
  const page = async (query: string) => Page.parse((await room.api.ask('GET', `/api/streams?${query}`)).body);
  const add = async (more: object = {}) =>
    StreamAnswer.parse((await post({ ...FILM, url: MAGNET, ...more })).body);

  test('a title lists its streams by pages, hidden ones too', async () => {
    for (const videoId of ['aaaaaaaaaaa', 'bbbbbbbbbbb', 'ccccccccccc']) await post({ ...FILM, videoId });
    const first = await page('mediaId=tt0000101&limit=2');
    expect(first.streams).toHaveLength(2);
    await room.api.ask('PATCH', `/api/streams/${first.streams[0]?.streamId}`, { isBlocked: true });
    const rest = await page(`mediaId=tt0000101&limit=2&cursor=${first.nextCursor}`);
    expect(rest.streams).toHaveLength(1);
    expect(rest.nextCursor).toBeNull();
    expect((await page('mediaId=tmdb:movie:101')).streams[0]).toMatchObject({ isBlocked: true });
    expect((await room.api.ask('GET', '/api/streams?mediaId=tt0000202')).body).toEqual({
      streams: [],
      nextCursor: null,
    });
    expect((await room.api.ask('GET', '/api/streams')).status).toBe(400);
    expect((await room.api.ask('GET', '/api/streams?mediaId=tt5555555')).status).toBe(404);
  });

  test('an episode lists its own streams', async () => {
    await post({ ...SHOW, torrent: SEASON.toString('base64') });
    expect((await page('mediaId=tt0000202:1:3')).streams).toHaveLength(1);
    expect((await room.api.ask('GET', '/api/streams?mediaId=tt0000202:9:9')).status).toBe(404);
  });

  test('a stream is shown with its files, licence and subtitles at this server', async () => {
    const { streamId } = await add({
      licence: { code: 'CC-BY-3.0', attribution: 'Someone', proofUrl: 'https://proof.example/' },
      subtitles: [{ url: 'asset:starter/clip.en.vtt', language: 'en' }],
    });
    expect((await room.api.ask('GET', `/api/streams/${streamId}`)).body).toMatchObject({
      streamId,
      licence: { code: 'CC-BY-3.0', name: 'Creative Commons Attribution 3.0', isOpen: true },
      attribution: 'Someone',
      licenceProofUrl: 'https://proof.example/',
      subtitles: [{ url: `${room.api.baseUrl}/assets/starter/clip.en.vtt`, language: 'en' }],
      files: [],
    });
    expect((await room.api.ask('GET', '/api/streams/12')).status).toBe(404);
    expect((await room.api.ask('GET', '/api/streams/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });

  test('blocking, hiding and licensing change what is offered at once', async () => {
    const { streamId } = await add();
    const change = (body: unknown) => room.api.ask('PATCH', `/api/streams/${streamId}`, body);
    const count = async (only: 'licensed' | 'all') =>
      (await offersFor(db(), { mediaId: 1, episodeId: null, only })).length;
    expect(await change({ isBlocked: true })).toMatchObject({ status: 200, body: { isBlocked: true } });
    expect(await count('all')).toBe(0);
    expect(await change({ isBlocked: false, licence: { code: 'PD' } })).toMatchObject({
      body: { licence: { code: 'PD' } },
    });
    expect([await count('all'), await count('licensed')]).toEqual([1, 1]);
    expect(await change({ licence: null })).toMatchObject({ body: { licence: null } });
    expect([await count('all'), await count('licensed')]).toEqual([1, 0]);
    expect(problemIn((await change({ licence: { code: 'WTFPL' } })).body).code).toBe(
      'streams.unknown_licence',
    );
    expect((await change({})).status).toBe(400);
    expect((await change({ blocked: true })).status).toBe(400);
  });

  test('a deleted stream is gone with its links', async () => {
    const { streamId } = await add();
    expect((await room.api.ask('DELETE', `/api/streams/${streamId}`)).status).toBe(204);
    expect((await room.api.ask('GET', `/api/streams/${streamId}`)).status).toBe(404);
    const left = await db().oneFirst(
      rows('test.left', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM stream_media_link`,
    );
    expect(left).toBe(0);
  });

  test('explain says why it is offered, for everybody or for the public', async () => {
    const { streamId } = await add();
    const all = Explanation.parse((await room.api.ask('GET', `/api/streams/${streamId}/explain`)).body);
    expect(all.links).toMatchObject([{ title: 'Film', isOffered: true, position: 1 }]);
    const open = Explanation.parse(
      (await room.api.ask('GET', `/api/streams/${streamId}/explain?only=licensed`)).body,
    );
    expect(open.filters.find((verdict) => !verdict.passes)).toMatchObject({ filter: 'licence' });
    expect(open.links).toMatchObject([
      { isOffered: false, position: null, reason: expect.stringMatching(/No licence/) },
    ]);
    expect((await room.api.ask('GET', '/api/streams/nothing/explain')).status).toBe(404);
  });

  test('without the admin token every route is 401', async () => {
    for (const [method, path] of [
      ['GET', '/streams'],
      ['POST', '/streams'],
      ['GET', '/streams/x'],
      ['PATCH', '/streams/x'],
      ['DELETE', '/streams/x'],
      ['GET', '/streams/x/explain'],
      ['GET', '/trackers'],
      ['GET', '/trackers/history'],
      ['POST', '/trackers/check'],
    ] as const) {
      expect(
        (await room.api.ask(method, `/api${path}`, undefined, { Authorization: '' })).status,
        `${method} ${path}`,
      ).toBe(401);
    }
  });
});

describe('GET /api/trackers', () => {
  test('every tracker of a stream stands there at once, working ones first, without passkeys', async () => {
    await post({ ...FILM, url: `${MAGNET}&tr=https%3A%2F%2Ftwo.example%2Fannounce%3Fpasskey%3D0123456789` });
    await post({ ...SHOW, torrent: SEASON.toString('base64') });
    await db().query(
      command(
        'test.check',
      )`UPDATE tracker SET status = 'working', successes = 3, failures = 1, latency_ms = 20, last_check_at = '2026-01-02T03:04:05Z' WHERE url LIKE 'udp://tracker%'`,
    );
    const due = { nextCheckAt: expect.any(String), reason: null, lists: [] };
    expect((await room.api.ask('GET', '/api/trackers')).body).toEqual({
      dht: { status: 'running', nodes: 132, lookups: 1 },
      remoteList: null,
      trackers: [
        {
          url: 'udp://tracker.example:80/announce',
          status: 'working',
          successRate: 0.75,
          latencyMs: 20,
          lastCheckAt: '2026-01-02T03:04:05.000Z',
          ...{ successes: 3, failures: 1, ...due },
        },
        {
          url: 'udp://one.example:80/announce',
          status: 'unknown',
          successRate: null,
          latencyMs: null,
          lastCheckAt: null,
          ...{ successes: 0, failures: 0, ...due },
        },
      ],
    });
  });
});
