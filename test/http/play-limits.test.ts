import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { openRequest, type PlayServer, rawRequest, startPlayServer } from '../support/play-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const SIZE = 48 * 1024 * 1024;
const film = Buffer.alloc(SIZE, 'film');
let origin: Origin;
let server: PlayServer;
const sockets: Socket[] = [];

beforeAll(async () => {
  origin = await startOrigin(film);
  server = await startPlayServer('http', { url: origin.url });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  Object.assign(server.limits, { perSubject: 20, perIp: 30 });
  await waitUntil(() => server.live.count() === 0, { what: 'all streams ended', timeoutMs: 5000 });
  await server.admission.close();
});
afterAll(async () => {
  await server.close();
  await origin.stop();
});

/** A viewer who takes the first bytes and then stops reading. */
async function watch(link: Parameters<PlayServer['urlOf']>[0] = {}, headers = {}) {
  const socket = openRequest(server.urlOf(link), { headers });
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'data');
  socket.pause();
  return socket;
}

describe('51: past the limit of running streams', () => {
  test('a GET is refused with 429, Retry-After and a stable code, and goes on when one has ended', async () => {
    server.limits.perSubject = 2;
    const [first] = [await watch({ fileIndex: 1 }), await watch({ fileIndex: 2 })];
    const opened = origin.openBodies();
    const refused = await rawRequest(server.urlOf({ fileIndex: 3 }));
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(JSON.parse(refused.body.toString())).toMatchObject({ code: 'limit.streams', status: 429 });
    expect(origin.openBodies()).toBe(opened);
    first.destroy();
    await waitUntil(() => server.live.count() === 1, { what: 'one has ended', timeoutMs: 2000 });
    const next = await rawRequest(server.urlOf({ fileIndex: 3 }), { headers: { Range: 'bytes=0-9' } });
    expect(next.status).toBe(206);
  });

  test('HEAD and the ranges of a stream that runs are answered', async () => {
    server.limits.perIp = 1;
    await watch({ fileIndex: 1 });
    expect((await rawRequest(server.urlOf({ fileIndex: 2 }), { method: 'HEAD' })).status).toBe(200);
    const seek = await rawRequest(server.urlOf({ fileIndex: 1 }), { headers: { Range: 'bytes=77-99' } });
    expect(seek.status).toBe(206);
  });

  test('a third body of the same viewer and file ends the oldest, whose connection is cut', async () => {
    server.limits.perSubject = 1;
    const [first] = [await watch(), await watch()];
    const cut = once(first, 'close');
    await watch();
    first.resume();
    await cut;
    expect(server.live.count()).toBe(2);
  });
});

test('59: the time to the first byte and where it was are told, and errors by their code', async () => {
  const before = server.firstBytes.length;
  await rawRequest(server.urlOf(), { headers: { Range: 'bytes=1000-1999' } });
  await rawRequest(server.urlOf(), { headers: { Range: 'bytes=0-9,5000-5009' } });
  await rawRequest(server.urlOf(), { headers: { Range: `bytes=${SIZE}-` } });
  const told = server.firstBytes.slice(before);
  expect(told.map(({ kind, offset }) => [kind, offset])).toEqual([
    ['http', 1000],
    ['http', 0],
  ]);
  for (const { seconds } of told) expect(seconds).toBeGreaterThan(0);
  expect(server.streamErrors.at(-1)).toBe('play.range_not_satisfiable');
});

describe('a running stream', () => {
  test('tells where it is, how fast it goes and how long it stands still', async () => {
    const socket = await watch({ filename: 'Film.mkv' }, { Range: `bytes=${SIZE / 2}-` });
    await sleep(2300);
    const [stream] = server.live.list();
    expect(stream).toMatchObject({ size: SIZE, title: 'Film.mkv', resumes: 0 });
    expect(stream?.position).toBe(SIZE / 2 + (stream?.bytes ?? 0));
    expect(stream?.stalledSeconds).toBeGreaterThanOrEqual(1);
    const stalledSpeed = stream?.speed ?? 0;
    expect(stalledSpeed).toBeLessThan(stream?.bytes ?? 0);
    socket.resume();
    await once(socket, 'close');
  });

  test('shows what the engine tells of it', () => {
    const entry = server.live.begin({ kind: 'usenet', resource: 'r', client: '::1', subject: 'x' }, () => {});
    entry.startAt(500, 9000);
    entry.add(100);
    entry.resumed();
    entry.watch({ heldBytes: () => 4096 }, {});
    // The next part of several.
    entry.startAt(8000, 9000);
    entry.add(50);
    expect(server.live.list()).toMatchObject([
      { kind: 'usenet', bytes: 150, resumes: 1, bufferedBytes: 4096, position: 8050, size: 9000 },
    ]);
    expect(server.live.byKind()).toEqual(new Map([['usenet', 1]]));
    entry.end();
    entry.end();
  });
});
