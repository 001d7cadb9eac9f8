import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { playHlsRoom } from '../support/play-hls-room.ts';
import { openRequest } from '../support/play-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const MIB = 1024 * 1024;
/** The least `STREAM_MEMORY_MAX` there may be: segments have half of it, playlists too, a stream in full asks for 512 KiB. */
const LIMIT = 8 * MIB;
const STALLED = 30;
const SEGMENTS_BYTES = 6 * 300_000;
/** A playlist of six segments, its links, and what is read ahead of it. */
const PLAYLIST_BYTES = 20_000;

const room = playHlsRoom({ memoryBytes: LIMIT });

function expectAllKept() {
  const cachedBytes = room.server.budget.cachedBytes();
  expect(cachedBytes).toBeGreaterThanOrEqual(SEGMENTS_BYTES);
  expect(cachedBytes).toBeLessThan(SEGMENTS_BYTES + PLAYLIST_BYTES);
}

async function stalledViewers() {
  const { server, origin } = room;
  server.limits.perSubject = 0;
  server.limits.perIp = 0;
  origin.files.set('/film.mp4', Buffer.alloc(32 * MIB, 'a film'));
  const sockets = Array.from({ length: STALLED }, () =>
    openRequest(room.linkTo(`${origin.base}/film.mp4`)).pause(),
  );
  for (const socket of sockets) socket.on('error', () => {});
  await waitUntil(() => server.budget.usedBytes() > LIMIT - MIB, {
    what: 'the streams hold nearly all',
    timeoutMs: 10_000,
  });
  return async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))));
    await waitUntil(() => server.budget.usedBytes() === 0, { what: 'they are gone', timeoutMs: 5000 });
  };
}

describe('segments in memory beside streams', () => {
  test('make room for viewers who stopped reading, are loaded again, and come back when these leave', async () => {
    const { server, origin } = room;
    const show = room.newShow();
    const { uris } = await room.playlist(room.linkTo(show.url));
    const watch = async () => {
      for (const [index, uri] of uris.entries()) {
        const body = Buffer.from(await (await fetch(uri)).arrayBuffer());
        expect(body.equals(room.segment('abcdef'.charAt(index)))).toBe(true);
      }
    };
    await watch();
    expectAllKept();

    const leave = await stalledViewers();
    const left = Math.max(0, LIMIT - server.budget.usedBytes());
    expect(server.budget.cachedBytes()).toBeLessThanOrEqual(left);
    await watch();
    expect(origin.count(`${show.folder}/a.ts`)).toBeGreaterThan(1);

    await leave();
    await watch();
    expectAllKept();
  });
});

describe('playlists in memory beside streams', () => {
  test('count with the links made of them, are kept no more than there is room, and give way', async () => {
    const { server, origin } = room;
    const before = server.budget.cachedBytes();
    const names = Array.from({ length: 2000 }, (_, at) => `${at}.ts`);
    const text = ['#EXTM3U', '#EXT-X-TARGETDURATION:4', ...names.flatMap((name) => ['#EXTINF:4,', name])];
    const long = [...text, '#EXT-X-ENDLIST', ''].join('\n');
    const urls = Array.from({ length: 8 }, (_, at) => `/long${at}/index.m3u8`);
    for (const url of urls) origin.files.set(url, long);
    const last = urls.at(-1) ?? '';
    const open = (url: string) => room.playlist(room.linkTo(origin.base + url));

    const { text: made } = await open(last);
    expect(server.budget.cachedBytes() - before).toBeGreaterThan(long.length + made.length);
    for (const url of [...urls, last]) await open(url);
    expect(server.budget.cachedBytes()).toBeLessThan(LIMIT);
    const asked = origin.count(last);
    await open(last);
    expect(origin.count(last)).toBe(asked);

    const leave = await stalledViewers();
    expect(server.budget.cachedBytes()).toBeLessThanOrEqual(Math.max(0, LIMIT - server.budget.usedBytes()));
    const again = await open(last);
    expect([again.res.status, again.uris.length]).toEqual([200, 2000]);
    expect(origin.count(last)).toBe(asked + 1);
    await leave();
  });
});
