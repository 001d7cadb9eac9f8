import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Trouble } from '../support/nntp-server.ts';
import { openRoom, post, providerAt, startServers, type UsenetRoom } from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const film = post(400, 8000);
const delayed = (ms: number) => (): Trouble => ({ kind: 'delay', ms });
const everyNth = (nth: number, trouble: Trouble) => {
  let count = 0;
  return () => {
    count += 1;
    return count % nth === 0 ? trouble : null;
  };
};

/** Reads parts in order, some ahead, as a viewer does; answers the longest wait for the next one, milliseconds. */
async function watch(
  room: UsenetRoom,
  viewer: number,
  [from, to]: [number, number],
  ahead = 8,
): Promise<number> {
  const begun = new Map<number, ReturnType<UsenetRoom['fetch']>>();
  let [longest, next] = [0, from];
  for (let part = from; part < to; part += 1) {
    for (; next < Math.min(to, part + ahead); next += 1) begun.set(next, room.fetch(next, { viewer }));
    const one = begun.get(part);
    if (one === undefined) throw new Error('not begun');
    one.job.lane = 'head';
    room.all.hurry(one.job);
    const since = performance.now();
    expect(room.isRight(part, await one.whole)).toBe(true);
    longest = Math.max(longest, performance.now() - since);
    begun.delete(part);
  }
  return longest;
}

test.each([
  ['another provider', 2],
  ['another connection of the only provider', 1],
] as const)('what stalls under the reader is asked of %s: no gap is long', async (_, count) => {
  const sides = [{ trouble: everyNth(25, { kind: 'stall', after: 3000 }) }, {}].slice(0, count);
  await using servers = await startServers(sides, film.articles);
  const providers = servers.map((server, priority) => providerAt(server, { priority }));
  await using room = openRoom({ post: film, providers });
  const longest = await watch(room, 1, [0, 150]);
  expect(longest).toBeGreaterThan(300);
  expect(longest).toBeLessThan(1000);
});

test('viewers get equal shares, however much one of them wants', async () => {
  await using servers = await startServers([{ trouble: delayed(15) }], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((server) => providerAt(server, { connections: 10 })),
  });
  const counts = new Map<number, number>();
  const until = performance.now() + 1500;
  const want = async (viewer: number) => {
    for (let part = viewer; performance.now() < until; part = (part + 7) % 400) {
      await room.fetch(part, { viewer }).whole;
      if (performance.now() < until) counts.set(viewer, (counts.get(viewer) ?? 0) + 1);
    }
  };
  // The first wants 60 at once, nine others six each.
  const viewers = [
    ...Array.from({ length: 60 }, () => 0),
    ...Array.from({ length: 54 }, (_, at) => 1 + (at % 9)),
  ];
  await Promise.all(viewers.map(want));
  const shares = [...counts.values()];
  expect(shares).toHaveLength(10);
  expect(Math.min(...shares)).toBeGreaterThan(0.75 * Math.max(...shares));
});

test('one viewer alone gets every connection', async () => {
  await using servers = await startServers([{ trouble: delayed(30) }], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((server) => providerAt(server, { connections: 10 })),
  });
  await Promise.all(film.parts.slice(0, 100).map((_, part) => room.fetch(part).whole));
  expect(servers[0]?.mostConnections()).toBe(10);
});

test('a new viewer is on a connection at once beside ten who read ahead', async () => {
  const heard: { line: string; at: number }[] = [];
  const hear = (line: string) => void heard.push({ line, at: performance.now() });
  await using servers = await startServers([{ trouble: delayed(100), hear }], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((server) => providerAt(server, { connections: 10 })),
  });
  const leaving = new AbortController();
  const running = film.parts
    .slice(0, 300)
    .map((_, part) => room.fetch(part, { viewer: part % 10, signal: leaving.signal }).whole);
  await waitUntil(() => servers[0]?.connections() === 10, {
    what: 'all connections',
    timeoutMs: 10_000,
    everyMs: 10,
  });
  await sleep(250);
  const waits: number[] = [];
  for (let part = 350; part < 360; part += 1) {
    const since = performance.now();
    await room.fetch(part, { viewer: part, lane: 'head' }).whole;
    const asked = heard.find(({ line }) => line.includes(film.parts[part]?.id ?? ''));
    waits.push((asked?.at ?? Number.POSITIVE_INFINITY) - since);
    // Behind one body that is under way, and its own: 100 ms each.
    expect(performance.now() - since).toBeLessThan(600);
  }
  expect(waits.toSorted((one, other) => one - other)[5]).toBeLessThan(50);
  leaving.abort(new Error('gone'));
  await Promise.allSettled(running);
});

test('one place behind a body stays free for a viewer who comes next', async () => {
  const heard: string[] = [];
  const hear = (line: string) => void heard.push(line);
  await using servers = await startServers([{ trouble: delayed(1000), hear }], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((server) => providerAt(server, { connections: 3 })),
  });
  const leaving = new AbortController();
  const running = film.parts
    .slice(0, 20)
    .map((_, part) => room.fetch(part, { signal: leaving.signal }).whole);
  await sleep(600);
  expect(heard).toHaveLength(5);
  const next = room.fetch(30, { viewer: 2, lane: 'head', signal: leaving.signal }).whole;
  await waitUntil(() => heard.length === 6, { what: 'asked', timeoutMs: 300, everyMs: 5 });
  leaving.abort(new Error('gone'));
  await Promise.allSettled([...running, next]);
});

test('what is read ahead from one that froze is asked of another before the viewer gets there', async () => {
  await using servers = await startServers([{ trouble: () => ({ kind: 'silence' }) }, {}], film.articles);
  await using room = openRoom({ post: film, providers: servers.map((server) => providerAt(server)) });
  const since = performance.now();
  const whole = await Promise.all(film.parts.slice(0, 16).map((_, part) => room.fetch(part).whole));
  expect(whole.every((one, part) => room.isRight(part, one))).toBe(true);
  expect(performance.now() - since).toBeLessThan(8000);
}, 30_000);

test('background work takes no more than a fifth of the connections while somebody watches', async () => {
  let [now, most] = [0, 0];
  const ids = new Set(film.parts.slice(200).map(({ id }) => id));
  const trouble = (id: string): Trouble => {
    if (ids.has(id)) {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
      }, 20);
    }
    return { kind: 'delay', ms: 20 };
  };
  await using servers = await startServers([{ trouble }], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((server) => providerAt(server, { connections: 10 })),
  });
  const viewing = film.parts.slice(0, 200).map((_, part) => room.fetch(part).whole);
  const background = film.parts
    .slice(200, 240)
    .map((_, part) => room.fetch(part + 200, { viewer: 9, lane: 'background' }).whole);
  await Promise.all(viewing);
  expect(most).toBeLessThanOrEqual(2);
  await Promise.all(background);
  expect(most).toBeGreaterThan(0);
});

test('many articles are looked for at once, on a fifth of the connections, until the asker has heard enough', async () => {
  const lacking = new Set(film.parts.filter((_, part) => part % 10 === 0).map(({ id }) => id));
  const trouble = (id: string): Trouble | null => (lacking.has(id) ? { kind: 'missing' } : null);
  await using servers = await startServers([{ trouble }, { trouble }], film.articles);
  const providers = servers.map((server) => providerAt(server, { connections: 10 }));
  await using room = openRoom({ post: film, providers });
  const ids = film.parts.map(({ id }) => id);
  const answers = await room.all.stat(ids, new AbortController().signal);
  expect(answers.map(({ id }) => id)).toEqual(ids);
  expect(new Set(answers.filter(({ isThere }) => isThere === false).map(({ id }) => id))).toEqual(lacking);
  const most = servers.map((server) => server.mostConnections());
  expect(Math.max(...most)).toBeLessThanOrEqual(4);
  // What the first lacks is asked of the second, and what is known to be missing of nobody.
  expect(servers[1]?.stats).toHaveLength(40);
  const again = await room.all.stat(ids.slice(0, 10), new AbortController().signal);
  expect(again[0]).toEqual({ id: ids[0], isThere: false });
  expect(servers[1]?.stats).toHaveLength(40);
  const some = await room.all.stat(ids, new AbortController().signal, ({ isThere }) =>
    isThere === true ? 'go-on' : 'stop',
  );
  expect(some.length).toBeLessThan(400);
  expect(some.filter(({ isThere }) => isThere === false)).toHaveLength(1);
});

test('what nobody can be asked about is not called missing', async () => {
  await using servers = await startServers([{}], film.articles);
  await servers[0]?.stop();
  await using room = openRoom({ post: film, providers: servers.map((server) => providerAt(server)) });
  const answers = await room.all.stat([film.parts[0]?.id ?? ''], new AbortController().signal);
  expect(answers).toEqual([{ id: film.parts[0]?.id, isThere: null }]);
});

test('checks are cancelled with their signal', async () => {
  await using servers = await startServers(
    [{ trouble: () => ({ kind: 'silence' }), greet: () => false }],
    film.articles,
  );
  await using room = openRoom({ post: film, providers: servers.map((server) => providerAt(server)) });
  const leaving = new AbortController();
  const asked = room.all.stat([film.parts[0]?.id ?? ''], leaving.signal);
  await sleep(100);
  leaving.abort(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
});
