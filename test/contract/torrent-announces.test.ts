import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import type { Announced, EngineName } from '../../src/streams/torrent/engine.ts';
import type { ThreadEngineOptions } from '../../src/streams/torrent/thread/thread-engine.ts';
import { announce } from '../../src/streams/torrent/trackers/index.ts';
import { makeTorrent, type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { ENGINES, openEngine, readFrom } from '../support/torrent-engines.ts';
import { startTracker } from '../support/trackers.ts';
import { waitUntil } from '../support/wait-until.ts';

const MIB = 1024 * 1024;
const FILM = makeTorrent(randomBytes(2 * MIB), 256 * 1024);
const ALL = { start: 0, end: FILM.bytes.length };
const NEVER = new AbortController().signal;

const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => net.close());

async function startEngine(
  name: EngineName,
  onAnnounced: (announced: Announced) => void = () => {},
  options: Partial<ThreadEngineOptions> = {},
) {
  const { engine, close } = await openEngine(name, options.net ?? net, {
    ...{ deadMs: 3000, onAnnounced },
    ...options,
  });
  closers.push(close);
  return engine;
}

/** A seed that a tracker knows of. */
async function knownSeed(trackerUrl: string): Promise<SeedPeer> {
  const seed = await startSeedPeer(FILM);
  closers.push(() => seed.stop());
  const of = { infoHash: FILM.infoHash, peerId: randomBytes(20), port: seed.port };
  const standing = { uploaded: 0, downloaded: 0, left: 0, event: 'started' as const, numWant: 0 };
  await announce(trackerUrl, { ...of, ...standing }, { net }, NEVER);
  return seed;
}

describe.each(ENGINES)('%s', (name) => {
  test.each(['udpUrl', 'httpUrl'] as const)('a magnet with nothing but a tracker plays (%s)', async (how) => {
    const tracker = await startTracker();
    closers.push(() => tracker.stop());
    await knownSeed(tracker[how]);
    const told: Announced[] = [];
    const engine = await startEngine(name, (announced) => told.push(announced));
    const dead = 'udp://127.0.0.1:9/announce';
    await engine.open(
      { infoHash: FILM.infoHash, info: null, trackers: [dead, tracker[how]], peers: [], isPrivate: false },
      NEVER,
    );
    expect((await readFrom(engine, FILM.infoHash, ALL)).equals(FILM.bytes)).toBe(true);
    // A real announce is a check: the one that answered and the one that did not are both told.
    await waitUntil(async () => told.length === 2, { what: 'both were told', timeoutMs: 10_000 });
    expect(told).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ url: tracker[how], ok: true, reason: null }),
        expect.objectContaining({ url: dead, ok: false, reason: expect.any(String) }),
      ]),
    );
  });

  test('a tracker that refuses is alive, and is told as such', async () => {
    const tracker = await startTracker({ refuse: 'not here' });
    closers.push(() => tracker.stop());
    const told: Announced[] = [];
    const engine = await startEngine(name, (announced) => told.push(announced));
    const spec = { infoHash: FILM.infoHash, info: FILM.info, trackers: [tracker.httpUrl], peers: [] };
    await engine.open({ ...spec, isPrivate: false }, NEVER);
    await waitUntil(async () => told.length === 1, { what: 'it was told', timeoutMs: 5000 });
    expect(told).toMatchObject([{ ok: true, reason: expect.stringContaining('not here') }]);
  });

  test('a private torrent asks nobody for peers but its tracker: no exchange with peers is offered', async () => {
    const tracker = await startTracker();
    closers.push(() => tracker.stop());
    const seed = await knownSeed(tracker.udpUrl);
    const engine = await startEngine(name);
    const spec = { infoHash: FILM.infoHash, info: FILM.info, trackers: [tracker.udpUrl], peers: [] };
    await engine.open({ ...spec, isPrivate: true }, NEVER);
    expect((await readFrom(engine, FILM.infoHash, ALL)).equals(FILM.bytes)).toBe(true);
    expect(seed.extensions).not.toContain('ut_pex');
    expect(seed.extensions).toContain('ut_metadata');
  });

  test('a peer or a tracker that a magnet names on a private network is never dialled', async () => {
    const tracker = await startTracker();
    closers.push(() => tracker.stop());
    const seed = await startSeedPeer(FILM);
    closers.push(() => seed.stop());
    // As an owner runs it: the whole world, and nothing of this network.
    const guarded = createNet({ mode: 'all', allow: [], ownPorts: () => new Set() });
    closers.push(() => guarded.close());
    const told: Announced[] = [];
    const engine = await startEngine(name, (one) => told.push(one), { net: guarded, deadMs: 800 });
    const peers = ['127.0.0.1', 'localhost', '2130706433', '::ffff:127.0.0.1', '0177.0.0.1'].map((host) => {
      return { host, port: seed.port };
    });
    const trackers = [tracker.udpUrl, tracker.httpUrl, tracker.wsUrl];
    const spec = { infoHash: FILM.infoHash, info: null, trackers, peers, isPrivate: false };
    await expect(engine.open(spec, NEVER)).rejects.toMatchObject({ status: 504 });
    expect([seed.counts.connections, tracker.announced]).toEqual([0, []]);
    expect(told.map(({ ok }) => ok)).toEqual([false, false, false]);
  });
});
