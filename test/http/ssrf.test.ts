import { channel } from 'node:diagnostics_channel';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { createNet, type Net, type NetOptions } from '../../src/platform/net.ts';
import { type DnsServer, startDns } from '../support/dns-server.ts';
import { LEADING_INSIDE, PRIVATE, THIS_MACHINE } from '../support/forbidden-hosts.ts';
import { type Origin, startOrigin } from '../support/origin.ts';

// The dialer itself: no forbidden host in any spelling, and not so much as a socket made for one.

const NEVER = new AbortController().signal;
const PUBLIC = '127.0.0.2';

let trap: Server;
let trapPort: number;
let dns: DnsServer;
let origin: Origin;
/** Names whose answers a test changes. */
const answers = new Map<string, () => readonly string[]>();
let caught = 0;
let socketsMade = 0;
const countSocket = () => {
  socketsMade += 1;
};

beforeAll(async () => {
  // Of this machine's every address, both families.
  trap = createServer((socket) => {
    caught += 1;
    socket.destroy();
  }).listen(0, '::');
  await once(trap, 'listening');
  const address = trap.address();
  trapPort = typeof address === 'object' && address !== null ? address.port : 0;
  dns = await startDns((name) => answers.get(name)?.() ?? LEADING_INSIDE[name]);
  origin = await startOrigin(Buffer.from('public bytes'), { host: PUBLIC });
});
afterAll(async () => {
  await origin.stop();
  await dns.stop();
  trap.close();
});

async function resolve(host: string) {
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${dns.port}`]);
  return (await resolver.resolve4(host)).map((address) => ({ address, family: 4 }));
}

async function withNet(options: Partial<NetOptions>, use: (net: Net) => Promise<void>): Promise<void> {
  const net = createNet({
    mode: 'all',
    allow: [`${PUBLIC}/32`],
    ownPorts: () => new Set(),
    resolve,
    ...options,
  });
  channel('net.client.socket').subscribe(countSocket);
  try {
    await use(net);
  } finally {
    channel('net.client.socket').unsubscribe(countSocket);
    await net.close();
  }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'reached',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

/** Every way of asking the dialer for one host; what was not refused. */
async function reached(net: Net, host: string): Promise<string[]> {
  const bare = host.replace(/^.*@/, '').replace(/^\[|\]$/g, '');
  const ways: Record<string, Promise<unknown>> = {};
  for (const scheme of ['http', 'https'] as const)
    for (const method of ['GET', 'HEAD', 'POST'] as const)
      ways[`${method} ${scheme}`] = net.request(`${scheme}://${host}:${trapPort}/film.mp4`, { method });
  for (const scheme of ['http', 'ftp', 'ftps', 'nntp', 'nntps', 'ws', 'wss', 'udp'])
    ways[scheme] = Promise.resolve().then(() => {
      const url = URL.parse(`${scheme}://${host}:${trapPort}/announce`);
      // What the parser of this scheme does not take reaches nobody.
      if (url === null) throw new AppError('net.refused', 'no URL', { status: 400 });
      return net.assertAllowed(url, NEVER);
    });
  ways.dial = net.dial({ host: bare, port: trapPort, isTls: false }, NEVER);
  const codes = await Promise.all(
    Object.entries(ways).map(async ([way, work]) => `${way} ${host} ${await codeOf(work)}`),
  );
  return codes.filter((code) => !code.endsWith(' net.refused'));
}

describe.each([
  { mode: 'all' as const, name: 'with everything public allowed' },
  { mode: 'listed' as const, name: 'with a list' },
])('$name', ({ mode }) => {
  test('this machine and private networks are refused in every spelling, scheme and method; no socket, no question', async () => {
    const before = [caught, dns.asked.length, socketsMade];
    const wrong: string[] = [];
    await withNet({ mode }, async (net) => {
      for (const host of [...THIS_MACHINE, ...PRIVATE]) wrong.push(...(await reached(net, host)));
    });
    expect(wrong).toEqual([]);
    expect([caught, dns.asked.length, socketsMade]).toEqual(before);
  });
});

test('the trap and the counters work: what is allowed is seen by all three', async () => {
  answers.set('control.test', () => ['127.0.0.3']);
  const before = [caught, dns.asked.length, socketsMade];
  await withNet({ allow: ['control.test'] }, async (net) => {
    const socket = await net.dial({ host: 'control.test', port: trapPort, isTls: false }, NEVER);
    await once(socket.resume(), 'close');
  });
  expect([caught, dns.asked.length, socketsMade].map((count, at) => count - (before[at] ?? 0))).toEqual([
    1, 1, 1,
  ]);
});

test('names that lead inside are refused after the one question, and before any with a list', async () => {
  const before = [caught, socketsMade];
  const questions = dns.asked.length;
  await withNet({ mode: 'listed' }, async (net) => {
    for (const name of Object.keys(LEADING_INSIDE)) expect(await reached(net, name)).toEqual([]);
  });
  expect(dns.asked.length).toBe(questions);
  await withNet({}, async (net) => {
    for (const name of Object.keys(LEADING_INSIDE)) expect(await reached(net, name), name).toEqual([]);
  });
  expect(new Set(dns.asked.slice(questions))).toEqual(new Set(Object.keys(LEADING_INSIDE)));
  expect([caught, socketsMade]).toEqual(before);
});

test('a trailing dot, capitals and other schemes do not make another name of one on the list', async () => {
  await withNet({ mode: 'listed', allow: ['films.test'] }, async (net) => {
    answers.set('films.test', () => [PUBLIC]);
    for (const host of ['FILMS.test', 'films.test.', 'ｆｉｌｍｓ.test'])
      for (const scheme of ['http', 'udp', 'nntp'])
        expect(
          await codeOf(net.assertAllowed(new URL(`${scheme}://${host}:8080/`), NEVER)),
          `${scheme} ${host}`,
        ).toBe('reached');
    for (const host of [
      'films.test.evil.test',
      'evilfilms.test',
      'films.test@inner.test',
      'films.test%00.evil.test',
    ])
      expect(await reached(net, host), host).toEqual([]);
  });
});

describe('a name server that changes its mind', () => {
  test('is believed once: the address that was checked is the one connected', async () => {
    let asked = 0;
    answers.set('rebinding.test', () => {
      asked += 1;
      return [asked % 2 === 1 ? PUBLIC : '127.0.0.3'];
    });
    const before = caught;
    await withNet({}, async (net) => {
      for (let round = 0; round < 20; round += 1) {
        const socket = await net
          .dial({ host: 'rebinding.test', port: origin.port, isTls: false }, NEVER)
          .catch((error: unknown) => error);
        if (socket instanceof Error) expect(socket).toMatchObject({ code: 'net.refused' });
        else {
          expect(socket).toMatchObject({ remoteAddress: PUBLIC });
          (socket as { destroy(): void }).destroy();
        }
      }
    });
    expect(asked).toBe(20);
    expect(caught).toBe(before);
  });

  test('leads a redirect to the same name nowhere else', async () => {
    let asked = 0;
    answers.set('turning.test', () => {
      asked += 1;
      return [asked === 1 ? PUBLIC : '127.0.0.3'];
    });
    // Another port is another connection, and so another question.
    origin.behaviour.redirects = { '/turn': `http://turning.test:${trapPort}/film.mp4` };
    const before = caught;
    await withNet({}, async (net) => {
      expect(await codeOf(net.request(`http://turning.test:${origin.port}/turn`))).toBe('net.refused');
    });
    origin.behaviour.redirects = {};
    expect([asked, caught]).toEqual([2, before]);
  });

  test('that answers with many addresses or aliases of a good one is fine', async () => {
    answers.set('alias-of-good.test', () => ['cdn.test', 'edge.test', PUBLIC]);
    answers.set('both.test', () => ['8.8.8.8', PUBLIC, '127.0.0.3']);
    await withNet({}, async (net) => {
      for (const name of ['alias-of-good.test', 'both.test']) {
        const { body } = await net.request(`http://${name}:${origin.port}/film.mp4`);
        expect(await body.text()).toBe('public bytes');
        expect(await net.addressesOf(new URL(`http://${name}:8080/`), NEVER)).toEqual([
          { address: PUBLIC, family: 4 },
        ]);
      }
    });
  });
});

test('our own address with our own port is refused by any name; the address alone, or another port, is not', async () => {
  answers.set('mirror.test', () => [PUBLIC]);
  await withNet({ publicUrl: `http://${PUBLIC}:${origin.port}` }, async (net) => {
    for (const host of [PUBLIC, 'mirror.test', '0x7f000002', `[::ffff:${PUBLIC}]`])
      expect(await codeOf(net.request(`http://${host}:${origin.port}/film.mp4`)), host).toBe('net.refused');
    expect(await codeOf(net.assertAllowed(new URL(`http://mirror.test:8080/`), NEVER))).toBe('reached');
  });
  await withNet({ ownPorts: () => new Set([origin.port]) }, async (net) => {
    expect(await codeOf(net.request(`http://mirror.test:${origin.port}/film.mp4`))).toBe('net.refused');
  });
});
