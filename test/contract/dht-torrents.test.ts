import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import { Dht } from '../../src/streams/torrent/dht/index.ts';
import { PeerSearch } from '../../src/streams/torrent/dht/peer-search.ts';
import type { TorrentSpec } from '../../src/streams/torrent/engine.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { type DhtNode, idNear, startDhtNode, told } from '../support/dht-node.ts';
import { type Manners, makeTorrent, startSeedPeer, type TestTorrent } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// Torrents whose only way to a peer is the DHT.

const MIB = 1024 * 1024;
const FILM = makeTorrent(randomBytes(4 * MIB + 4711), 256 * 1024);
const PRIVATE = makeTorrent(randomBytes(MIB), 256 * 1024, [], { private: 1 });
const NEVER = new AbortController().signal;

const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const started: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});
afterAll(() => net.close());

/** One node, that knows one seed of the torrent, and an engine that is told of the node. */
async function roomOf(film: TestTorrent, manners: Partial<Manners> = {}) {
  const seed = await startSeedPeer(film, '127.0.6.1', manners);
  const node = await startDhtNode(idNear(film.infoHash, 2, 1), '127.0.6.2');
  node.reply = () => told(node, { peers: [seed] });
  const dht = new Dht({ net, bootstrap: [`${node.host}:${node.port}`], port: null, file: null });
  const engine = await SwarmEngine.start({
    ...{ net, dht, log: createLog('silent'), memoryBytes: 32 * MIB, cache: { folder: '', maxBytes: 0 } },
    ...{ deadMs: 8000, onGone: () => {}, onAnnounced: () => {} },
  });
  started.push(
    () => seed.stop(),
    () => node.stop(),
    () => dht.rest(),
    () => engine.close(),
  );
  return { seed, node, dht, engine };
}

const magnet = ({ infoHash }: TestTorrent, more: Partial<TorrentSpec> = {}): TorrentSpec => ({
  ...{ infoHash, info: null, trackers: [], peers: [], isPrivate: false },
  ...more,
});

async function readAll(engine: SwarmEngine, { infoHash, bytes }: TestTorrent): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const { piece, from, to, release } of engine.read(
    infoHash,
    0,
    { start: 0, end: bytes.length },
    NEVER,
  )) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    release();
  }
  return Buffer.concat(parts);
}

test('a magnet without trackers plays bit for bit, and its peers are told that we have the DHT', async () => {
  const { engine, seed } = await roomOf(FILM);
  await engine.open(magnet(FILM), NEVER);
  expect((await readAll(engine, FILM)).equals(FILM.bytes)).toBe(true);
  expect(seed.reserved).toBe('0000000000100001');
});

test('who would rather go on than wait waits for the first lookup, and no longer', async () => {
  const { engine, node, seed } = await roomOf(FILM);
  const honest = node.reply;
  node.reply = () => null;
  const begun = performance.now();
  await expect(engine.open(magnet(FILM, { isHasty: true }), NEVER)).rejects.toMatchObject({ status: 504 });
  const waited = performance.now() - begun;
  // Two seconds of silence are all that the lookup has to wait for.
  expect(waited).toBeGreaterThan(1900);
  expect(waited).toBeLessThan(7000);
  expect(seed.counts.connections).toBe(0);
  node.reply = honest;
  const other = makeTorrent(randomBytes(MIB), 256 * 1024);
  const second = await startSeedPeer(other, '127.0.6.3');
  started.push(() => second.stop());
  node.reply = () => told(node, { peers: [second] });
  await engine.open(magnet(other, { isHasty: true }), NEVER);
});

test('a private torrent is not looked for: no datagram, no bit, and no node of its peers is asked', async () => {
  const told3 = await startDhtNode(idNear(PRIVATE.infoHash, 3, 2), '127.0.6.1');
  started.push(() => told3.stop());
  const { engine, node, dht, seed } = await roomOf(PRIVATE, { dhtPort: told3.port });
  await dht.findPeers(FILM.infoHash, () => {}, NEVER);
  const before = node.datagrams;
  await engine.open(magnet(PRIVATE, { isPrivate: true, peers: [seed] }), NEVER);
  expect((await readAll(engine, PRIVATE)).equals(PRIVATE.bytes)).toBe(true);
  expect([node.datagrams - before, told3.datagrams, seed.reserved]).toEqual([0, 0, '0000000000100000']);
});

test('a magnet that turns out to be private is not looked for any more', async () => {
  const { engine, node, dht, seed } = await roomOf(PRIVATE);
  // Still being looked for when its metadata says what it is.
  const silent = await startDhtNode(idNear(PRIVATE.infoHash, 8, 3), '127.0.6.4', { reply: () => null });
  started.push(() => silent.stop());
  node.reply = () => told(node, { nodes: [silent], peers: [seed] });
  await engine.open(magnet(PRIVATE), NEVER);
  const lookups = () => dht.state().lookups;
  await waitUntil(async () => lookups() === 0, { what: 'the lookup is called off', timeoutMs: 1000 });
  expect((await readAll(engine, PRIVATE)).equals(PRIVATE.bytes)).toBe(true);
});

test('the node of a peer is asked, and known from then on', async () => {
  const own = await startDhtNode(idNear(FILM.infoHash, 3, 2), '127.0.6.1');
  started.push(() => own.stop());
  const { engine, dht } = await roomOf(FILM, { dhtPort: own.port });
  await engine.open(magnet(FILM), NEVER);
  await waitUntil(async () => dht.state().nodes === 2, { what: 'it is known', timeoutMs: 5000 });
  expect(own.queries.map(({ q }) => q)).toEqual(['ping']);
});

test('without torrents its socket is closed', async () => {
  const { engine, dht } = await roomOf(FILM);
  await engine.open(magnet(FILM), NEVER);
  expect(dht.state().status).toBe('running');
  engine.close();
  expect(dht.state().status).toBe('resting');
});

test('a torrent with few peers is looked for each minute, one that does well each quarter of an hour', async () => {
  const node: DhtNode = await startDhtNode(idNear(FILM.infoHash, 2, 1), '127.0.6.2');
  const dht = new Dht({ net, bootstrap: [`${node.host}:${node.port}`], port: null, file: null });
  started.push(
    () => node.stop(),
    () => dht.rest(),
  );
  const search = new PeerSearch({ infoHash: FILM.infoHash, dht, onPeers: () => {} });
  const now = performance.now();
  const looked = async (count: number) =>
    await vi.waitFor(() => expect([node.datagrams, search.isDone]).toEqual([count, true]), 5000);
  expect(search.isDone).toBe(false);
  search.tick(now, false);
  search.tick(now, true);
  expect(search.isDone).toBe(false);
  await looked(1);
  search.tick(performance.now() + 59_000, true);
  search.tick(performance.now() + 890_000, false);
  await looked(1);
  search.tick(performance.now() + 61_000, true);
  await looked(2);
  search.tick(performance.now() + 901_000, false);
  await looked(3);
  // After a rest it begins anew.
  search.stop();
  search.tick(performance.now(), false);
  await looked(4);
});
