import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import { givingRoom, MIB, NEVER, NO_LIMITS, readAll, stateOf } from '../support/giving-room.ts';
import { BLOCK, uint32 } from '../support/leech-peer.ts';
import { openTempDir } from '../support/processes.ts';
import { makeTorrent } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// What goes out to peers, under each policy and limit, to a peer that shares no code with ours.

const PIECE_BYTES = 256 * 1024;
const FILM = makeTorrent(randomBytes(8 * MIB + 4711), PIECE_BYTES);
const PIECES = Math.ceil(FILM.bytes.length / PIECE_BYTES);
const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const room = givingRoom(net, FILM);
afterAll(() => net.close());

test('ratio: with nobody reading any more, a peer gets the whole film, and no byte beyond the ratio', async () => {
  const { engine, leech } = await room.started({ upload: 'ratio' });
  const peer = await leech();
  await waitUntil(() => peer.has.size === PIECES, { what: 'it is told what is here', timeoutMs: 5000 });
  await peer.becomeUnchoked();
  expect((await peer.download(FILM)).equals(FILM.bytes)).toBe(true);
  expect(stateOf(engine, FILM)).toMatchObject({ uploadedBytes: FILM.bytes.length });
  await waitUntil(() => stateOf(engine, FILM).uploadRate > 0, {
    what: 'the rate is measured',
    timeoutMs: 2000,
  });
  await waitUntil(() => !peer.isUnchoked, { what: 'it is choked', timeoutMs: 5000 });
  peer.ask(0);
  await sleep(500);
  expect(peer.bytes).toBe(FILM.bytes.length);
});

test('off: a peer is told of nothing, may ask for nothing and gets nothing', async () => {
  const { engine, leech } = await room.started({ upload: 'off' });
  const peer = await leech();
  peer.say(2);
  peer.ask(0);
  peer.askMetadata(0);
  await waitUntil(() => peer.metadata.length > 0, { what: 'it is refused', timeoutMs: 5000 });
  expect(peer.metadata[0]?.toString('latin1')).toBe('d8:msg_typei2e5:piecei0ee');
  await sleep(1000);
  expect([peer.hasBitfield, peer.has.size, peer.isUnchoked, peer.bytes]).toEqual([false, 0, false, 0]);
  expect(stateOf(engine, FILM).uploadedBytes).toBe(0);
});

test('playing: it gives while somebody reads, and stops when the reader leaves', async () => {
  const { engine, leech } = await room.started({ upload: 'playing' });
  const [leave, pause] = [new AbortController(), new AbortController()];
  await sleep(1500);
  const peer = await leech();
  peer.say(2);
  await sleep(700);
  expect(peer.isUnchoked).toBe(false);
  const slow = () => sleep(60_000, undefined, { signal: pause.signal });
  const failed = expect(readAll(engine, FILM, undefined, leave.signal, slow)).rejects.toThrow();
  await peer.becomeUnchoked();
  await waitUntil(() => peer.has.size === PIECES, { what: 'it is told what is here', timeoutMs: 5000 });
  peer.ask(3);
  await waitUntil(() => peer.bytes === BLOCK, { what: 'it gets a block', timeoutMs: 5000 });
  leave.abort(new Error('gone'));
  pause.abort(new Error('gone'));
  await failed;
  await waitUntil(() => !peer.isUnchoked, { what: 'it is choked', timeoutMs: 5000 });
  peer.ask(4);
  await sleep(500);
  expect(peer.bytes).toBe(BLOCK);
});

test('a peer hears of pieces as they come, and the policy changes at once, both ways', async () => {
  const { engine, seed, leech } = await room.start({ upload: 'ratio' });
  await engine.open(room.specOf(seed), NEVER);
  const peer = await leech();
  await readAll(engine, FILM, { start: 0, end: 2 * MIB });
  await waitUntil(() => peer.has.size >= 8, { what: 'it hears of them', timeoutMs: 5000 });
  await peer.becomeUnchoked();
  engine.setLimits({ ...NO_LIMITS, upload: 'off' });
  await waitUntil(() => !peer.isUnchoked, { what: 'it is choked', timeoutMs: 3000 });
  const { size } = peer.has;
  await readAll(engine, FILM);
  await sleep(500);
  expect(peer.has.size).toBe(size);
  engine.setLimits({ ...NO_LIMITS, upload: 'ratio' });
  await waitUntil(() => peer.isUnchoked && peer.has.size === PIECES, {
    ...{ what: 'it may ask again, and knows the rest', timeoutMs: 5000 },
  });
});

test('the upload limit holds, for two peers together', async () => {
  const { leech } = await room.started({ upload: 'ratio', uploadBytesPerSecond: MIB });
  const peers = [await leech({ from: '127.0.0.2' }), await leech({ from: '127.0.0.3' })];
  await Promise.all(peers.map((peer) => peer.becomeUnchoked()));
  for (const peer of peers) for (let at = 0; at < 240; at += 1) peer.ask(at >> 4, (at & 15) * BLOCK);
  const begun = performance.now();
  await sleep(4000);
  const seconds = (performance.now() - begun) / 1000;
  const bytes = peers.reduce((sum, peer) => sum + peer.bytes, 0);
  expect(bytes / seconds).toBeGreaterThan(0.8 * MIB);
  expect(bytes / seconds).toBeLessThan(1.2 * MIB);
  // Neither of them has it alone.
  for (const peer of peers) expect(peer.bytes).toBeGreaterThan(bytes / 4);
});

test('the download limit holds, and ends with the setting', async () => {
  const { engine, seed } = await room.start({ downloadBytesPerSecond: MIB });
  await engine.open(room.specOf(seed), NEVER);
  const begun = performance.now();
  await readAll(engine, FILM, { start: 0, end: 4 * MIB });
  // What lies ahead of the reader has come too.
  const { downloadedBytes } = stateOf(engine, FILM);
  const rate = downloadedBytes / ((performance.now() - begun) / 1000);
  expect(rate).toBeGreaterThan(0.8 * MIB);
  expect(rate).toBeLessThan(1.2 * MIB);
  engine.setLimits(NO_LIMITS);
  const freed = performance.now();
  expect((await readAll(engine, FILM)).equals(FILM.bytes)).toBe(true);
  expect(performance.now() - freed).toBeLessThan(3000);
});

test('a flood of requests that reads nothing costs a queue, and nothing when it hangs up', async () => {
  const { engine, leech } = await room.started({ upload: 'ratio', uploadRatio: 100 });
  const before = process.memoryUsage().rss;
  const peer = await leech();
  await peer.becomeUnchoked();
  peer.socket.pause();
  const one = Buffer.concat([uint32(13), Buffer.from([6]), uint32(0, 0, BLOCK)]);
  for (let round = 0; round < 100; round += 1) peer.socket.write(Buffer.concat(Array(1000).fill(one)));
  await sleep(2000);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  // What is sent is what the kernel's buffers of both ends took.
  const { uploadedBytes } = stateOf(engine, FILM);
  expect(uploadedBytes).toBeLessThan(24 * MIB);
  peer.socket.resume();
  await waitUntil(() => peer.bytes >= 250 * BLOCK, { what: 'it is answered', timeoutMs: 10_000 });
  await sleep(1000);
  // What is beyond the queue is never answered.
  expect(stateOf(engine, FILM).uploadedBytes - uploadedBytes).toBeLessThanOrEqual(250 * BLOCK);
  peer.leave();
  engine.close();
  await waitUntil(() => engine.memory.usedBytes() === 0, { what: 'nothing is pinned', timeoutMs: 5000 });
});

test('what is called off is not sent', async () => {
  const { engine, leech } = await room.started({ upload: 'ratio', uploadBytesPerSecond: BLOCK });
  const peer = await leech();
  await peer.becomeUnchoked();
  for (let block = 0; block < 16; block += 1) peer.ask(1, block * BLOCK);
  for (let block = 0; block < 15; block += 1) peer.say(8, uint32(1, block * BLOCK, BLOCK));
  await waitUntil(() => peer.blocks.has(`1/${15 * BLOCK}`), {
    what: 'the last one comes',
    timeoutMs: 10_000,
  });
  expect(peer.blocks.size).toBeLessThan(5);
  engine.setLimits({ ...NO_LIMITS, upload: 'ratio' });
  await sleep(500);
  expect(peer.blocks.size).toBeLessThan(5);
});

test.each([
  ['more than 16 KiB', uint32(0, 0, BLOCK + 1)],
  ['nothing', uint32(0, 0, 0)],
  ['a piece that does not exist', uint32(PIECES, 0, BLOCK)],
  ['bytes behind the end', uint32(PIECES - 1, 0, BLOCK)],
  ['half a request', uint32(0, 0)],
])('who asks for %s is hung up on', async (_what, request) => {
  const { leech } = await room.started({ upload: 'ratio' });
  const peer = await leech();
  await peer.becomeUnchoked();
  peer.say(6, request);
  await waitUntil(() => peer.isClosed, { what: 'it is closed', timeoutMs: 5000 });
  expect(peer.bytes).toBe(0);
});

test('what the disk had to give up ends the connection of who asks for it, and the next one is told the truth', async () => {
  const dir = await openTempDir();
  room.onEnd(() => dir.remove());
  const { engine, seed, leech } = await room.start(
    { upload: 'ratio' },
    { memoryBytes: 2 * MIB, cache: { folder: dir.path, maxBytes: 2 * MIB } },
  );
  await engine.open(room.specOf(seed), NEVER);
  await readAll(engine, FILM, { start: 0, end: PIECE_BYTES });
  const peer = await leech();
  await waitUntil(() => peer.has.has(0), { what: 'it is told of the first piece', timeoutMs: 5000 });
  await peer.becomeUnchoked();
  await readAll(engine, FILM);
  peer.ask(0);
  await waitUntil(() => peer.isClosed, { what: 'it is closed', timeoutMs: 5000 });
  expect(peer.bytes).toBe(0);
  // The list is at most five seconds old.
  await sleep(5000);
  const again = await leech();
  await waitUntil(() => again.has.size > 0, { what: 'it is told of others', timeoutMs: 5000 });
  expect(again.has.has(0)).toBe(false);
});

test('eight of ten may ask', async () => {
  const { leech } = await room.started({ upload: 'ratio' });
  const peers = await Promise.all(
    Array.from({ length: 10 }, (_, at) => leech({ from: `127.0.0.${at + 2}` })),
  );
  for (const peer of peers) peer.say(2);
  const count = () => peers.filter(({ isUnchoked }) => isUnchoked).length;
  await waitUntil(() => count() === 8, { what: 'eight may ask', timeoutMs: 5000 });
  await sleep(600);
  expect(count()).toBe(8);
  // One that has enough makes room.
  peers.find(({ isUnchoked }) => isUnchoked)?.say(3);
  await waitUntil(() => count() === 8, { what: 'another may', timeoutMs: 5000 });
});

test('half a minute after the last reader it gives on, wants nothing itself, and rests when enough went back', async () => {
  const earlier = { downloadedBytes: FILM.bytes.length, uploadedBytes: FILM.bytes.length };
  const { engine, seed, leech } = await room.start({ upload: 'ratio' });
  await engine.open(room.specOf(seed, { earlier }), NEVER);
  await readAll(engine, FILM);
  const peer = await leech();
  await waitUntil(() => peer.has.size === PIECES, { what: 'it is told what is here', timeoutMs: 5000 });
  engine.release(FILM.infoHash);
  await sleep(32_000);
  expect([peer.isClosed, peer.isWanted]).toEqual([false, false]);
  await peer.becomeUnchoked();
  expect((await peer.download(FILM)).equals(FILM.bytes)).toBe(true);
  expect(stateOf(engine, FILM).uploadedBytes).toBe(FILM.bytes.length);
  await waitUntil(() => peer.isClosed, { what: 'it rests', timeoutMs: 5000 });
}, 90_000);
