import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { openRoom, post, providerAt, startServers } from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const film = post(40, 20_000);

test('articles come over TLS with a login, by an authority of the owner’s, and from nobody else', async () => {
  const tls = selfSigned('127.0.0.1');
  const login = { username: 'member', password: 'pass word' };
  await using servers = await startServers([{ tls, login }], film.articles);
  const [server] = servers;
  if (server === undefined) throw new Error('no server');
  const own = { ...login, tls: true };
  await using room = openRoom({ post: film, providers: [providerAt(server, { ...own, tlsCa: tls.cert })] });
  const whole = await Promise.all(film.parts.map((_, part) => room.fetch(part).whole));
  expect(whole.every((one, part) => room.isRight(part, one))).toBe(true);
  const other = selfSigned('127.0.0.1').cert;
  for (const tlsCa of [null, other]) {
    await using stranger = openRoom({ post: film, providers: [providerAt(server, { ...own, tlsCa })] });
    await expect(stranger.fetch(1).whole).rejects.toMatchObject({ status: 503 });
    expect(stranger.all.states()).toMatchObject([{ reason: expect.stringContaining('not trusted') }]);
  }
}, 30_000);

test('what is sent in one turn is one write', async () => {
  const lines: string[] = [];
  await using servers = await startServers([{ hear: (line) => void lines.push(line) }], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((one) => providerAt(one, { connections: 1 })),
  });
  await Promise.all(film.parts.slice(0, 3).map((_, part) => room.fetch(part).whole));
  expect(lines).toEqual(film.parts.slice(0, 3).map(({ id }) => `BODY <${id}>`));
});

test('an idle connection is kept alive by DATE, and closed by QUIT in the end', async () => {
  const lines: string[] = [];
  await using servers = await startServers([{ hear: (line) => void lines.push(line) }], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((one) => providerAt(one)),
    times: { keepAliveMs: 500, idleMs: 3500 },
  });
  await room.fetch(1).whole;
  await sleep(2500);
  expect(servers[0]?.mostConnections()).toBe(2);
  expect(lines).toContain('DATE');
  expect(servers[0]?.connections()).toBeGreaterThan(0);
  await waitUntil(() => servers[0]?.connections() === 0, { what: 'closed', timeoutMs: 10_000 });
  expect(lines.at(-1)).toBe('QUIT');
  expect(room.all.states()).toMatchObject([{ failures: 0, connections: 0 }]);
}, 20_000);

test('connections are opened only as they are needed', async () => {
  await using servers = await startServers([{}], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((one) => providerAt(one, { connections: 20 })),
  });
  expect(servers[0]?.mostConnections()).toBe(0);
  for (let part = 0; part < 20; part += 1) await room.fetch(part, { lane: 'head' }).whole;
  // One to spare for the next viewer.
  expect(servers[0]?.mostConnections()).toBeLessThanOrEqual(2);
});

test('a frozen provider is asked less and less, and the viewer goes on', async () => {
  let isFrozen = false;
  const trouble = () => (isFrozen ? ({ kind: 'silence' } as const) : null);
  await using servers = await startServers([{ trouble }, {}], film.articles);
  await using room = openRoom({
    post: film,
    providers: servers.map((one, priority) => providerAt(one, { priority, connections: 2 })),
    times: { silenceMs: 600, readOffMs: 200 },
  });
  await room.fetch(0, { lane: 'head' }).whole;
  isFrozen = true;
  const waits: number[] = [];
  for (let part = 1; part < 40; part += 1) {
    const since = performance.now();
    expect(room.isRight(part, await room.fetch(part, { lane: 'head' }).whole)).toBe(true);
    waits.push(performance.now() - since);
  }
  expect(Math.max(...waits)).toBeLessThan(2000);
  expect(waits.slice(-10).toSorted((one, other) => one - other)[5]).toBeLessThan(200);
}, 60_000);
