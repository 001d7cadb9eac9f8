import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import { givingRoom, MIB, NEVER, readAll, stateOf } from '../support/giving-room.ts';
import type { LeechPeer } from '../support/leech-peer.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// Who may come by itself, what it is told beyond blocks, and what trackers are told of us.

const PIECE_BYTES = 64 * 1024;
const FILM = makeTorrent(randomBytes(3 * MIB), PIECE_BYTES);
const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const room = givingRoom(net, FILM);
afterAll(() => net.close());

const isClosed = (peer: LeechPeer, timeoutMs = 5000) =>
  waitUntil(() => peer.isClosed, { what: 'it is closed', timeoutMs });

test('a seed that nobody can dial comes by itself, and the film comes from it', async () => {
  const { engine, port, seed } = await room.start({});
  await seed.stop();
  const hidden = await startSeedPeer(FILM, '127.0.1.2');
  room.onEnd(() => hidden.stop());
  await hidden.leave();
  await engine.open(room.specOf(seed, { peers: [] }), NEVER);
  await hidden.dial(port);
  expect((await readAll(engine, FILM)).equals(FILM.bytes)).toBe(true);
  expect(stateOf(engine, FILM).peers).toBe(1);
});

test.each([
  ['another torrent', { infoHash: 'ab'.repeat(20) }],
  ['another protocol', { garbage: Buffer.from('GET / HTTP/1.1\r\n\r\n') }],
  ['a message too large behind its handshake', { extensions: { x: Buffer.alloc(300_000) } }],
])('who comes for %s is hung up on', async (_what, options) => {
  const { engine, seed, leech } = await room.start({});
  await engine.open(room.specOf(seed), NEVER);
  await isClosed(await leech(options));
});

test('we hang up on ourselves, on who says nothing for 10 s, and on the sixth of an address', async () => {
  const { engine, seed, leech } = await room.start({});
  await engine.open(room.specOf(seed), NEVER);
  const first = await leech({ from: '127.0.0.5' });
  await waitUntil(() => first.greeting !== '', { what: 'it is greeted', timeoutMs: 5000 });
  // The handshake before the first message says who we are.
  const own = first.handshake.toString('latin1', 48);
  await isClosed(await leech({ peerId: own }));
  const silent = await leech({ garbage: Buffer.alloc(0), from: '127.0.0.6' });
  const startedAt = performance.now();
  const others = await Promise.all(Array.from({ length: 6 }, () => leech({ from: '127.0.0.5' })));
  await waitUntil(() => others.filter((peer) => peer.isClosed).length === 2, {
    ...{ what: 'five of seven stay', timeoutMs: 5000 },
  });
  expect(first.isClosed).toBe(false);
  await isClosed(silent, 15_000);
  expect(performance.now() - startedAt).toBeGreaterThan(8000);
});

test('who lied and was banned cannot come back by itself', async () => {
  const { engine, seed, port } = await room.start({});
  const liar = await startSeedPeer(FILM, '127.0.1.3', { isLiar: true });
  room.onEnd(() => liar.stop());
  await engine.open(room.specOf(seed, { peers: [liar] }), NEVER);
  const reading = readAll(engine, FILM);
  await waitUntil(() => stateOf(engine, FILM).bannedPeers === 1, { what: 'it is banned', timeoutMs: 10_000 });
  await engine.open(room.specOf(seed), NEVER);
  expect((await reading).equals(FILM.bytes)).toBe(true);
  const { connections } = liar.counts;
  await liar.dial(port);
  await sleep(500);
  expect(stateOf(engine, FILM).peers).toBe(1);
  expect(liar.counts.connections).toBe(connections + 1);
});

test('a peer that we dial and that dials us is one connection', async () => {
  const { engine, seed, port } = await room.start({});
  await engine.open(room.specOf(seed), NEVER);
  await Promise.all([seed.dial(port), seed.dial(port)]);
  expect((await readAll(engine, FILM)).equals(FILM.bytes)).toBe(true);
  await waitUntil(() => stateOf(engine, FILM).peers === 1, { what: 'one is left', timeoutMs: 5000 });
});

test('a port that is taken is one warning, and the film plays', async () => {
  const taken = createTcpServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  room.onEnd(() => taken.close());
  const address = taken.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const warnings: string[] = [];
  const { engine, seed } = await room.start(
    {},
    { listen: { port, host: '127.0.0.1' }, onWarning: (text) => warnings.push(text) },
  );
  await engine.open(room.specOf(seed), NEVER);
  expect((await readAll(engine, FILM)).equals(FILM.bytes)).toBe(true);
  expect([engine.listenPort, warnings.length]).toEqual([null, 1]);
  expect(warnings[0]).toContain(String(port));
});

test('peers are dialled from the address the owner chose', async () => {
  const rules = { mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set<number>() } as const;
  const bound = createNet({ ...rules, localAddress: '127.0.0.77' });
  room.onEnd(() => bound.close());
  const from: (string | undefined)[] = [];
  const server = createTcpServer((socket) => from.push(socket.on('error', () => {}).remoteAddress));
  server.listen(0, '127.0.1.9');
  await once(server, 'listening');
  room.onEnd(() => server.close());
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const { engine, seed } = await room.start({}, { net: bound });
  await engine.open(room.specOf(seed, { peers: [{ host: '127.0.1.9', port }] }), NEVER);
  await waitUntil(() => from.length > 0, { what: 'it is dialled', timeoutMs: 5000 });
  expect(from[0]).toBe('127.0.0.77');
});

test('metadata and the addresses of others are given to peers of a public torrent', async () => {
  const { port, leech } = await room.started({ upload: 'ratio' });
  const one = await leech({ from: '127.0.0.2', extensions: { p: 4001 } });
  await waitUntil(() => one.greeting !== '', { what: 'it is greeted', timeoutMs: 5000 });
  expect(one.greeting).toContain(`1:pi${port}e`);
  one.askMetadata(0);
  await waitUntil(() => one.metadata.length > 0, { what: 'metadata comes', timeoutMs: 5000 });
  const head = `d8:msg_typei1e5:piecei0e10:total_sizei${FILM.info.length}ee`;
  const [given = Buffer.alloc(0)] = one.metadata;
  expect(given.toString('latin1', 0, head.length)).toBe(head);
  expect(given.subarray(head.length).equals(FILM.info)).toBe(true);
  const two = await leech({ from: '127.0.0.3', extensions: { p: 4002 } });
  await waitUntil(() => two.pex.length > 0, { what: 'it hears of the other', timeoutMs: 5000 });
  expect(two.pex[0]?.toString('latin1')).toContain(
    Buffer.from([127, 0, 0, 2, 4001 >> 8, 4001 & 255]).toString('latin1'),
  );
  // Its own address it knows, and once a minute is enough.
  expect(two.pex[0]?.toString('latin1')).not.toContain('\x7f\0\0\x03');
  const three = await leech({ from: '127.0.0.4', extensions: { p: 4003 } });
  await waitUntil(() => three.pex.length > 0, { what: 'so does a third', timeoutMs: 5000 });
  await sleep(1000);
  expect([one.pex.length, two.pex.length]).toEqual([1, 1]);
  // A few more than there are may be asked for, and no flood.
  for (let round = 0; round < 500; round += 1) two.askMetadata(0);
  await waitUntil(() => two.metadata.length === 500, { what: 'all is answered', timeoutMs: 5000 });
  const refused = two.metadata.filter((answer) => answer.toString('latin1').startsWith('d8:msg_typei2e'));
  expect(refused.length).toBeGreaterThan(400);
});

test('of a private torrent peers are told neither', async () => {
  const { engine, seed, leech } = await room.start({ upload: 'ratio' });
  await engine.open(room.specOf(seed, { isPrivate: true }), NEVER);
  await readAll(engine, FILM);
  const one = await leech({ from: '127.0.0.2', extensions: { p: 4001 } });
  const two = await leech({ from: '127.0.0.3', extensions: { p: 4002 } });
  two.askMetadata(0);
  await waitUntil(() => two.metadata.length > 0, { what: 'it is answered', timeoutMs: 5000 });
  expect(two.metadata[0]?.toString('latin1')).toMatch(/^d8:msg_typei2e/);
  await sleep(1000);
  expect([one.pex, two.pex]).toEqual([[], []]);
});

test('a tracker is told our port, that all came, and what went out', async () => {
  const announces: URLSearchParams[] = [];
  const tracker = createServer((request, response) => {
    announces.push(new URL(request.url ?? '', 'http://tracker').searchParams);
    response.end('d8:intervali1800e5:peers0:e');
  }).listen(0, '127.0.0.1');
  await once(tracker, 'listening');
  room.onEnd(() => tracker.close());
  const address = tracker.address();
  const trackerPort = address !== null && typeof address === 'object' ? address.port : 0;
  const { engine, seed, port, leech } = await room.start({ upload: 'ratio' });
  const trackers = [`http://127.0.0.1:${trackerPort}/announce`];
  await engine.open(room.specOf(seed, { trackers }), NEVER);
  await readAll(engine, FILM);
  const told = (event: string) => announces.find((one) => one.get('event') === event);
  await waitUntil(() => told('completed') !== undefined, { what: 'all came', timeoutMs: 10_000 });
  expect([told('started')?.get('port'), told('completed')?.get('left')]).toEqual([String(port), '0']);
  expect(Number(told('completed')?.get('downloaded'))).toBeGreaterThanOrEqual(FILM.bytes.length);
  const peer = await leech();
  await peer.becomeUnchoked();
  expect((await peer.download(FILM)).equals(FILM.bytes)).toBe(true);
  engine.close();
  await waitUntil(() => told('stopped') !== undefined, { what: 'it is told that we end', timeoutMs: 5000 });
  expect(told('stopped')?.get('uploaded')).toBe(String(FILM.bytes.length));
  expect(announces.filter((one) => one.get('event') === 'completed')).toHaveLength(1);
});
