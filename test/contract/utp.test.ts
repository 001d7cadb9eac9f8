import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import { createUtp, type Utp, type UtpOptions } from '../../src/streams/torrent/utp/socket.ts';
import { startUtpPeer, type UtpPeer } from '../support/utp-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

const [DATA, STATE, RESET, SYN] = [0, 2, 3, 4];
const NEVER = new AbortController().signal;
const ownPorts = new Set<number>();
const net = createNet({
  mode: 'listed',
  allow: ['127.0.0.0/30', '::1'],
  ownPorts: () => ownPorts,
});
const opened: { close(): void }[] = [];
const peers: UtpPeer[] = [];
afterEach(async () => {
  for (const utp of opened.splice(0)) utp.close();
  await Promise.all(peers.splice(0).map((peer) => peer.stop()));
});
afterAll(() => net.close());

type Connected = { utp: Utp; peer: UtpPeer; stream: Duplex; got(): Buffer };

function start(options: Partial<UtpOptions> = {}): Utp {
  const utp = createUtp({ net, port: null, ...options });
  opened.push(utp);
  return utp;
}

async function peerAt(options: Parameters<typeof startUtpPeer>[0] = {}): Promise<UtpPeer> {
  const peer = await startUtpPeer(options);
  peers.push(peer);
  return peer;
}

async function connected(first = 1000, options: Partial<UtpOptions> = {}): Promise<Connected> {
  const [peer, utp] = [await peerAt({ first }), start(options)];
  const stream = await utp.connect(peer.host, peer.port, NEVER);
  stream.on('error', () => {});
  const parts: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => parts.push(Buffer.from(chunk)));
  return { utp, peer, stream, got: () => Buffer.concat(parts) };
}

const until = (what: string, isSo: () => boolean) => waitUntil(async () => isSo(), { what, timeoutMs: 8000 });
const acks = (peer: UtpPeer) => peer.heard.filter(({ kind }) => kind === STATE);

test('bytes come in order, each once, however the datagrams came, over the end of the numbers', async () => {
  const { peer, got } = await connected(65_400);
  const packets = Array.from({ length: 600 }, () => randomBytes(randomInt(1, 1400)));
  const order = packets.map((_, number) => ({ number, at: number + randomInt(40) }));
  const twice = order.filter(() => randomInt(10) === 0).map(({ number, at }) => ({ number, at: at + 30 }));
  const sent = [...order, ...twice].sort((a, b) => a.at - b.at);
  for (const [count, { number }] of sent.entries()) {
    peer.data(number, packets[number] ?? Buffer.alloc(0));
    if (count % 40 === 0) await sleep(2);
  }
  const whole = Buffer.concat(packets);
  await until('all is here', () => got().length >= whole.length);
  expect(got().equals(whole)).toBe(true);
  expect(acks(peer).at(-1)?.ack).toBe((65_400 + 599) % 65_536);
});

test('a gap is told of with what has come behind it', async () => {
  const { peer, got } = await connected(65_534);
  for (const number of [0, 2, 3, 6]) peer.data(number, Buffer.from(`${number}`));
  await until('the last is told of', () =>
    acks(peer).some(({ selective }) => selective.startsWith('110010')),
  );
  const { ack, selective } = acks(peer).at(-1) ?? { ack: -1, selective: '' };
  expect([ack, selective.length, selective.replaceAll('0', '').length]).toEqual([65_534, 32, 3]);
  for (const number of [1, 5, 4]) peer.data(number, Buffer.from(`${number}`));
  await until('nothing is missing', () => acks(peer).at(-1)?.ack === 4);
  expect(got().toString()).toBe('0123456');
  expect(acks(peer).at(-1)?.selective).toBe('');
});

test('what we send arrives over the end of the numbers, though a third of it is lost', async () => {
  const { peer, stream } = await connected(1000, { firstSequence: 65_530 });
  const timer = setInterval(() => {
    peer.manners.isAcking = randomInt(3) > 0;
  }, 3);
  const whole = randomBytes(150_000);
  for (let at = 0; at < whole.length; at += 5000) {
    stream.write(whole.subarray(at, at + 5000));
    await sleep(3);
  }
  await sleep(200);
  clearInterval(timer);
  peer.manners.isAcking = true;
  await until('all has arrived', () => peer.received.length === whole.length);
  expect(peer.received.equals(whole)).toBe(true);
  expect(Math.max(...peer.heard.map(({ payload }) => payload.length))).toBeLessThanOrEqual(1400);
});

test('a packet that three behind it have overtaken is sent again at once, and they are not', async () => {
  const { peer, stream } = await connected(1000, { firstSequence: 500 });
  peer.manners.isAcking = false;
  for (const text of ['a', 'b', 'c', 'd']) {
    stream.write(text);
    await until(`${text} is sent`, () => peer.heard.some(({ payload }) => payload.toString() === text));
  }
  const head = peer.head(STATE, 1000, 500);
  head[1] = 1;
  peer.send(Buffer.concat([head, Buffer.from([0, 4, 0b111, 0, 0, 0])]));
  const toldAt = performance.now();
  const sentAgain = () => peer.heard.filter(({ kind, sequence }) => kind === DATA && sequence === 501);
  await until('it is sent again', () => sentAgain().length === 2);
  // Without it the shortest wait is half a second.
  expect((sentAgain()[1]?.at ?? 0) - toldAt).toBeLessThan(450);
  peer.send(peer.head(STATE, 1000, 504));
  await sleep(700);
  expect(peer.heard.filter(({ kind }) => kind === DATA).map(({ payload }) => payload.toString())).toEqual([
    ...['a', 'b', 'c', 'd', 'a'],
  ]);
});

test('a peer that acknowledges nothing any more is given up', async () => {
  const { peer, stream, utp } = await connected();
  peer.manners.isSilent = true;
  stream.write('hello');
  const [error] = await once(stream, 'error');
  expect(String(error)).toContain('does not answer');
  expect(utp.size).toBe(0);
  // Each wait is twice as long.
  const sent = peer.heard.filter(({ kind }) => kind === DATA).map(({ at }) => at);
  expect(sent.length).toBe(4);
}, 30_000);

test('a reset in the middle ends it, one of somebody who guesses does not', async () => {
  const { peer, stream, got } = await connected(1000, { firstSequence: 100 });
  peer.reset(30_000);
  peer.data(0, Buffer.from('still here'));
  await until('data is read', () => got().length > 0);
  const failed = once(stream, 'error');
  peer.reset();
  expect(String((await failed)[0])).toContain('reset');
});

test('what was sent before the end is read before the end, and ours is told', async () => {
  const { peer, stream, got } = await connected();
  const ended = once(stream, 'end');
  peer.fin(2);
  peer.data(1, Buffer.from('world'));
  peer.data(0, Buffer.from('hello '));
  peer.data(3, Buffer.from('after the end'));
  await ended;
  expect(got().toString()).toBe('hello world');
  stream.destroy();
  await until('the reset is heard', () => peer.heard.some(({ kind }) => kind === RESET));
});

test('what nobody reads is bounded and told to the peer, and reading lets it go on', async () => {
  const { peer, stream, got } = await connected();
  stream.pause();
  const packet = Buffer.alloc(1000, 7);
  for (let number = 0; number < 3000; number += 1) {
    peer.data(number, packet);
    if (number % 40 === 0) await sleep(1);
  }
  await until('the window is shut', () => (acks(peer).at(-1)?.window ?? 1e9) < 2000);
  expect(stream.readableLength).toBeLessThanOrEqual(1_048_576);
  // Nothing is on its way any more that an acknowledgement would answer.
  await sleep(500);
  stream.resume();
  await until('the window is open', () => (acks(peer).at(-1)?.window ?? 0) > 524_288);
  const next = ((acks(peer).at(-1)?.ack ?? 0) - 1000 + 65_537) % 65_536;
  expect(got().length).toBe(next * 1000);
  peer.data(next, Buffer.from('goes on'));
  await until('it goes on', () => got().subarray(-7).toString() === 'goes on');
});

test('garbage of the peer and of others changes nothing and costs nothing', async () => {
  const { peer, got, utp } = await connected(1000, { firstSequence: 100 });
  const id = peer.heard.find(({ kind }) => kind === SYN)?.id ?? 0;
  const stranger = await peerAt({ host: '127.0.0.2' });
  const answersTo = peer.heard.length;
  for (let count = 0; count < 20_000; count += 1) {
    const bytes = randomBytes(randomInt(0, 60));
    // Half of them look like uTP, of other connections.
    if (count % 2 === 0 && bytes.length >= 4) {
      bytes[0] = ((bytes[0] ?? 0) & 0x70) | 1;
      if (Math.abs(bytes.readUInt16BE(2) - id) < 2) continue;
    }
    peer.send(bytes);
    if (count % 100 === 0) await sleep(1);
  }
  // Their id and number, but from another address.
  const socket = createSocket('udp4');
  socket.send(Buffer.concat([peer.head(DATA, 1000), Buffer.from('a lie')]), peer.clientPort(), '127.0.0.1');
  await sleep(50);
  peer.data(0, Buffer.from('the truth'));
  await until('data is read', () => got().length > 0);
  expect(got().toString()).toBe('the truth');
  expect([stranger.heard.length, utp.size]).toEqual([0, 1]);
  // Nobody is answered but who is known: one acknowledgement.
  expect(peer.heard.slice(answersTo).filter(({ kind }) => kind !== STATE)).toEqual([]);
  socket.close();
}, 30_000);

test('nonsense in the middle of a connection holds no more than a window', async () => {
  const { peer, stream, utp } = await connected(1000, { firstSequence: 100 });
  stream.pause();
  for (let count = 0; count < 20_000 && !stream.destroyed; count += 1) {
    const extensions = randomBytes(randomInt(0, 1200));
    const packet = Buffer.concat([peer.head(randomInt(3), randomInt(65_536), 100), extensions]);
    packet[1] = randomInt(3);
    peer.send(packet);
    if (count % 100 === 0) await sleep(1);
  }
  expect(stream.readableLength).toBeLessThanOrEqual(1_048_576);
  stream.destroy();
  await until('it is gone', () => utp.size === 0);
}, 30_000);

test('an address that may not be reached hears nothing', async () => {
  const [forbidden, own, utp] = [await peerAt({ host: '127.0.0.9' }), await peerAt(), start()];
  ownPorts.add(own.port);
  await expect(utp.connect(forbidden.host, forbidden.port, NEVER)).rejects.toThrow('owner’s list');
  await expect(utp.connect(own.host, own.port, NEVER)).rejects.toThrow('back to this server');
  await sleep(50);
  expect([forbidden.heard.length, own.heard.length]).toEqual([0, 0]);
});

test('a peer of IPv6 is reached', async () => {
  const [peer, utp] = [await peerAt({ host: '::1' }), start()];
  const stream = await utp.connect('::1', peer.port, NEVER);
  stream.write('hello');
  await until('it hears us', () => peer.received.toString() === 'hello');
});

test('who does not answer is given up after 3 s', async () => {
  const [peer, utp] = [await peerAt({ isSilent: true }), start()];
  const begun = performance.now();
  await expect(utp.connect(peer.host, peer.port, NEVER)).rejects.toThrow('does not answer');
  expect(performance.now() - begun).toBeGreaterThan(2900);
  expect(peer.heard.map(({ kind }) => kind)).toEqual([SYN, SYN]);
});

test('three thousand connections opened and given up leave nothing', async () => {
  const [silent, answering, utp] = [await peerAt({ isSilent: true }), await peerAt(), start()];
  const before = process.getActiveResourcesInfo().length;
  for (let round = 0; round < 30; round += 1) {
    const stop = new AbortController();
    const dials = Array.from({ length: 100 }, (_, count) => {
      const { host, port } = count % 2 === 0 ? silent : answering;
      return utp.connect(host, port, stop.signal).then(
        (stream) => stream.destroy(),
        () => {},
      );
    });
    await sleep(randomInt(8));
    stop.abort(new Error('nobody waits'));
    await Promise.all(dials);
  }
  await until('all are gone', () => utp.size === 0);
  await sleep(100);
  // The UDP socket was opened in between.
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + 1);
}, 30_000);

test('close ends what is open and what is being made, at once, and tells the peer', async () => {
  const { utp, peer, stream } = await connected();
  const silent = await peerAt({ isSilent: true });
  const dial = utp.connect(silent.host, silent.port, NEVER);
  await until('the SYN is heard', () => silent.heard.length > 0);
  const begun = performance.now();
  utp.close();
  expect([stream.destroyed, utp.size]).toEqual([true, 0]);
  await expect(dial).rejects.toThrow();
  expect(performance.now() - begun).toBeLessThan(500);
  await until('the reset is heard', () => peer.heard.some(({ kind }) => kind === RESET));
  await expect(utp.connect(peer.host, peer.port, NEVER)).rejects.toThrow('closed');
});

test('who goes on sending to what is closed is told so, once in a while', async () => {
  const { peer, stream } = await connected();
  stream.destroy();
  const resets = () => peer.heard.filter(({ kind }) => kind === RESET).length;
  await until('the first reset is heard', () => resets() === 1);
  await sleep(300);
  for (let number = 0; number < 50; number += 1) peer.data(number, Buffer.from('x'));
  await until('the second is heard', () => resets() === 2);
  await sleep(100);
  expect(resets()).toBe(2);
});
