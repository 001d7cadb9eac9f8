import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UpstreamFailed } from '../../src/kit/errors.ts';
import { ArticleDamaged, ArticleMissing } from '../../src/streams/usenet/providers/articles-of.ts';
import type { Trouble } from '../support/nntp-server.ts';
import { openRoom, type Post, providerAt, startServers, type UsenetRoom } from '../support/usenet-room.ts';
import {
  bodyOf,
  every,
  film,
  flipped,
  idOf,
  indexOf,
  readAll,
  type Side,
  TIMES,
  withBadCrc,
  withServers,
} from '../support/usenet-troubles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { dotStuffed } from '../support/yenc-encode.ts';

test('an article that one lacks is asked of it once only', async () => {
  await withServers(
    [{ articles: new Map(), provider: { priority: 0 } }, { provider: { priority: 1 } }],
    async (room, servers) => {
      await room.fetch(3).whole;
      await room.fetch(3).whole;
      expect(servers[0]?.bodies).toEqual([idOf(3)]);
      expect(servers[1]?.bodies).toEqual([idOf(3), idOf(3)]);
    },
  );
});

test('an article nobody has is missing, and that is known at once the second time', async () => {
  await withServers([{ articles: new Map() }, { articles: new Map() }], async (room, servers) => {
    await expect(room.fetch(3).whole).rejects.toBeInstanceOf(ArticleMissing);
    await expect(room.fetch(3).whole).rejects.toBeInstanceOf(ArticleMissing);
    expect(servers.map(({ bodies }) => bodies.length)).toEqual([1, 1]);
  });
});

test('an id that would be a command of its own is never sent', async () => {
  const odd: Post = { ...film, parts: [{ id: 'a@b>\r\nPOST', number: 1, bytes: 100 }] };
  await using servers = await startServers([{}], film.articles);
  const [server] = servers;
  if (server === undefined) throw new Error('no server');
  await using room = openRoom({ post: odd, providers: [providerAt(server)] });
  await expect(room.fetch(0).whole).rejects.toBeInstanceOf(ArticleMissing);
  expect(server.mostConnections()).toBe(0);
});

test('an article that is damaged everywhere is asked of each twice, and told as damaged', async () => {
  await withServers(
    [{ trouble: every(1, withBadCrc) }, { trouble: every(1, flipped) }],
    async (room, servers) => {
      const fetched = room.fetch(3);
      await expect(fetched.whole).rejects.toBeInstanceOf(ArticleDamaged);
      expect(servers.map(({ bodies }) => bodies.length)).toEqual([2, 2]);
      expect(fetched.attempts.map(({ drops }) => drops)).toEqual([1, 1, 1, 1]);
      expect(room.all.states().map(({ corrupt }) => corrupt)).toEqual([2, 2]);
    },
  );
});

test('a copy damaged once is right the second time', async () => {
  const trouble = (id: string, count: number) => (count === 1 ? flipped(indexOf.get(id) ?? 0) : null);
  await withServers([{ trouble }], async (room) => {
    const { whole, attempts } = room.fetch(3);
    expect(room.isRight(3, await whole)).toBe(true);
    expect(attempts.map(({ drops }) => drops)).toEqual([1, 0]);
  });
});

test('a backup is asked only for what the others lack', async () => {
  const lacks = every(4, () => ({ kind: 'missing' }));
  const sides = [{ trouble: lacks }, { trouble: lacks }, { provider: { backup: true } }];
  await withServers(sides, async (room, servers) => {
    await readAll(room);
    expect(servers[2]?.bodies.toSorted()).toEqual(
      film.parts
        .filter((_, part) => part % 4 === 0)
        .map(({ id }) => id)
        .toSorted(),
    );
  });
});

test('a provider of a lower priority is left alone while the first gives all', async () => {
  await withServers([{ provider: { priority: 0 } }, { provider: { priority: 1 } }], async (room, servers) => {
    await readAll(room);
    expect(servers[1]?.mostConnections()).toBe(0);
  });
});

test('both of a group are asked', async () => {
  await withServers([{}, {}], async (room, servers) => {
    await readAll(room);
    expect(Math.min(...servers.map(({ bodies }) => bodies.length))).toBeGreaterThan(10);
  });
});

test('fewer connections than the plan says are lived with, and none is asked for again at once', async () => {
  await withServers([{ maxConnections: 2, provider: { connections: 16 } }], async (room) => {
    await readAll(room);
    const [state] = room.all.states();
    expect(state).toMatchObject({ status: 'ready', articles: 60 });
    expect(state?.maxConnections).toBeLessThanOrEqual(8);
  });
});

test('a wrong password is told, rests for minutes, and its words hold no secret', async () => {
  const side = {
    login: { username: 'member', password: 'right' },
    provider: { name: 'first', username: 'member', password: 'hunter2' },
  };
  await withServers([side], async (room) => {
    const error: unknown = await room.fetch(3).whole.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UpstreamFailed);
    expect(error).toMatchObject({
      status: 502,
      message: expect.stringContaining('refuse the username or password'),
    });
    const [state] = room.all.states();
    expect(state).toMatchObject({ status: 'refused', connections: 0 });
    expect((state?.retryAt ?? 0) - Date.now()).toBeGreaterThan(500_000);
    const told = JSON.stringify([state, String(error), error instanceof Error ? String(error.cause) : '']);
    expect(told).not.toMatch(/hunter2|member|127\.0/);
  });
});

test('too many connections told at the login are no wrong password', async () => {
  let logins = 0;
  const side = {
    login: { username: 'member', password: 'right' },
    loginReply() {
      logins += 1;
      return logins > 2 ? '481 Too many connections for this account' : null;
    },
    provider: { username: 'member', password: 'right', connections: 8 },
  };
  await withServers([side], async (room) => {
    await readAll(room);
    expect(room.all.states()).toMatchObject([{ status: 'ready' }]);
  });
});

test('no provider can be reached: told within seconds, and no longer tried for each article', async () => {
  await using servers = await startServers([{}], film.articles);
  const [server] = servers;
  if (server === undefined) throw new Error('no server');
  await server.stop();
  await using room = openRoom({ post: film, providers: [providerAt(server)], times: TIMES });
  const startedAt = performance.now();
  await expect(room.fetch(1).whole).rejects.toMatchObject({ status: 503, retryable: true });
  expect(performance.now() - startedAt).toBeLessThan(9000);
});

test('without providers the reason says so', async () => {
  await using room = openRoom({ post: film, providers: [] });
  await expect(room.fetch(1).whole).rejects.toMatchObject({
    status: 503,
    message: 'No Usenet provider is set up.',
  });
});

test('a provider that went away and came back is used again, and the viewer hears nothing of it', async () => {
  await using servers = await startServers([{}], film.articles);
  const [server] = servers;
  if (server === undefined) throw new Error('no server');
  await using room = openRoom({ post: film, providers: [providerAt(server)], times: TIMES });
  await room.fetch(0, { lane: 'head' }).whole;
  await server.stop();
  const waiting = room.fetch(1, { lane: 'head' });
  await sleep(300);
  await using again = await startServers([{ port: server.port }], film.articles);
  expect(room.isRight(1, await waiting.whole)).toBe(true);
  expect(again[0]?.bodies).toEqual([idOf(1)]);
});

test('a server that closes idle connections is dialled again, and has not failed', async () => {
  await withServers([{}], async (room, [server]) => {
    await room.fetch(0).whole;
    server?.cut();
    await waitUntil(() => room.all.states()[0]?.connections === 0, { what: 'closed', timeoutMs: 5000 });
    expect(room.isRight(1, await room.fetch(1).whole)).toBe(true);
    expect(room.all.states()).toMatchObject([{ failures: 0, status: 'ready' }]);
  });
});

test('a reply about another article cuts the connection, and the article is asked for again', async () => {
  let count = 0;
  const trouble = (id: string): Trouble | null => {
    const part = indexOf.get(id) ?? 0;
    count += 1;
    if (count > 1) return null;
    const other = dotStuffed(bodyOf(part + 1)).toString('latin1');
    return { kind: 'reply', line: `222 0 <${idOf(part + 1)}>\r\n${other}`.trimEnd() };
  };
  await withServers([{ trouble }], async (room) => {
    const fetched = room.fetch(3);
    expect(room.isRight(3, await fetched.whole)).toBe(true);
    // Nothing of it was decoded.
    expect(fetched.attempts).toHaveLength(1);
    expect(room.all.states()).toMatchObject([{ corrupt: 0, failures: 1 }]);
  });
});

test('one that breaks off is asked thrice, then the viewer hears of it', async () => {
  await withServers([{ trouble: () => ({ kind: 'reset', after: 5000 }) }], async (room, [server]) => {
    const fetched = room.fetch(3, { lane: 'head' });
    await expect(fetched.whole).rejects.toMatchObject({ status: 502, retryable: true });
    expect(server?.bodies).toHaveLength(3);
    expect(fetched.attempts.map(({ drops }) => drops)).toEqual([1, 1, 1]);
  });
});

test('a first provider that cannot be connected to holds nobody up for long', async () => {
  const sides = [{ greet: () => false, provider: { priority: 0 } }, { provider: { priority: 1 } }];
  const since = performance.now();
  const times = { ...TIMES, loginMs: 8000 };
  const work = async (room: UsenetRoom) => void (await room.fetch(3, { lane: 'head' }).whole);
  await withServers(sides, work, times);
  expect(performance.now() - since).toBeLessThan(5000);
});

test('a connection that fell silent is cut, and the article is asked for on a new one', async () => {
  const trouble = (_: string, count: number): Trouble | null =>
    count === 1 ? { kind: 'stall', after: 5000 } : null;
  await withServers([{ trouble, provider: { connections: 1 } }], async (room) => {
    expect(room.isRight(3, await room.fetch(3, { lane: 'background' }).whole)).toBe(true);
    expect(room.all.states()).toMatchObject([{ failures: 1 }]);
  });
});

test('too many connections told at the very first login are waited out', async () => {
  let logins = 0;
  const side = {
    login: { username: 'member', password: 'right' },
    loginReply() {
      logins += 1;
      return logins === 1 ? '482 Connection limit reached' : null;
    },
    provider: { username: 'member', password: 'right', connections: 1 },
  };
  await withServers([side], async (room) => {
    expect(room.isRight(3, await room.fetch(3).whole)).toBe(true);
  });
});

test('one that answers everything with an error rests', async () => {
  const always: Side = { trouble: () => ({ kind: 'reply', line: '403 fault' }), provider: { priority: 0 } };
  await withServers([always, { provider: { priority: 1 } }], async (room, [server]) => {
    for (let part = 0; part < 10; part += 1) await room.fetch(part, { lane: 'head' }).whole;
    expect(room.all.states()[0]).toMatchObject({ status: 'resting' });
    expect(server?.bodies).toHaveLength(5);
  });
});
