import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNet, type Net } from '../../src/platform/net.ts';
import { announce, scrape } from '../../src/streams/torrent/trackers/index.ts';
import { bencode } from '../support/bencode.ts';
import { freePort } from '../support/processes.ts';
import {
  numbers,
  startFakeHttp,
  startFakeTcp,
  startFakeUdpTracker,
  startFakeWebSocket,
} from '../support/trackers.ts';

// Trackers that are silent, lie, send rubbish or 10 MB, are gone, or are none of our business.

const NEVER = new AbortController().signal;
const HASH = randomBytes(20).toString('hex');
const ME = {
  ...{ infoHash: HASH, peerId: Buffer.from('-TB0001-abcdefghijkl'), port: 6881 },
  ...{ uploaded: 0, downloaded: 0, left: 0, numWant: 50 },
};
let net: Net;

beforeAll(() => {
  net = createNet({
    mode: 'listed',
    allow: ['127.0.0.0/8', '::1', 'gone.invalid'],
    ownPorts: () => new Set(),
  });
});
afterAll(() => net.close());

const answering = (body: Buffer | string, status = 200) =>
  startFakeHttp((_req, res) => void res.writeHead(status).end(body));
const SILENT = { message: 'The tracker did not answer in time.', status: 504 };
const NONSENSE = { message: expect.stringContaining('no answer of a tracker') };

describe('silence ends in time', () => {
  const quick = { timeoutMs: 300 };

  test('by udp, which is asked three times', async () => {
    await using fake = await startFakeUdpTracker(() => null);
    const begun = performance.now();
    await expect(announce(fake.url, ME, { net, timeoutMs: 1000 }, NEVER)).rejects.toMatchObject(SILENT);
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(fake.actions).toEqual([0, 0, 0]);
    await expect(scrape(fake.url, [HASH], { net, ...quick }, NEVER)).rejects.toMatchObject(SILENT);
  });

  test('by udp, connected and then no word', async () => {
    await using fake = await startFakeUdpTracker((request, reply) =>
      request.readUInt32BE(8) === 0 ? reply(0, numbers(1, 2)) : null,
    );
    await expect(announce(fake.url, ME, { net, ...quick }, NEVER)).rejects.toMatchObject(SILENT);
    // The id that nobody answered to is not kept.
    expect(fake.actions.slice(0, 4)).toEqual([0, 1, 0, 1]);
  });

  test.each(['http', 'https', 'ws', 'wss'])('by %s', async (scheme) => {
    await using fake = await startFakeTcp(() => {});
    const url = `${scheme}://127.0.0.1:${fake.port}/announce`;
    await expect(announce(url, ME, { net, ...quick }, NEVER)).rejects.toMatchObject(SILENT);
  });

  test('by http, which drips a byte now and then', async () => {
    const timers: NodeJS.Timeout[] = [];
    await using fake = await startFakeHttp((_req, res) => {
      res.writeHead(200);
      timers.push(setInterval(() => res.write('d'), 50));
    });
    await expect(announce(fake.url, ME, { net, ...quick }, NEVER)).rejects.toMatchObject(SILENT);
    for (const timer of timers) clearInterval(timer);
  });

  test.each(['udp', 'http', 'ws'])('or when the caller leaves: by %s', async (scheme) => {
    await using udp = await startFakeUdpTracker(() => null);
    await using tcp = await startFakeTcp(() => {});
    const url = `${scheme}://127.0.0.1:${scheme === 'udp' ? udp.port : tcp.port}/announce`;
    const caller = new AbortController();
    const asked = announce(url, ME, { net }, caller.signal);
    setTimeout(() => caller.abort(new Error('left')), 50);
    const begun = performance.now();
    await expect(asked).rejects.toThrow('left');
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

describe('nobody there', () => {
  test.each(['udp', 'http', 'ws'])('a closed port of %s is told at once', async (scheme) => {
    const begun = performance.now();
    const port = await freePort();
    await expect(
      announce(`${scheme}://127.0.0.1:${port}/announce`, ME, { net }, NEVER),
    ).rejects.toMatchObject({ code: 'upstream.failed' });
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test.each(['udp', 'http', 'ws'])('a name that is gone, by %s', async (scheme) => {
    const gone = createNet({
      ...{ mode: 'all' as const, allow: [], ownPorts: () => new Set<number>() },
      resolve: () => Promise.reject(new Error('ENOTFOUND')),
    });
    const asked = announce(`${scheme}://gone.invalid:6969/announce`, ME, { net: gone }, NEVER);
    await expect(asked).rejects.toMatchObject({ code: 'upstream.failed' });
    await gone.close();
  });
});

describe('hosts that may not be asked', () => {
  test.each(['udp', 'http', 'https', 'ws', 'wss'])('are refused, not dialled: by %s', async (scheme) => {
    await using udp = await startFakeUdpTracker(() => null);
    await using tcp = await startFakeTcp(() => {});
    const strict = createNet({ mode: 'all', allow: [], ownPorts: () => new Set() });
    const port = scheme === 'udp' ? udp.port : tcp.port;
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1']) {
      const url = `${scheme}://${host}:${port}/announce`;
      await expect(announce(url, ME, { net: strict }, NEVER), url).rejects.toMatchObject({
        code: expect.stringMatching(/net\.refused|upstream\.failed/),
      });
    }
    expect([udp.actions.length, tcp.connections()]).toEqual([0, 0]);
    await strict.close();
  });

  test('a public tracker that redirects inside is not followed there', async () => {
    await using inside = await startFakeTcp(() => {});
    await using fake = await startFakeHttp((_req, res) =>
      res.writeHead(302, { location: `http://127.0.0.2:${inside.port}/announce` }).end(),
    );
    const strict = createNet({ mode: 'all', allow: ['127.0.0.1'], ownPorts: () => new Set() });
    await expect(announce(fake.url, ME, { net: strict }, NEVER)).rejects.toMatchObject({
      code: 'net.refused',
    });
    expect(inside.connections()).toBe(0);
    await strict.close();
  });
});

describe('rubbish', () => {
  test.each<[string, Buffer | string]>([
    ['a page', '<html>hello</html>'],
    ['nothing', ''],
    ['random bytes', randomBytes(5000)],
    ['a list', 'le'],
    ['an empty dictionary', 'de'],
    ['a length that lies', 'd8:intervali1800e5:peers999999:abce'],
    ['a length beyond all', 'd8:interval99999999999999999999:'],
    ['a dictionary that never ends', 'd8:intervali1800e'],
    ['a number that never ends', `d8:intervali${'1'.repeat(100_000)}`],
    ['a thousand lists in each other', `d5:peers${'l'.repeat(1000)}${'e'.repeat(1000)}e`],
    ['half a million numbers', `d5:peersl${'i1e'.repeat(300_000)}e8:intervali1ee`],
    ['10 MB', Buffer.alloc(10_000_000, 'd')],
  ])('by http: %s', async (_what, body) => {
    await using fake = await answering(body);
    await expect(announce(fake.url, ME, { net }, NEVER)).rejects.toMatchObject(NONSENSE);
    await expect(scrape(fake.url, [HASH], { net }, NEVER)).rejects.toMatchObject(NONSENSE);
  });

  test.each<[string, Buffer]>([
    ['too short for numbers', numbers(1, 2)],
    ['cut in a number', Buffer.alloc(11)],
  ])('by udp: %s', async (_what, rest) => {
    await using fake = await startFakeUdpTracker((request, reply) =>
      request.readUInt32BE(8) === 0 ? reply(0, numbers(1, 2)) : reply(request.readUInt32BE(8), rest),
    );
    await expect(announce(fake.url, ME, { net }, NEVER)).rejects.toMatchObject(NONSENSE);
    await expect(scrape(fake.url, [HASH], { net }, NEVER)).rejects.toMatchObject(NONSENSE);
  });

  test('by udp: more torrents than were asked for', async () => {
    await using fake = await startFakeUdpTracker((request, reply) =>
      request.readUInt32BE(8) === 0 ? reply(0, numbers(1, 2)) : reply(2, numbers(1, 1, 1, 2, 2, 2)),
    );
    await expect(scrape(fake.url, [HASH], { net }, NEVER)).rejects.toMatchObject(NONSENSE);
  });

  test('by udp: noise before the answer does not hide it', async () => {
    await using fake = await startFakeUdpTracker((request, reply) =>
      request.readUInt32BE(8) === 0 ? reply(0, numbers(1, 2)) : reply(1, numbers(1800, 1, 2)),
    );
    await using noisy = await startFakeUdpTracker((request, reply) => {
      const action = request.readUInt32BE(8);
      if (action === 0) return reply(0, numbers(1, 2));
      // Of a wrong transaction: dropped, so nothing else came.
      return Buffer.concat([numbers(1, 0), numbers(1800, 9, 9)]);
    });
    expect(await announce(fake.url, ME, { net }, NEVER)).toMatchObject({ seeders: 2, leechers: 1 });
    await expect(announce(noisy.url, ME, { net, timeoutMs: 300 }, NEVER)).rejects.toMatchObject(SILENT);
  });

  test('by ws: no JSON, 10 MB, no WebSocket at all', async () => {
    await using page = await answering('<html>hello</html>');
    const url = page.url.replace('http:', 'ws:');
    await expect(announce(url, ME, { net }, NEVER)).rejects.toMatchObject({ code: 'upstream.failed' });
    for (const message of ['hello', '[]', '{"interval":"x"}', 'x'.repeat(10_000_000)]) {
      await using fake = await startFakeWebSocket(message);
      const asked = announce(fake.url, ME, { net, timeoutMs: 3000 }, NEVER);
      await expect(asked, message.slice(0, 20)).rejects.toMatchObject(
        message.length < 100 ? NONSENSE : { code: 'upstream.failed' },
      );
    }
  });
});

describe('what trackers write', () => {
  test('a refusal counts with any status, its words made harmless', async () => {
    await using fake = await answering(
      bencode({ 'failure reason': `no\u0000\u202Eway${'!'.repeat(500)}` }),
      403,
    );
    await expect(announce(fake.url, ME, { net }, NEVER)).rejects.toMatchObject({
      name: 'TrackerRefused',
      message: expect.stringMatching(/^The tracker refused: no way!{190,200}$/),
    });
  });

  test('a status without a refusal is told', async () => {
    await using fake = await answering('<html>down</html>', 503);
    await expect(announce(fake.url, ME, { net }, NEVER)).rejects.toThrow('status 503');
  });

  test('peers in a list, IPv6 ones beside them, warning, tracker id; numbers out of bounds are bent', async () => {
    const asked: string[] = [];
    const body = bencode({
      complete: -5,
      incomplete: 99_999_999_999,
      interval: 0,
      'min interval': 999_999_999,
      peers: [
        { ip: '10.0.0.1', port: 6881, 'peer id': 'x'.repeat(20) },
        { ip: 'peer.example', port: 1 },
        { ip: '10.0.0.1', port: 6881 },
        { ip: 'bad host!', port: 1 },
        { ip: '10.0.0.2', port: 70_000 },
        { port: 1 },
        7,
      ],
      peers6: Buffer.from(`20010db8${'00'.repeat(11)}0a1ae1`, 'hex'),
      'tracker id': 'abc',
      'warning message': 'old client',
    });
    await using fake = await startFakeHttp((req, res) => {
      asked.push(req.url ?? '');
      res.end(body);
    });
    const url = `${fake.url}?passkey=a%2Bb`;
    const told = await announce(url, { ...ME, event: 'started', trackerId: 'a b' }, { net }, NEVER);
    expect(told).toMatchObject({
      peers: [
        { host: '10.0.0.1', port: 6881 },
        { host: 'peer.example', port: 1 },
        { host: '2001:db8::a', port: 6881 },
      ],
      ...{ seeders: null, leechers: 2_147_483_647, intervalS: 30, minIntervalS: 86_400 },
      ...{ trackerId: 'abc', warning: 'old client' },
    });
    const [path, query = ''] = asked[0]?.split('?') ?? [];
    expect(path).toBe('/announce');
    expect(query.split('&').toSorted()).toEqual(
      [
        ...['passkey=a%2Bb', `info_hash=${HASH.toUpperCase().replace(/../g, '%$&')}`],
        `peer_id=${ME.peerId.toString('hex').toUpperCase().replace(/../g, '%$&')}`,
        ...['port=6881', 'uploaded=0', 'downloaded=0', 'left=0', 'compact=1', 'numwant=50'],
        ...[`key=${Buffer.from('ijkl').toString('hex')}`, 'event=started', 'trackerid=a%20b'],
      ].toSorted(),
    );
  });

  test('a million peers become a thousand', async () => {
    await using fake = await answering(bencode({ interval: 1800, peers: randomBytes(900_000) }));
    expect((await announce(fake.url, ME, { net }, NEVER)).peers).toHaveLength(1000);
  });

  test('a tracker without a scrape convention says so before it is asked', async () => {
    await using fake = await startFakeTcp(() => {});
    const url = `http://127.0.0.1:${fake.port}/tracker.php`;
    await expect(scrape(url, [HASH], { net }, NEVER)).rejects.toThrow('offers no scrape');
    expect(fake.connections()).toBe(0);
  });
});
