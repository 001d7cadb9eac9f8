import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { playHlsRoom } from '../support/play-hls-room.ts';
import { openRequest } from '../support/play-server.ts';
import { waitUntil } from '../support/wait-until.ts';

const MIB = 1024 * 1024;
/** The least `STREAM_MEMORY_MAX` there may be: segments have half of it, a stream in full asks for 512 KiB. */
const LIMIT = 8 * MIB;
const STALLED = 30;

const room = playHlsRoom({ memoryBytes: LIMIT });

describe('segments in memory beside streams', () => {
  test('make room for viewers who stopped reading, are loaded again, and come back when these leave', async () => {
    const { server, origin } = room;
    server.limits.perSubject = 0;
    server.limits.perIp = 0;
    const show = room.newShow();
    const { uris } = await room.playlist(room.linkTo(show.url));
    const watch = async () => {
      for (const [index, uri] of uris.entries()) {
        const body = Buffer.from(await (await fetch(uri)).arrayBuffer());
        expect(body.equals(room.segment('abcdef'.charAt(index)))).toBe(true);
      }
    };
    await watch();
    expect(server.budget.cachedBytes()).toBe(6 * 300_000);

    origin.files.set('/film.mp4', Buffer.alloc(32 * MIB, 'a film'));
    const sockets = Array.from({ length: STALLED }, () =>
      openRequest(room.linkTo(`${origin.base}/film.mp4`)).pause(),
    );
    for (const socket of sockets) socket.on('error', () => {});
    await waitUntil(() => server.budget.usedBytes() > LIMIT - MIB, {
      what: 'the streams hold nearly all',
      timeoutMs: 10_000,
    });
    const left = Math.max(0, LIMIT - server.budget.usedBytes());
    expect(server.budget.cachedBytes()).toBeLessThanOrEqual(left);
    await watch();
    expect(origin.count(`${show.folder}/a.ts`)).toBeGreaterThan(1);

    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))));
    await waitUntil(() => server.budget.usedBytes() === 0, { what: 'they are gone', timeoutMs: 5000 });
    await watch();
    expect(server.budget.cachedBytes()).toBe(6 * 300_000);
  });
});
