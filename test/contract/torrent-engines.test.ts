import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import type { EngineName } from '../../src/streams/torrent/engine.ts';
import type { ThreadEngineOptions } from '../../src/streams/torrent/thread/thread-engine.ts';
import { type Manners, makeTorrent, type SeedPeer, startSeedPeer } from '../support/seed-peer.ts';
import { ENGINES, openEngine, readFrom } from '../support/torrent-engines.ts';
import { waitUntil } from '../support/wait-until.ts';

// What every torrent engine owes, whichever TORRENT_ENGINE is set; how ours chooses blocks is in torrent-swarm.test.ts.

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const FILM = makeTorrent(randomBytes(12 * MIB + 4711), PIECE_BYTES);
const ALL = { start: 0, end: FILM.bytes.length };
const NEVER = new AbortController().signal;

const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => net.close());

/** Seeds at addresses of their own, and an engine that knows them. */
async function swarmOf(
  name: EngineName,
  manners: readonly Partial<Manners>[],
  { torrent = FILM, ...options }: Partial<ThreadEngineOptions> & { torrent?: typeof FILM } = {},
) {
  const seeds = await Promise.all(
    manners.map((one, index) => startSeedPeer(torrent, `127.0.2.${index + 1}`, one)),
  );
  closers.push(() => Promise.all(seeds.map((seed) => seed.stop())));
  const { engine, close } = await openEngine(name, net, options);
  closers.push(close);
  const { infoHash, info } = torrent;
  const spec = { infoHash, info, trackers: [], peers: seeds, isPrivate: false };
  return {
    ...{ engine, seeds, spec },
    open: () => engine.open(spec, NEVER),
    read: (range = ALL, more: Parameters<typeof readFrom>[3] = {}) => readFrom(engine, infoHash, range, more),
  };
}

const connected = (seeds: readonly SeedPeer[]) =>
  seeds.reduce((sum, { openConnections }) => sum + openConnections(), 0);

describe.each(ENGINES)('%s', (name) => {
  test('a film comes bit for bit from three peers, and so do its first byte, its last and none', async () => {
    const { open, read } = await swarmOf(name, [{}, {}, {}]);
    await open();
    expect((await read()).equals(FILM.bytes)).toBe(true);
    const last = FILM.bytes.length - 1;
    expect(await read({ start: 0, end: 1 })).toEqual(FILM.bytes.subarray(0, 1));
    expect(await read({ start: last, end: last + 1 })).toEqual(FILM.bytes.subarray(last));
    expect(await read({ start: 0, end: 0 })).toEqual(Buffer.alloc(0));
  });

  test('the last viewer leaves and another comes at once, again and again: each has the film', async () => {
    const { engine, spec, open, read } = await swarmOf(name, [{}, {}], {
      cache: { folder: '', maxBytes: 0 },
    });
    for (let turn = 0; turn < 8; turn += 1) {
      await open();
      const range = { start: turn * 100_000, end: turn * 100_000 + 600_000 };
      expect(await read(range)).toEqual(FILM.bytes.subarray(range.start, range.end));
      engine.release(spec.infoHash);
    }
  });

  test('each of several files is told with its place, and gives its own bytes', async () => {
    const lengths = [700_001, 0, 1, 2 * MIB, 12_345];
    const files = lengths.map((length, index) => ({ path: ['..', `part ${index}.mkv`], length }));
    const bytes = randomBytes(lengths.reduce((sum, length) => sum + length, 0));
    const { engine, open, read } = await swarmOf(name, [{}, {}], {
      torrent: makeTorrent(bytes, PIECE_BYTES, files),
    });
    const opened = await open();
    expect(opened.files.map(({ sizeBytes }) => sizeBytes)).toEqual(lengths);
    for (const { index, offset, sizeBytes } of opened.files) {
      const range = { start: 0, end: sizeBytes };
      const got = await read(range, { fileIndex: index });
      expect(got.equals(bytes.subarray(offset, offset + sizeBytes)), `file ${index}`).toBe(true);
    }
    expect(() => engine.read(FILM.infoHash, 9, { start: 0, end: 1 }, NEVER)).toThrow(/no such file/);
  });

  test('a magnet gets its files from peers, and those that lie about them are no hindrance', async () => {
    const liar = { isMetadataLiar: true };
    const { engine, spec, read } = await swarmOf(name, [liar, liar, liar, { ...liar, isSilent: true }, {}]);
    const opened = await engine.open({ ...spec, info: null }, NEVER);
    expect(opened.files).toEqual([{ index: 0, path: 'Film.mkv', offset: 0, sizeBytes: FILM.bytes.length }]);
    expect(Buffer.from(opened.info).equals(FILM.info)).toBe(true);
    expect((await read({ start: 5 * MIB, end: 6 * MIB })).equals(FILM.bytes.subarray(5 * MIB, 6 * MIB))).toBe(
      true,
    );
  });

  test('a magnet that nobody has is 504, and whoever stops waiting is rid of it at once', async () => {
    const { engine, spec } = await swarmOf(name, [{ isChoking: true }]);
    const unknown = { ...spec, infoHash: 'ab'.repeat(20), info: null };
    await expect(engine.open(unknown, AbortSignal.timeout(200))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await expect(engine.open(unknown, NEVER)).rejects.toMatchObject({ status: 504 });
  });

  test('who would rather go on without is told as soon as nobody is left to ask', async () => {
    const { engine, spec } = await swarmOf(name, [], { deadMs: 60_000 });
    await expect(engine.open({ ...spec, info: null, isHasty: true }, NEVER)).rejects.toMatchObject({
      status: 504,
    });
  });

  test.each([
    ['announces a message of 4 GB', Buffer.from('ffffffff05', 'hex')],
    ['sends a message that is too short', Buffer.from('0000000104', 'hex')],
    ['sends a request that is too short', Buffer.from('000000020601', 'hex')],
    [
      'sends a block nobody asked for',
      Buffer.concat([Buffer.from('00004009070000000000000000', 'hex'), Buffer.alloc(16_384)]),
    ],
    ['sends a block of 1 MiB', Buffer.from('00100009070000000000000000', 'hex')],
    ['has a bitfield of another length', Buffer.from('0000000305ffff', 'hex')],
    ['has a piece that does not exist', Buffer.from('0000000504ffffffff', 'hex')],
    ['speaks of extensions in nonsense', Buffer.from('0000000614006c6c6c6c', 'hex')],
    ['has a number of extensions and no list', Buffer.from('0000000a140064313a6d69316565', 'hex')],
  ])('a peer that %s harms nobody', async (_what, garbage) => {
    // In its own thread this would be the end of every torrent.
    const uncaught: Error[] = [];
    const onUncaught = (error: Error) => void uncaught.push(error);
    process.on('uncaughtException', onUncaught);
    closers.push(() => process.off('uncaughtException', onUncaught));
    const { engine, spec, read } = await swarmOf(name, [{ garbage }, {}]);
    await engine.open({ ...spec, info: null }, NEVER);
    const range = { start: 0, end: 4 * MIB };
    expect((await read(range)).equals(FILM.bytes.subarray(0, 4 * MIB))).toBe(true);
    expect(uncaught).toEqual([]);
  });

  test('who announces a message of 4 GB is hung up on, and so is who has pieces there are not', async () => {
    const garbage = ['ffffffff05', '0000000305ffff', '0000000504ffffffff'].map((hex) =>
      Buffer.from(hex, 'hex'),
    );
    const { open, seeds } = await swarmOf(
      name,
      garbage.map((one) => ({ garbage: one })),
    );
    await open();
    await waitUntil(
      async () => seeds.every(({ counts }) => counts.connections > 0) && connected(seeds) === 0,
      {
        ...{ what: 'they were hung up on', timeoutMs: 5000 },
      },
    );
  });

  test('what a silent peer was asked for comes from the others', async () => {
    const { open, read } = await swarmOf(name, [{ isSilent: true }, {}], { deadMs: 10_000 });
    await open();
    expect((await read({ start: 0, end: 4 * MIB })).equals(FILM.bytes.subarray(0, 4 * MIB))).toBe(true);
  });

  test('a liar spoils nothing that others have right', async () => {
    const { engine, open, read } = await swarmOf(name, [{}, {}, {}, { isLiar: true }], { deadMs: 10_000 });
    await open();
    expect((await read()).equals(FILM.bytes)).toBe(true);
    expect(engine.state(FILM.infoHash)?.wastedBytes).toBeLessThan(FILM.bytes.length);
  });

  test('of a peer that has nothing right not a byte leaves: it is banned, and the swarm is dead', async () => {
    const { engine, open, read } = await swarmOf(name, [{ isLiar: true }]);
    await open();
    let taken = 0;
    const pace = (bytes: number) => {
      taken = bytes;
      return undefined;
    };
    await expect(read(ALL, { pace })).rejects.toMatchObject({ code: 'upstream.failed', status: 504 });
    expect(taken).toBe(0);
    expect(engine.state(FILM.infoHash)).toMatchObject({ bannedPeers: 1, readers: 0, piecesHeld: 0 });
  });

  test('peers that let nobody ask are a dead swarm: 504 in words, after the time for it and no later', async () => {
    const { open, read } = await swarmOf(name, [{ isChoking: true }, { isSilent: true }]);
    await open();
    const startedAt = performance.now();
    await expect(read()).rejects.toMatchObject({ code: 'upstream.failed', status: 504 });
    expect(performance.now() - startedAt).toBeGreaterThan(1400);
    expect(performance.now() - startedAt).toBeLessThan(4000);
  });

  test('all peers go in the middle and come back: it goes on at the next byte', async () => {
    // When two megabytes are taken, most of the film has still to come.
    const manners = { bytesPerSecond: 8 * MIB };
    const { open, read, seeds } = await swarmOf(name, [manners, manners], { deadMs: 10_000 });
    await open();
    let hasGone = false;
    const pace = async (taken: number) => {
      if (hasGone || taken < 2 * MIB) return;
      hasGone = true;
      await Promise.all(seeds.map((seed) => seed.leave()));
      await sleep(200);
      await Promise.all(seeds.map((seed) => seed.comeBack()));
    };
    expect((await read(ALL, { pace })).equals(FILM.bytes)).toBe(true);
    expect(seeds.some(({ counts }) => counts.connections > 1)).toBe(true);
  });

  test('ten viewers of one film each get all of it, and one who leaves disturbs nobody', async () => {
    const { engine, open, read } = await swarmOf(name, [{}, {}, {}]);
    await open();
    const leave = new AbortController();
    const left = expect(
      read(ALL, { signal: leave.signal, pace: async () => leave.abort(new Error('gone')) }),
    ).rejects.toThrow('gone');
    const all = await Promise.all(Array.from({ length: 10 }, () => read()));
    await left;
    expect(all.every((bytes) => bytes.equals(FILM.bytes))).toBe(true);
    expect(engine.state(FILM.infoHash)).toMatchObject({ readers: 0 });
  });

  test('a viewer who stops reading stops the download', async () => {
    // The window of a swarm this fast is what the memory or the disk allows.
    const { engine, open, read } = await swarmOf(name, [{}, {}], {
      ...{ memoryBytes: 6 * MIB, cache: { folder: '', maxBytes: 8 * MIB } },
    });
    await open();
    const stop = new AbortController();
    const paused = sleep(60_000, undefined, { signal: stop.signal });
    const failed = expect(read(ALL, { pace: () => paused })).rejects.toThrow();
    await sleep(1000);
    const { downloadedBytes = 0 } = engine.state(FILM.infoHash) ?? {};
    stop.abort(new Error('the end'));
    await failed;
    expect(downloadedBytes).toBeGreaterThan(2 * MIB);
    expect(downloadedBytes).toBeLessThan(6 * MIB);
  });

  test('who aborts is told why at once, also while nothing comes', async () => {
    const { open, read } = await swarmOf(name, [{ isSilent: true }], { deadMs: 60_000 });
    await open();
    const leave = new AbortController();
    const failed = expect(read(ALL, { signal: leave.signal })).rejects.toThrow('seek');
    await sleep(200);
    const leftAt = performance.now();
    leave.abort(new Error('seek'));
    await failed;
    expect(performance.now() - leftAt).toBeLessThan(100);
  });

  test('a hundred viewers who come and go leave no reader, and the film plays for the next one', async () => {
    const { engine, open, read } = await swarmOf(name, [{}, {}]);
    for (let round = 0; round < 100; round += 1) {
      await open();
      const leave = new AbortController();
      const start = Math.floor(Math.random() * (FILM.bytes.length - MIB));
      const reading = read({ start, end: FILM.bytes.length }, { signal: leave.signal }).catch(() => {});
      await sleep(Math.random() * 5);
      leave.abort(new Error('gone'));
      await reading;
      engine.release(FILM.infoHash);
    }
    await open();
    expect(engine.state(FILM.infoHash)).toMatchObject({ readers: 0 });
    expect((await read()).equals(FILM.bytes)).toBe(true);
  });

  test('closing it ends every connection, and who still reads is told', async () => {
    const { engine, open, read, seeds } = await swarmOf(name, [{ delayMs: 20 }, { delayMs: 20 }]);
    await open();
    const failed = expect(read()).rejects.toThrow(/closed/);
    await waitUntil(async () => connected(seeds) === 2, { what: 'both are connected', timeoutMs: 5000 });
    await engine.close();
    await failed;
    await waitUntil(async () => connected(seeds) === 0, { what: 'nobody is connected', timeoutMs: 5000 });
  });
});
