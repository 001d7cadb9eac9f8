import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UpstreamFailed } from '../../src/kit/errors.ts';
import { ArticleDamaged, ArticleMissing } from '../../src/streams/usenet/providers/articles-of.ts';
import type { Provider } from '../../src/streams/usenet/providers/provider.ts';
import type { NntpServer, NntpServerOptions, Trouble } from '../support/nntp-server.ts';
import {
  openRoom,
  type Post,
  post,
  providerAt,
  startServers,
  type UsenetRoom,
} from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';
import { dotStuffed } from '../support/yenc-encode.ts';

const TIMES = { silenceMs: 1500, readOffMs: 500, loginMs: 1000 };
const film = post(60, 30_000);
const idOf = (part: number) => film.parts[part]?.id ?? '';
const indexOf = new Map(film.parts.map(({ id }, part) => [id, part]));
const bodyOf = (part: number) => film.articles.get(idOf(part)) ?? Buffer.alloc(0);

type Side = Partial<NntpServerOptions> & { provider?: Partial<Provider> };

/** Servers with these troubles as providers, while `work` runs. */
async function withServers(
  sides: readonly Side[],
  work: (room: UsenetRoom, servers: NntpServer[]) => Promise<void>,
): Promise<void> {
  await using servers = await startServers(sides, film.articles);
  const providers = servers.map((server, index) => providerAt(server, sides[index]?.provider));
  await using room = openRoom({ post: film, providers, times: TIMES });
  await work(room, servers);
}

async function readAll(room: UsenetRoom, from: Post = film): Promise<void> {
  const whole = await Promise.all(from.parts.map((_, part) => room.fetch(part, { lane: 'head' }).whole));
  expect(whole.map((one, part) => (room.isRight(part, one) ? -1 : part)).filter((part) => part >= 0)).toEqual(
    [],
  );
}

const everyNth = (nth: number, trouble: Trouble) => {
  let count = 0;
  return () => {
    count += 1;
    return count % nth === 0 ? trouble : null;
  };
};
const flipped = (part: number): Trouble => {
  const wire = dotStuffed(bodyOf(part));
  const at = Math.floor(wire.length / 2);
  // Within printable bytes, so that nothing but one byte of data changes.
  for (let offset = 0; offset < 200; offset += 1) {
    const byte = wire[at + offset] ?? 0;
    if (byte < 0x40 || byte > 0x7a || byte === 0x79 || wire[at + offset - 1] === 0x3d) continue;
    wire[at + offset] = byte + 1;
    break;
  }
  return { kind: 'body', wire };
};
const withBadCrc = (part: number): Trouble => {
  const text = bodyOf(part).toString('latin1');
  return {
    kind: 'body',
    wire: dotStuffed(Buffer.from(text.replace(/pcrc32=\w{8}/, 'pcrc32=deadbeef'), 'latin1')),
  };
};
const truncated = (part: number): Trouble => ({
  kind: 'body',
  wire: Buffer.concat([dotStuffed(bodyOf(part)).subarray(0, 9000), Buffer.from('\r\n.\r\n')]),
});
const every = (nth: number, of: (part: number) => Trouble) => (id: string) => {
  const part = indexOf.get(id) ?? 0;
  return part % nth === 0 ? of(part) : null;
};

test.each<[string, Side]>([
  ['has only every second article', { trouble: every(2, () => ({ kind: 'missing' })) }],
  ['has none', { articles: new Map() }],
  ['resets every fifth body in the middle', { trouble: everyNth(5, { kind: 'reset', after: 8000 }) }],
  ['ends every fifth body in the middle', { trouble: everyNth(5, { kind: 'end', after: 8000 }) }],
  ['stalls in every fifth body', { trouble: everyNth(5, { kind: 'stall', after: 8000 }) }],
  ['never answers', { trouble: () => ({ kind: 'silence' }) }],
  ['flips bits', { trouble: every(3, flipped) }],
  ['says wrong checksums', { trouble: every(3, withBadCrc) }],
  ['cuts articles short', { trouble: every(3, truncated) }],
  [
    'answers with another article',
    {
      trouble: every(3, (part) => ({
        kind: 'reply',
        line: `222 0 <${idOf(part + 1)}>\r\n${dotStuffed(bodyOf((part + 1) % 60)).toString('latin1')}`.trimEnd(),
      })),
    },
  ],
  [
    'gives another article’s part',
    { trouble: every(3, (part) => ({ kind: 'body', wire: dotStuffed(bodyOf((part + 1) % 60)) })) },
  ],
  [
    'answers with garbage',
    { trouble: every(7, () => ({ kind: 'reply', line: '\u0000\u0001 hello <html>' })) },
  ],
  [
    'answers with an endless line',
    { trouble: every(7, () => ({ kind: 'reply', line: '2'.repeat(200_000) })) },
  ],
  ['answers 403', { trouble: every(3, () => ({ kind: 'reply', line: '403 fault' })) }],
  ['answers 502', { trouble: every(3, () => ({ kind: 'reply', line: '502 quota' })) }],
  ['takes articles down', { trouble: every(3, () => ({ kind: 'reply', line: '451 taken down' })) }],
  ['turns everyone away', { maxConnections: 0 }],
  [
    'refuses the login',
    { login: { username: 'a', password: 'b' }, provider: { username: 'a', password: 'wrong' } },
  ],
  ['asks for a login it was not given', { login: { username: 'a', password: 'b' } }],
  ['greets with garbage', { greet: (socket) => !socket.write('SSH-2.0-OpenSSH_9\r\n') }],
  [
    'greets byte by byte',
    {
      greet(socket) {
        const drip = setInterval(() => socket.write('2'), 100);
        socket.on('close', () => clearInterval(drip));
        return false;
      },
    },
  ],
  ['says nothing at all', { greet: () => false }],
])(
  'the other provider helps where one %s',
  async (_, side) => {
    await withServers([side, {}], async (room) => {
      await readAll(room);
      const [one] = room.all.states();
      expect(one?.inFlight).toBe(0);
    });
  },
  60_000,
);

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
  await withServers(
    [{ greet: () => false, provider: { priority: 0 } }, { provider: { priority: 1 } }],
    async (room) => {
      const since = performance.now();
      await room.fetch(3, { lane: 'head' }).whole;
      expect(performance.now() - since).toBeLessThan(3000);
    },
  );
});

test('one that answers everything with an error rests', async () => {
  const always: Side = { trouble: () => ({ kind: 'reply', line: '403 fault' }), provider: { priority: 0 } };
  await withServers([always, { provider: { priority: 1 } }], async (room, [server]) => {
    for (let part = 0; part < 10; part += 1) await room.fetch(part, { lane: 'head' }).whole;
    expect(room.all.states()[0]).toMatchObject({ status: 'resting' });
    expect(server?.bodies).toHaveLength(5);
  });
});
