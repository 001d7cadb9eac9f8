import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { dialPeer, type PeerNet, peerUtp } from '../../src/streams/torrent/swarm/dial-peer.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { createUtp } from '../../src/streams/torrent/utp/socket.ts';
import { freePort } from '../support/processes.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { startUtpPeer } from '../support/utp-peer.ts';

const HOST = '127.0.0.1';
const NEVER = new AbortController().signal;
const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => net.close());

function bothWays(): PeerNet & { open(): number } {
  const utp = createUtp({ net, port: null });
  ends.push(() => utp.close());
  return { dial: net.dial, utp: peerUtp(utp), open: () => utp.size };
}

async function utpPeer(port: number, isSilent = false) {
  const peer = await startUtpPeer({ host: HOST, port, isSilent });
  ends.push(() => peer.stop());
  return peer;
}

async function tcpPeer(port: number): Promise<{ server: Server; count(): number }> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on('error', () => {}).resume();
  }).listen(port, HOST);
  await once(server, 'listening');
  ends.push(() => server.close());
  return { server, count: () => count };
}

/** A host that answers no SYN of TCP: its queue of connections is full, and nobody takes one. */
async function deafHost(port: number): Promise<void> {
  const code = `const { createServer } = require('node:net'); const { parentPort } = require('node:worker_threads');
    createServer().listen({ port: ${port}, host: '${HOST}', backlog: 1 }, () => {
      parentPort.postMessage('ready'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); });`;
  const worker = new Worker(code, { eval: true });
  await once(worker, 'message');
  const { connect } = await import('node:net');
  const fillers = Array.from({ length: 4 }, () => connect(port, HOST).on('error', () => {}));
  ends.push(() => worker.terminate(), ...fillers.map((socket) => () => socket.destroy()));
  await sleep(200);
}

async function dial(port: number, ways: PeerNet) {
  const begun = performance.now();
  let hasTcpFailed = false;
  const { stream, isUtp } = await dialPeer({ host: HOST, port }, ways, {
    onread: { buffer: Buffer.alloc(1024), callback: () => true },
    onTcpFailed: () => {
      hasTcpFailed = true;
    },
    signal: NEVER,
  });
  ends.push(() => stream.destroy());
  stream.on('error', () => {});
  return { isUtp, hasTcpFailed, ms: performance.now() - begun };
}

test('who answers by TCP is connected by TCP, and not one datagram is sent', async () => {
  const port = await freePort();
  const [tcp, utp] = [await tcpPeer(port), await utpPeer(port)];
  expect((await dial(port, bothWays())).isUtp).toBe(false);
  await sleep(400);
  expect([tcp.count(), utp.heard.length]).toEqual([1, 0]);
});

test('who refuses TCP is asked by uTP at once', async () => {
  const taken: number[] = [];
  for (let count = 0; count < 7; count += 1) {
    const port = await freePort();
    await utpPeer(port);
    const { isUtp, hasTcpFailed, ms } = await dial(port, bothWays());
    expect([isUtp, hasTcpFailed]).toEqual([true, true]);
    taken.push(ms);
  }
  // The head start is 250 ms.
  expect(taken.sort((a, b) => a - b)[3]).toBeLessThan(200);
});

test('who does not answer by TCP is asked by uTP a quarter of a second later', async () => {
  const port = await freePort();
  await deafHost(port);
  await utpPeer(port);
  const { isUtp, hasTcpFailed, ms } = await dial(port, bothWays());
  expect([isUtp, hasTcpFailed]).toEqual([true, false]);
  expect(ms).toBeGreaterThan(240);
  expect(ms).toBeLessThan(3000);
});

test('who was reached by uTP is asked by uTP first, and by TCP when that is silent', async () => {
  const port = await freePort();
  const [utp, ways] = [await utpPeer(port), bothWays()];
  expect((await dial(port, ways)).isUtp).toBe(true);
  const tcp = await tcpPeer(port);
  expect((await dial(port, ways)).isUtp).toBe(true);
  expect(tcp.count()).toBe(0);
  utp.manners.isSilent = true;
  expect((await dial(port, ways)).isUtp).toBe(false);
  // What is remembered is the last time.
  const heard = utp.heard.length;
  expect((await dial(port, ways)).isUtp).toBe(false);
  expect(utp.heard.length).toBe(heard);
});

test('who answers neither is no peer, and nothing is left of the try', async () => {
  const [port, ways] = [await freePort(), bothWays()];
  await expect(dial(port, ways)).rejects.toThrow('ECONNREFUSED');
  expect(ways.open()).toBe(0);
});

async function engineWith(utp: { port: number | null } | null): Promise<SwarmEngine> {
  const engine = await SwarmEngine.start({
    ...{ net, log: createLog('silent'), memoryBytes: 32 * 1024 * 1024, cache: { folder: '', maxBytes: 0 } },
    ...{ deadMs: 15_000, onGone: () => {}, onAnnounced: () => {}, utp },
  });
  ends.push(() => engine.close());
  return engine;
}

/** Whether anybody has the UDP port. */
async function isTaken(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const outcome = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(true)).bind(port, () => resolve(false));
  });
  socket.close();
  return outcome;
}

test('the UDP port is its own while there is uTP, and free after close', async () => {
  const [port, { infoHash, info }] = [await freePort(), makeTorrent(randomBytes(1000), 64 * 1024)];
  const peers = [{ host: '127.0.9.1', port: await freePort() }];
  for (const [utp, expected] of [[{ port }, true] as const, [null, false] as const]) {
    const engine = await engineWith(utp);
    await engine.open({ infoHash, info, trackers: [], peers, isPrivate: false }, NEVER);
    await sleep(500);
    expect(await isTaken(port)).toBe(expected);
    engine.close();
    await sleep(50);
    expect(await isTaken(port)).toBe(false);
  }
});

test('a hundred and fifty who refuse TCP keep nobody from the one who gives', async () => {
  const film = makeTorrent(randomBytes(400_000), 64 * 1024);
  const seed = await startSeedPeer(film, '127.0.1.1');
  ends.push(() => seed.stop());
  const port = await freePort();
  const dead = Array.from({ length: 150 }, (_, count) => ({ host: `127.0.9.${count + 1}`, port }));
  const engine = await engineWith({ port: null });
  const { infoHash, info } = film;
  const begun = performance.now();
  await engine.open({ infoHash, info, trackers: [], peers: [...dead, seed], isPrivate: false }, NEVER);
  const parts: Buffer[] = [];
  const range = { start: 0, end: film.bytes.length };
  for await (const { piece, from, to, release } of engine.read(infoHash, 0, range, NEVER)) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    release();
  }
  expect(Buffer.concat(parts).equals(film.bytes)).toBe(true);
  // Twenty at a time that are silent by uTP for 3 s each were 24 s.
  expect(performance.now() - begun).toBeLessThan(9000);
});

test('datagrams leave by the address the owner chose, and by no other', async () => {
  const rules = { mode: 'listed', allow: [HOST, '::1'], ownPorts: () => new Set<number>() } as const;
  const bound = createNet({ ...rules, localAddress: '127.0.0.5' });
  ends.push(() => bound.close());
  const [peer, other] = [await utpPeer(0), await startUtpPeer({ host: '::1' })];
  ends.push(() => other.stop());
  const taken = createSocket('udp4').bind(0, '127.0.0.5');
  ends.push(() => taken.close());
  await once(taken, 'listening');
  // Where its port is taken, another one of the same address.
  const utp = createUtp({ net: bound, port: taken.address().port });
  ends.push(() => utp.close());
  await utp.connect(HOST, peer.port, NEVER);
  expect(peer.clientHost()).toBe('127.0.0.5');
  await expect(utp.connect('::1', other.port, NEVER)).rejects.toThrow('no address');
  expect(other.heard.length).toBe(0);
});
