import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import { Dht } from '../../src/streams/torrent/dht/index.ts';
import { bencode } from '../support/bencode.ts';
import { compactPeer, idNear, startDhtNode, told } from '../support/dht-node.ts';
import { givingRoom, MIB, NEVER, readAll } from '../support/giving-room.ts';
import { BLOCK } from '../support/leech-peer.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { startFakeHttp } from '../support/trackers.ts';
import { startUtpPeer } from '../support/utp-peer.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startWebSeedServer } from '../support/web-seed-server.ts';

// A paused torrent is silent: every way in which the engine speaks to others of a torrent, counted before and after.

const FILM = makeTorrent(randomBytes(8 * MIB), 256 * 1024);
const HELD = { start: 0, end: MIB };
const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const room = givingRoom(net, FILM);
afterAll(() => net.close());

/** A tracker that tells of these peers, and what each announce said of itself. */
async function startAnnounced(peers: readonly { host: string; port: number }[]) {
  const events: string[] = [];
  const tracker = await startFakeHttp((req, res) => {
    events.push(new URL(req.url ?? '', 'http://x').searchParams.get('event') ?? '');
    res.end(bencode({ interval: 1, peers: Buffer.concat(peers.map(compactPeer)) }));
  });
  room.onEnd(() => tracker[Symbol.asyncDispose]());
  return { events, url: tracker.url };
}

/** One of each that a torrent may speak to, and an engine that does. */
async function startAll() {
  const silentNode = await startDhtNode(idNear(FILM.infoHash, 8, 2), '127.0.7.2', { reply: () => null });
  const node = await startDhtNode(idNear(FILM.infoHash, 2, 1), '127.0.7.1');
  node.reply = () => told(node, { nodes: [silentNode] });
  const dht = new Dht({ net, bootstrap: [`${node.host}:${node.port}`], port: null, file: null });
  // Nobody listens there by TCP: it is dialled by both ways, again and again.
  const utp = await startUtpPeer({ host: '127.0.7.3', isSilent: true });
  const tracker = await startAnnounced([utp]);
  const webSeed = await startWebSeedServer({ '/Film.mkv': FILM.bytes }, { bytesPerSecond: 200_000 });
  for (const { stop } of [silentNode, node, utp, webSeed]) room.onEnd(stop);
  room.onEnd(() => dht.rest());
  const limits = { upload: 'ratio', uploadRatio: 100, uploadBytesPerSecond: 64 * 1024 } as const;
  const made = await room.start(limits, { dht, utp: { port: null } });
  const { seed, engine } = made;
  const spec = room.specOf(seed, {
    trackers: [tracker.url],
    peers: [seed, utp],
    webSeeds: [`${webSeed.base}/Film.mkv`],
  });
  return { ...made, engine, spec, node, silentNode, utp, tracker, webSeed };
}

test('on hold nothing is said to trackers, nodes, web seeds and peers, who comes is refused, and its end goes on', async () => {
  const { engine, seed, spec, leech, port, node, silentNode, utp, tracker, webSeed } = await startAll();
  const other = await startSeedPeer(FILM, '127.0.1.7');
  const laterSeed = await startWebSeedServer({ '/Film.mkv': FILM.bytes });
  const laterTracker = await startAnnounced([]);
  for (const { stop } of [other, laterSeed]) room.onEnd(stop);
  await engine.open(spec, NEVER);
  await readAll(engine, FILM, HELD);
  seed.manners.delayMs = 300;
  const reading = readAll(engine, FILM);
  const ended = expect(reading).rejects.toMatchObject({ code: 'torrent.paused' });
  const taker = await leech({ from: '127.0.0.8' });
  await waitUntil(() => taker.has.size >= 4, { what: 'it is told what is here', timeoutMs: 10_000 });
  await taker.becomeUnchoked();
  for (let block = 0; block < 64; block += 1) taker.ask(block >> 4, (block & 15) * BLOCK);
  const said = () => ({
    announces: tracker.events.length,
    nodes: node.datagrams + silentNode.datagrams,
    webRequests: webSeed.requests.length,
    connections: seed.counts.connections,
    asked: seed.counts.asked,
    datagrams: utp.heard.length,
    given: taker.bytes,
  });
  await waitUntil(() => Object.values(said()).every((count) => count > 0), {
    ...{ what: 'all of them hear of us', timeoutMs: 15_000 },
  });

  engine.hold(FILM.infoHash, true);
  await ended;
  await waitUntil(
    () => taker.isClosed && seed.openConnections() === 0 && tracker.events.includes('stopped'),
    {
      ...{ what: 'everybody was left', timeoutMs: 5000 },
    },
  );
  // What was on its way then has come.
  await sleep(300);
  const quiet = said();
  // Who comes with more, opens it, reads what is here, or dials us, changes nothing.
  const more = { trackers: [laterTracker.url], peers: [other], webSeeds: [`${laterSeed.base}/Film.mkv`] };
  await engine.open({ ...spec, ...more }, NEVER);
  expect((await readAll(engine, FILM, HELD)).equals(FILM.bytes.subarray(0, HELD.end))).toBe(true);
  const late = await leech({ from: '127.0.0.9' });
  await seed.dial(port);
  await waitUntil(() => late.isClosed && seed.openConnections() === 0, {
    ...{ what: 'who comes is refused', timeoutMs: 5000 },
  });
  expect(late.handshake.length).toBe(0);
  // Longer than the first pauses of whom we dial, of web seeds and of the tracker.
  await sleep(6500);
  expect(said()).toEqual({ ...quiet, connections: quiet.connections + 1 });
  expect(tracker.events.filter((event) => event === 'stopped')).toHaveLength(1);
  expect([other.counts.connections, laterSeed.requests.length, laterTracker.events.length]).toEqual([
    0, 0, 0,
  ]);

  seed.manners.delayMs = 0;
  engine.hold(FILM.infoHash, false);
  expect((await readAll(engine, FILM)).equals(FILM.bytes)).toBe(true);
  await waitUntil(() => tracker.events.length > quiet.announces && laterTracker.events.length > 0, {
    ...{ what: 'the trackers hear of us', timeoutMs: 5000 },
  });
}, 60_000);

test('a magnet on hold is not looked for where it says that its file lies, and what was asked for is called off', async () => {
  const { engine } = await room.start({});
  const source = await startWebSeedServer({ '/film.torrent': FILM.torrent }, { isSilent: true });
  room.onEnd(source.stop);
  const spec = {
    ...{ infoHash: FILM.infoHash, info: null, trackers: [], peers: [], isPrivate: false },
    exactSources: [`${source.base}/film.torrent`],
  };
  const opening = expect(engine.open(spec, NEVER)).rejects.toMatchObject({ code: 'torrent.paused' });
  await waitUntil(() => source.requests.length === 1, { what: 'it is asked', timeoutMs: 5000 });
  engine.hold(FILM.infoHash, true);
  await opening;
  await waitUntil(() => source.requests[0]?.hungUpAt != null, { what: 'it is left', timeoutMs: 5000 });
  await expect(engine.open(spec, NEVER)).rejects.toMatchObject({ code: 'torrent.paused' });
  // Nor where it was on hold before anybody opened it.
  await engine.remove(FILM.infoHash, true);
  engine.hold(FILM.infoHash, true);
  await expect(engine.open(spec, NEVER)).rejects.toMatchObject({ code: 'torrent.paused' });
  await sleep(500);
  expect(source.requests).toHaveLength(1);
  engine.hold(FILM.infoHash, false);
  source.manners.isSilent = false;
  await engine.open(spec, NEVER);
});

test('who reads what is here through a pause goes on after it, and peers get on', async () => {
  const { engine, seed, leech } = await room.start({ upload: 'ratio', uploadRatio: 100 });
  await engine.open(room.specOf(seed), NEVER);
  await readAll(engine, FILM, HELD);
  const resumed = Promise.withResolvers<void>();
  const reading = readAll(engine, FILM, undefined, NEVER, () => resumed.promise);
  await waitUntil(() => (engine.state(FILM.infoHash)?.readers ?? 0) > 0, { what: 'read', timeoutMs: 5000 });
  engine.hold(FILM.infoHash, true);
  await waitUntil(() => seed.openConnections() === 0, { what: 'it hangs up', timeoutMs: 5000 });
  engine.hold(FILM.infoHash, false);
  resumed.resolve();
  expect((await reading).equals(FILM.bytes)).toBe(true);
  // With nobody reading, what is owed is given after a pause as before it.
  engine.hold(FILM.infoHash, true);
  engine.hold(FILM.infoHash, false);
  const peer = await leech();
  await peer.becomeUnchoked();
  expect((await peer.download(FILM)).equals(FILM.bytes)).toBe(true);
});
