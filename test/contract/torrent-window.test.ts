import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { makeTorrent, type SeedPeer, startSeedPeer, type TestTorrent } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const LAST = 32 * 4 - 1;
const NEVER = new AbortController().signal;

const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => net.close());

/** Seven tenths of 12 MiB bound the window however fast loopback is. A film of 32 MiB that begins with `head`, from one seed. */
async function play(head: Buffer, { idleMs = 30_000, delayMs = 0, memoryBytes = 12 * MIB } = {}) {
  const bytes = randomBytes(32 * MIB);
  head.copy(bytes);
  const film = makeTorrent(bytes, PIECE_BYTES);
  const seed = await startSeedPeer(film, '127.0.1.1', { delayMs });
  const engine = await openEngine({ memoryBytes, idleMs });
  closing.push(() => seed.stop());
  const { infoHash, info } = film;
  await engine.open({ infoHash, info, trackers: [], peers: [seed], isPrivate: false }, NEVER);
  return { engine, film, seed };
}

async function openEngine(options: { memoryBytes: number; idleMs: number }) {
  const engine = await SwarmEngine.start({
    ...{ net, log: createLog('silent'), cache: { folder: '', maxBytes: 0 } },
    ...{ ...options, deadMs: 10_000, onGone: () => {}, onAnnounced: () => {} },
  });
  closing.push(() => engine.close());
  return engine;
}

/** Takes one part and then nothing more, as a player does that looks at the beginning; `go` reads on. */
async function begin(engine: SwarmEngine, { infoHash, bytes }: TestTorrent, start = 0) {
  const parts = engine.read(infoHash, 0, { start, end: bytes.length }, NEVER);
  closing.unshift(() => parts.return(undefined));
  const first = await parts.next();
  if (!first.done) first.value.release();
  return parts;
}

const until = (probe: () => boolean) => waitUntil(probe, { timeoutMs: 5000, what: 'the pieces asked for' });

/** What was asked for behind the window of 8 MiB. */
const behindWindow = ({ pieces }: SeedPeer) =>
  [...pieces].filter((index) => index > 34).sort((a, b) => a - b);

const box = (type: string, size: number, isLarge = false) => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(isLarge ? 1 : size);
  bytes.write(type, 4, 'latin1');
  if (isLarge) bytes.writeBigUInt64BE(BigInt(size), 8);
  return bytes;
};
/** Boxes as far as a head needs them: `ftyp` of 16 bytes, then `rest`. */
const mp4 = (...rest: Buffer[]) => Buffer.concat([box('ftyp', 16), ...rest]);

test('the end of a Matroska film is here before its player asks for it', async () => {
  const { engine, film, seed } = await play(Buffer.from('1a45dfa3', 'hex'));
  await begin(engine, film);
  await until(() => behindWindow(seed).length === 4);
  expect(behindWindow(seed)).toEqual([LAST - 3, LAST - 2, LAST - 1, LAST]);
});

test('an MP4 whose index comes first has nothing at its end', async () => {
  const { engine, film, seed } = await play(mp4(box('free', 16), box('moov', 500_000)));
  await begin(engine, film);
  await until(() => seed.pieces.size >= 30);
  await sleep(300);
  expect(behindWindow(seed)).toEqual([]);
});

test.each([false, true])(
  'an MP4 whose index comes last: from where it begins (64 bits: %s)',
  async (isLarge) => {
    const moovBytes = 3 * PIECE_BYTES + 1000;
    const { engine, film, seed } = await play(mp4(box('mdat', 32 * MIB - 16 - moovBytes, isLarge)));
    await begin(engine, film);
    await until(() => behindWindow(seed).length === 4);
    expect(behindWindow(seed)).toEqual([LAST - 3, LAST - 2, LAST - 1, LAST]);
  },
);

test('an MP4 whose sizes are made up takes no more than 8 MiB of the end', async () => {
  const { engine, film, seed } = await play(mp4(box('mdat', 100_000)));
  await begin(engine, film);
  await until(() => behindWindow(seed).length >= 32);
  await sleep(300);
  expect(behindWindow(seed)[0]).toBe(LAST - 31);
});

test('who begins in the middle does not ask for the end', async () => {
  const { engine, film, seed } = await play(Buffer.from('1a45dfa3', 'hex'));
  await begin(engine, film, 4 * MIB);
  await until(() => seed.pieces.size >= 30);
  await sleep(300);
  expect([...seed.pieces].some((index) => index > 52)).toBe(false);
});

test('the head comes before the end', async () => {
  const { engine, film, seed } = await play(Buffer.from('1a45dfa3', 'hex'), { delayMs: 20 });
  await begin(engine, film);
  await until(() => behindWindow(seed).length === 4 && seed.pieces.has(24));
  const order = [...seed.pieces];
  expect(order.indexOf(LAST)).toBeGreaterThan(order.indexOf(4));
  expect(order.indexOf(LAST)).toBeLessThan(order.indexOf(24));
});

test('viewers who pause for long give their windows to the one that plays', async () => {
  // 11 MiB to read ahead into: a third of it each, or all of it for one.
  const { engine, film, seed } = await play(randomBytes(16), { idleMs: 300, memoryBytes: 16 * MIB });
  await begin(engine, film);
  await begin(engine, film, 8 * MIB);
  await sleep(800);
  const before = new Set(seed.pieces);
  await begin(engine, film, 20 * MIB);
  await until(() => [...seed.pieces].filter((index) => !before.has(index)).length >= 30);
});

test('eight slow peers beside two quick ones hold nobody up', async () => {
  const bytes = randomBytes(64 * MIB);
  const film = makeTorrent(bytes, PIECE_BYTES);
  const slow = { delayMs: 75, bytesPerSecond: 40_000 };
  const manners = [...Array.from({ length: 8 }, () => slow), { delayMs: 30 }, { delayMs: 30 }];
  const peers = await Promise.all(manners.map((one, n) => startSeedPeer(film, `127.0.1.${n + 1}`, one)));
  const engine = await openEngine({ memoryBytes: 32 * MIB, idleMs: 30_000 });
  closing.push(() => Promise.all(peers.map((peer) => peer.stop())));
  const { infoHash, info } = film;
  await engine.open({ infoHash, info, trackers: [], peers, isPrivate: false }, NEVER);
  let longestMs = 0;
  let at = performance.now();
  const taken: Buffer[] = [];
  for await (const { piece, from, to, release } of engine.read(
    infoHash,
    0,
    { start: 0, end: bytes.length },
    NEVER,
  )) {
    longestMs = Math.max(longestMs, performance.now() - at);
    taken.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    release();
    at = performance.now();
  }
  expect(Buffer.concat(taken).equals(bytes)).toBe(true);
  // A slow one takes 6.5 s for what it is asked for before anyone knows it.
  expect(longestMs).toBeLessThan(4000);
});
