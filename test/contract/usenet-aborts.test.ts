import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { NntpServer, NntpServerOptions, Trouble } from '../support/nntp-server.ts';
import { openRoom, post, providerAt, startServers, type UsenetRoom } from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const film = post(60, 60_000);
const TIMES = { silenceMs: 4000, readOffMs: 500, loginMs: 4000 };

async function withServer(
  options: Partial<NntpServerOptions>,
  work: (room: UsenetRoom, server: NntpServer) => Promise<void>,
  connections = 2,
): Promise<void> {
  await using servers = await startServers([options], film.articles);
  const [server] = servers;
  if (server === undefined) throw new Error('no server');
  const room = openRoom({ post: film, providers: [providerAt(server, { connections })], times: TIMES });
  try {
    await work(room, server);
  } finally {
    const closing = performance.now();
    await room[Symbol.asyncDispose]();
    await waitUntil(() => server.connections() === 0, { what: 'all closed', timeoutMs: 5000, everyMs: 5 });
    expect(performance.now() - closing).toBeLessThan(1000);
  }
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** Aborts it and answers how long the reader waited for that, milliseconds. */
async function aborted(fetched: ReturnType<UsenetRoom['fetch']>, leaving: AbortController): Promise<number> {
  const since = performance.now();
  leaving.abort(new Error('gone'));
  await expect(fetched.whole).rejects.toThrow('gone');
  return performance.now() - since;
}

test('one that waits for a place is taken out, and the server never hears of it', async () => {
  await withServer({ trouble: () => ({ kind: 'delay', ms: 150 }) }, async (room, server) => {
    const running = Array.from({ length: 8 }, (_, part) => room.fetch(part));
    const leaving = new AbortController();
    const waiting = room.fetch(20, { signal: leaving.signal });
    await sleep(100);
    expect(await aborted(waiting, leaving)).toBeLessThan(50);
    await Promise.all(running.map(({ whole }) => whole));
    expect(server.bodies).not.toContain(film.parts[20]?.id);
    expect(waiting.attempts).toEqual([]);
  });
});

test.each<[string, Partial<NntpServerOptions>]>([
  ['greets', { greet: () => false }],
  ['answers', { trouble: () => ({ kind: 'silence' }) }],
])(
  'one may go while nobody %s, and what comes next is served',
  async (_, options) => {
    let isGood = false;
    const trouble = (id: string) => (isGood ? null : (options.trouble?.(id, 1) ?? null));
    const greet = options.greet;
    const given =
      greet === undefined
        ? {}
        : {
            greet: (socket: Parameters<typeof greet>[0]) =>
              isGood ? socket.write('200 ready\r\n') : greet(socket),
          };
    await withServer({ trouble, ...given }, async (room) => {
      const leaving = new AbortController();
      const fetched = room.fetch(1, { lane: 'head', signal: leaving.signal });
      await sleep(100);
      expect(await aborted(fetched, leaving)).toBeLessThan(50);
      expect(room.all.states()[0]?.inFlight).toBe(0);
      isGood = true;
      expect(room.isRight(2, await room.fetch(2, { lane: 'head' }).whole)).toBe(true);
    });
  },
  20_000,
);

test('what is left of a body is read off, and the connection serves the next', async () => {
  const trouble = (id: string): Trouble | null =>
    id === film.parts[1]?.id ? { kind: 'slow', bytes: 6000 } : null;
  await withServer(
    { trouble },
    async (room, server) => {
      await room.fetch(0).whole;
      const leaving = new AbortController();
      const fetched = room.fetch(1, { signal: leaving.signal });
      await waitUntil(() => (fetched.attempts[0]?.decoder.written ?? 0) > 0, {
        what: 'begun',
        timeoutMs: 5000,
        everyMs: 5,
      });
      expect(await aborted(fetched, leaving)).toBeLessThan(50);
      expect(fetched.attempts.map(({ drops }) => drops)).toEqual([1]);
      expect(room.isRight(2, await room.fetch(2).whole)).toBe(true);
      expect(server.mostConnections()).toBe(1);
    },
    1,
  );
});

test('a connection with too much left to read is cut, and what was asked behind it is asked again', async () => {
  const trouble = (id: string): Trouble | null =>
    id === film.parts[1]?.id ? { kind: 'slow', bytes: 200 } : null;
  await withServer(
    { trouble },
    async (room, server) => {
      await room.fetch(0).whole;
      const leaving = new AbortController();
      const fetched = room.fetch(1, { signal: leaving.signal });
      const behind = room.fetch(2);
      await sleep(500);
      expect(await aborted(fetched, leaving)).toBeLessThan(50);
      const since = performance.now();
      expect(room.isRight(2, await behind.whole)).toBe(true);
      // The rest of it would have taken 5 s.
      expect(performance.now() - since).toBeLessThan(2500);
      expect(server.bodies.filter((id) => id === film.parts[1]?.id)).toHaveLength(1);
      expect(room.all.states()).toMatchObject([{ failures: 0 }]);
    },
    1,
  );
});

test('hundreds that go at any moment leave no connection, timer or article behind', async () => {
  const trouble = (): Trouble | null => (Math.random() < 0.3 ? { kind: 'slow', bytes: 4000 } : null);
  await withServer(
    { trouble },
    async (room, server) => {
      await Promise.all(film.parts.slice(0, 10).map((_, part) => room.fetch(part).whole));
      const before = timers();
      const cycle = async (turn: number) => {
        const leaving = new AbortController();
        const lane = (['head', 'ahead', 'background'] as const)[turn % 3] ?? 'head';
        const fetched = room.fetch(turn % 60, { viewer: turn % 5, lane, signal: leaving.signal });
        const ended = fetched.whole.then(
          (won) => room.isRight(turn % 60, won),
          (error: unknown) => error instanceof Error && error.message === 'gone',
        );
        await sleep(Math.random() * 20);
        leaving.abort(new Error('gone'));
        expect(await ended).toBe(true);
        return fetched.attempts;
      };
      for (let round = 0; round < 10; round += 1)
        await Promise.all(Array.from({ length: 10 }, (_, at) => cycle(round * 10 + at)));
      expect(room.all.states()[0]).toMatchObject({ inFlight: 0, failures: 0 });
      expect(room.isRight(7, await room.fetch(7, { lane: 'head' }).whole)).toBe(true);
      expect(server.connections()).toBeLessThanOrEqual(4);
      // Those of this server's own trickles may still run.
      await waitUntil(() => timers() <= before + 1, { what: 'no timer left', timeoutMs: 10_000 });
    },
    4,
  );
}, 60_000);

test('closing ends what waits and what runs within a second', async () => {
  await withServer({ trouble: () => ({ kind: 'slow', bytes: 500 }) }, async (room) => {
    const running = Array.from({ length: 10 }, (_, part) => room.fetch(part));
    await sleep(200);
    await room.all.close();
    const ends = await Promise.allSettled(running.map(({ whole }) => whole));
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await expect(room.fetch(1).whole).rejects.toThrow('closed');
  });
});
