import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNet, type Net } from '../../src/platform/net.ts';
import { announce, scrape, TrackerRefused } from '../../src/streams/torrent/trackers/index.ts';
import { numbers, startFakeUdpTracker, startTracker, type TestTracker } from '../support/trackers.ts';

// Announces and scrapes against another's tracker, and against one that answers byte by byte what the BEPs say.

const NEVER = new AbortController().signal;
let net: Net;
let tracker: TestTracker;

beforeAll(async () => {
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8', '::1'], ownPorts: () => new Set() });
  tracker = await startTracker();
});
afterAll(async () => {
  await tracker.stop();
  await net.close();
});

const freshHash = () => randomBytes(20).toString('hex');
const asPeer = (infoHash: string, port: number, left = 0) => ({
  ...{ infoHash, peerId: Buffer.from(`-TB0001-${String(port).padStart(12, '0')}`), port },
  ...{ uploaded: 0, downloaded: 0, left, numWant: 50 },
});

describe.each(['udpUrl', 'httpUrl'] as const)('a real tracker by its %s', (key) => {
  test('tells of the peers that announced, and of their numbers', async () => {
    const infoHash = freshHash();
    const url = tracker[key];
    await announce(url, { ...asPeer(infoHash, 7001), event: 'started' }, { net }, NEVER);
    await announce(url, { ...asPeer(infoHash, 7002, 5), event: 'started' }, { net }, NEVER);
    const told = await announce(url, { ...asPeer(infoHash, 7003, 9), event: 'started' }, { net }, NEVER);
    expect(told).toMatchObject({ seeders: 1, leechers: 2, intervalS: 600, trackerId: null, warning: null });
    expect(told.peers.filter(({ port }) => port !== 7003).toSorted((a, b) => a.port - b.port)).toEqual([
      { host: '127.0.0.1', port: 7001 },
      { host: '127.0.0.1', port: 7002 },
    ]);
    expect(told.latencyMs).toBeLessThan(1000);
    const counts = await scrape(url, [infoHash], { net }, NEVER);
    expect([...counts.keys()]).toEqual([infoHash]);
    expect(counts.get(infoHash)).toMatchObject({ seeders: 1, leechers: 2 });
    await announce(url, { ...asPeer(infoHash, 7002), event: 'completed' }, { net }, NEVER);
    await announce(url, { ...asPeer(infoHash, 7003, 9), event: 'stopped' }, { net }, NEVER);
    const later = await scrape(url, [infoHash], { net }, NEVER);
    expect(later.get(infoHash)).toMatchObject({ seeders: 2, leechers: 0 });
  });

  test('is asked for 200 torrents in as many requests as fit', async () => {
    const hashes = Array.from({ length: 200 }, freshHash);
    for (const infoHash of hashes.slice(0, 3))
      await announce(tracker[key], { ...asPeer(infoHash, 7001), event: 'started' }, { net }, NEVER);
    const counts = await scrape(tracker[key], hashes, { net }, NEVER);
    expect(hashes.slice(0, 3).map((hash) => counts.get(hash)?.seeders)).toEqual([1, 1, 1]);
    expect([...counts.values()].reduce((sum, { seeders }) => sum + seeders, 0)).toBe(3);
  });

  test('that refuses is alive, and says why', async () => {
    await using closed = await startTracker({ refuse: 'not on the list' });
    const refused = await announce(closed[key], asPeer(freshHash(), 7001), { net }, NEVER).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(TrackerRefused);
    expect(refused).toMatchObject({ message: expect.stringContaining('not on the list') });
  });
});

describe('a WebSocket tracker', () => {
  test('answers an announce with numbers and no peers, and counts us no longer than we stay', async () => {
    const infoHash = freshHash();
    const told = await announce(
      tracker.wsUrl,
      { ...asPeer(infoHash, 7001), event: 'started' },
      { net },
      NEVER,
    );
    expect(told).toMatchObject({ peers: [], seeders: 1, leechers: 0, intervalS: 120 });
    await expect
      .poll(
        async () => (await scrape(tracker.httpUrl, [infoHash], { net }, NEVER)).get(infoHash)?.seeders ?? 0,
      )
      .toBe(0);
  });

  test('that refuses is alive', async () => {
    await using closed = await startTracker({ refuse: 'not on the list' });
    const refused = announce(closed.wsUrl, asPeer(freshHash(), 7001), { net }, NEVER);
    await expect(refused).rejects.toBeInstanceOf(TrackerRefused);
  });

  test('is not scraped', async () => {
    await expect(scrape(tracker.wsUrl, [freshHash()], { net }, NEVER)).rejects.toThrow('not scraped');
  });
});

describe('UDP, byte by byte (BEP 15)', () => {
  const CONNECTION = Buffer.from('0102030405060708', 'hex');

  test('an announce is 98 bytes with everything in its place; the connection id is asked for once a minute', async () => {
    const seen: Buffer[] = [];
    await using fake = await startFakeUdpTracker((request, reply) => {
      seen.push(request);
      return request.readUInt32BE(8) === 0
        ? reply(0, CONNECTION)
        : reply(1, numbers(1800, 4, 7), Buffer.from([10, 0, 0, 1, 0x1a, 0xe1, 10, 0, 0, 2, 0, 0, 1]));
    });
    const infoHash = freshHash();
    const peerId = Buffer.from('-TB0001-abcdefghijkl');
    const request = { infoHash, peerId, port: 6881, uploaded: 3, downloaded: 2 ** 33, left: 1, numWant: -1 };
    const told = await announce(fake.url, { ...request, event: 'completed' }, { net }, NEVER);
    // Port 0 is no peer, and a broken last one is none either.
    expect(told).toMatchObject({
      peers: [{ host: '10.0.0.1', port: 6881 }],
      ...{ intervalS: 1800, leechers: 4, seeders: 7 },
    });
    const [connect, first] = seen;
    expect(connect?.subarray(0, 12).toString('hex')).toBe('000004172710198000000000');
    expect(connect?.length).toBe(16);
    expect(first?.length).toBe(98);
    expect(first?.subarray(0, 12).toString('hex')).toBe('010203040506070800000001');
    expect(first?.subarray(16, 36).toString('hex')).toBe(infoHash);
    expect(first?.subarray(36, 56)).toEqual(peerId);
    expect([56, 64, 72].map((at) => first?.readBigUInt64BE(at))).toEqual([2n ** 33n, 1n, 3n]);
    expect([80, 84].map((at) => first?.readUInt32BE(at))).toEqual([1, 0]);
    expect([first?.readInt32BE(92), first?.readUInt16BE(96)]).toEqual([-1, 6881]);
    for (let round = 0; round < 5; round += 1) await announce(fake.url, request, { net }, NEVER);
    expect(fake.actions).toEqual([0, 1, 1, 1, 1, 1, 1]);
  });

  test('path and query of a member’s URL go along (BEP 41), a plain announce stays plain', async () => {
    let tail: Buffer | undefined;
    await using fake = await startFakeUdpTracker((request, reply) => {
      if (request.readUInt32BE(8) === 0) return reply(0, CONNECTION);
      tail = request.subarray(98);
      return reply(1, numbers(1800, 0, 0));
    });
    const path = `/${'k'.repeat(300)}/announce?a=1`;
    await announce(`udp://127.0.0.1:${fake.port}${path}`, asPeer(freshHash(), 1), { net }, NEVER);
    const [type, length] = [tail?.[0], tail?.[1] ?? 0];
    expect([type, length, tail?.[257]]).toEqual([2, 255, 2]);
    expect(`${tail?.subarray(2, 257)}${tail?.subarray(259)}`).toBe(path);
  });

  test('peers of an IPv6 answer have 18 bytes', async () => {
    await using fake = await startFakeUdpTracker(
      (request, reply) =>
        request.readUInt32BE(8) === 0
          ? reply(0, CONNECTION)
          : reply(1, numbers(1800, 0, 1), Buffer.from(`20010db8${'00'.repeat(11)}0a1ae1`, 'hex')),
      '::1',
    );
    const told = await announce(fake.url, asPeer(freshHash(), 1), { net }, NEVER);
    expect(told.peers).toEqual([{ host: '2001:db8::a', port: 6881 }]);
  });

  test('a lost packet is sent again; the answer to the second is taken', async () => {
    let lost = 0;
    await using fake = await startFakeUdpTracker((request, reply) => {
      if (lost < 1) {
        lost += 1;
        return null;
      }
      return request.readUInt32BE(8) === 0 ? reply(0, CONNECTION) : reply(1, numbers(1800, 0, 0));
    });
    const told = await announce(fake.url, asPeer(freshHash(), 1), { net, timeoutMs: 2000 }, NEVER);
    expect(told.latencyMs).toBeGreaterThan(500);
    expect(fake.actions).toEqual([0, 0, 1]);
  });

  test('a tracker that forgot the connection id is greeted anew', async () => {
    let wanted = 1;
    await using fake = await startFakeUdpTracker((request, reply) => {
      if (request.readUInt32BE(8) === 0) return reply(0, numbers(0, wanted));
      return request.readUInt32BE(4) === wanted
        ? reply(1, numbers(1800, 0, 0))
        : reply(3, Buffer.from('Connection ID missmatch.'));
    });
    await announce(fake.url, asPeer(freshHash(), 1), { net }, NEVER);
    wanted = 2;
    await announce(fake.url, asPeer(freshHash(), 1), { net }, NEVER);
    expect(fake.actions).toEqual([0, 1, 1, 0, 1]);
  });

  test('at most 74 torrents go in a packet, and a short answer says nothing of the last ones', async () => {
    const sizes: number[] = [];
    await using fake = await startFakeUdpTracker((request, reply) => {
      if (request.readUInt32BE(8) === 0) return reply(0, CONNECTION);
      sizes.push((request.length - 16) / 20);
      const told = Math.min(70, (request.length - 16) / 20);
      return reply(2, ...Array.from({ length: told }, () => numbers(1, 2, 3)));
    });
    const hashes = Array.from({ length: 150 }, freshHash);
    const counts = await scrape(fake.url, hashes, { net }, NEVER);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([2, 74, 74]);
    expect(counts.size).toBe(142);
    expect(counts.get(hashes[0] ?? '')).toEqual({ seeders: 1, completed: 2, leechers: 3 });
  });
});
