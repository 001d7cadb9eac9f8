import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import type { NetOptions } from '../../src/platform/net.ts';
import { bencode } from '../support/bencode.ts';
import { openBlackHole } from '../support/black-hole.ts';
import { makeTorrent } from '../support/seed-peer.ts';
import { NEVER, readBytes, specOf, swarmRoom } from '../support/swarm-room.ts';
import {
  numbers,
  startFakeHttp,
  startFakeTcp,
  startFakeUdpTracker,
  startFakeWebSocket,
} from '../support/trackers.ts';
import { waitUntil } from '../support/wait-until.ts';

// A film whose trackers are silent, lie, send rubbish or 10 MB, or have no name any more: one good one is enough, and without
// any the viewer is told.

const MIB = 1024 * 1024;
const FILM = makeTorrent(randomBytes(4 * MIB + 4711), 256 * 1024);
const room = swarmRoom();

const compact = (host: string, port: number) =>
  Buffer.from([...host.split('.').map(Number), port >> 8, port]);
const answer = (peers: Buffer, more: Record<string, number> = {}) =>
  bencode({ complete: 1, incomplete: 0, interval: 1800, ...more, peers });

/** Kept until the test ends. */
function kept<T extends AsyncDisposable>(it: T): T {
  room.later(() => it[Symbol.asyncDispose]());
  return it;
}
const httpTracker = async (body: Buffer | string) =>
  kept(await startFakeHttp((_req, res) => void res.end(body)));

/** Trackers of every fault, by what is wrong with them. */
async function badTrackers(): Promise<Map<string, string>> {
  const silentTcp = kept(await startFakeTcp(() => {}));
  const silentUdp = kept(await startFakeUdpTracker(() => null));
  const garbageUdp = kept(await startFakeUdpTracker(() => randomBytes(200)));
  return new Map([
    ['silent by udp', silentUdp.url],
    ['silent by http', `http://127.0.0.1:${silentTcp.port}/announce`],
    ['silent by ws', `ws://127.0.0.1:${silentTcp.port}/`],
    ['rubbish by udp', garbageUdp.url],
    ['rubbish by http', (await httpTracker(randomBytes(5000))).url],
    ['10 MB by http', (await httpTracker(Buffer.alloc(10_000_000, 'd'))).url],
    ['10 MB by ws', kept(await startFakeWebSocket('x'.repeat(10_000_000))).url],
    ['gone from the DNS', 'udp://gone.invalid:6969/announce'],
    ['gone from the DNS too', 'http://gone.invalid/announce'],
  ]);
}

/** As an owner who listed the name of the tracker has it; the name server does not know it. */
const WITHOUT_DNS: Partial<NetOptions> = {
  allow: ['127.0.0.0/8', 'gone.invalid'],
  resolve: (host) => Promise.reject(Object.assign(new Error(`ENOTFOUND ${host}`), { code: 'ENOTFOUND' })),
};

test('one good tracker among all kinds of bad ones is enough, and each bad one is told as such', async () => {
  const seed = await room.seedOf(FILM);
  const good = await httpTracker(answer(compact(seed.host, seed.port)));
  const bad = await badTrackers();
  const { engine, told } = await room.startEngine({ net: room.netOf(WITHOUT_DNS) });
  const trackers = [...bad.values(), good.url];
  await engine.open(specOf(FILM, [], { info: null, trackers }), NEVER);
  expect((await readBytes(engine, FILM)).equals(FILM.bytes)).toBe(true);
  await waitUntil(async () => told.length === trackers.length, { what: 'all were told', timeoutMs: 25_000 });
  const failed = told.filter(({ ok }) => !ok);
  expect(new Set(failed.map(({ url }) => url))).toEqual(new Set(bad.values()));
  for (const { url, reason } of failed) {
    expect(reason, url).toMatch(/^[A-Z][\w ,'’]+\.$/);
    expect(reason, url).not.toContain('invalid');
  }
});

test('with bad trackers alone a magnet is a dead swarm in words, after the time for it', async () => {
  const { engine } = await room.startEngine({ net: room.netOf(WITHOUT_DNS), deadMs: 1500 });
  const trackers = [...(await badTrackers()).values()];
  const begun = performance.now();
  const opening = engine.open(specOf(FILM, [], { info: null, trackers }), NEVER);
  await expect(opening).rejects.toMatchObject({
    ...{ code: 'upstream.failed', status: 504 },
    message: expect.stringContaining('no seeders'),
  });
  expect(performance.now() - begun).toBeLessThan(6000);
});

test('a name that is not on the list is refused before anybody is asked for its address', async () => {
  const asked: string[] = [];
  const net = room.netOf({
    allow: ['127.0.0.0/8'],
    async resolve(host) {
      asked.push(host);
      return [];
    },
  });
  const seed = await room.seedOf(FILM);
  const { engine, told } = await room.startEngine({ net });
  const trackers = ['udp', 'http', 'https', 'ws', 'wss'].map(
    (scheme) => `${scheme}://gone.invalid:6969/announce`,
  );
  const peers = [{ host: 'peer.invalid', port: 6881 }, seed];
  await engine.open(specOf(FILM, peers, { trackers }), NEVER);
  expect((await readBytes(engine, FILM)).equals(FILM.bytes)).toBe(true);
  await waitUntil(async () => told.length === trackers.length, { what: 'all were told', timeoutMs: 10_000 });
  expect(told.map(({ ok, reason }) => [ok, reason?.slice(0, 32)])).toEqual(
    trackers.map(() => [false, 'Only hosts on the owner’s list m']),
  );
  expect(asked).toEqual([]);
});

test('a tracker that tells of a million seeders, of peers that are nowhere and of ourselves holds nobody up', async () => {
  const ours = createServer();
  let visits = 0;
  ours.on('connection', (socket) => {
    visits += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => ours.listen(0, '127.0.0.1', resolve));
  room.later(() => ours.close());
  const address = ours.address();
  const ownPort = address !== null && typeof address === 'object' ? address.port : 0;
  const seed = await room.seedOf(FILM);
  const hole = kept(await openBlackHole());
  const lies = [
    compact('127.0.0.1', ownPort),
    ...Array.from({ length: 80 }, (_, n) => compact(`127.0.9.${n + 1}`, hole.port)),
    ...Array.from({ length: 200 }, (_, n) => compact(`127.0.8.${n + 1}`, 9)),
    // No address of a peer at all.
    compact('0.0.0.0', 6881),
    compact('255.255.255.255', 6881),
    compact('127.0.0.1', 0),
  ];
  const counts = { complete: 1_000_000, incomplete: -5 };
  const liar = await httpTracker(answer(Buffer.concat([...lies, compact(seed.host, seed.port)]), counts));
  const udpLiar = kept(
    await startFakeUdpTracker((request, reply) =>
      request.readUInt32BE(8) === 0 ? reply(0, numbers(1, 2)) : reply(1, numbers(0, 4e9, 4e9), ...lies),
    ),
  );
  const net = room.netOf({ ownPorts: () => new Set([ownPort]) });
  const { engine } = await room.startEngine({ net, deadMs: 20_000 });
  const begun = performance.now();
  await engine.open(specOf(FILM, [], { info: null, trackers: [liar.url, udpLiar.url] }), NEVER);
  expect((await readBytes(engine, FILM)).equals(FILM.bytes)).toBe(true);
  // 80 addresses that answer nothing, twenty at a time for five seconds each, were 20 s.
  expect(performance.now() - begun).toBeLessThan(12_000);
  expect(visits).toBe(0);
});
