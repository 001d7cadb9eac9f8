import { randomBytes } from 'node:crypto';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { oneTorrent, saveStored, settleFound } from '../../src/features/torrents/queries.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import type { StoredTorrent } from '../../src/streams/storage.ts';
import { foundIn } from '../../src/streams/torrent/swarm/disk-pieces.ts';
import { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { freshDatabase } from '../support/database.ts';
import { openTempDir } from '../support/processes.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startWebSeedServer, type WebSeedManners } from '../support/web-seed-server.ts';

// What the engine keeps of torrents, tells of it, and does with it when the owner says so.

const MIB = 1024 * 1024;
const PIECE_BYTES = 128 * 1024;
const FILM = makeTorrent(randomBytes(6 * MIB + 1234), PIECE_BYTES);
const PIECES = Math.ceil(FILM.bytes.length / PIECE_BYTES);
const NEVER = new AbortController().signal;
const NOBODY = { infoHash: FILM.infoHash, trackers: [], peers: [], isPrivate: false };
const ALL = { start: 0, end: FILM.bytes.length };

const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => net.close());

async function startEngine(maxBytes = 100 * MIB, folder?: string) {
  const dir = folder ?? (await tempFolder());
  const engine = await SwarmEngine.start({
    ...{ net, log: createLog('silent'), memoryBytes: 32 * MIB, deadMs: 20_000 },
    ...{ cache: { folder: dir, maxBytes }, onGone: () => {}, onAnnounced: () => {} },
  });
  closers.push(() => engine.close());
  return { engine, folder: dir };
}

async function tempFolder(): Promise<string> {
  const dir = await openTempDir();
  closers.push(() => dir.remove());
  return dir.path;
}

async function startSeed() {
  const seed = await startSeedPeer(FILM);
  closers.push(() => seed.stop());
  const spec = { infoHash: FILM.infoHash, info: FILM.info, trackers: [], peers: [seed], isPrivate: false };
  return { seed, spec };
}

async function startServer(manners: Partial<WebSeedManners> = {}) {
  const files = { '/Film.mkv': FILM.bytes, '/film.torrent': FILM.torrent };
  const server = await startWebSeedServer(files, manners);
  closers.push(() => server.stop());
  return server;
}

async function readAll(engine: SwarmEngine, range = ALL, until = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const parts: Buffer[] = [];
  let taken = 0;
  for await (const { piece, from, to, release } of engine.read(FILM.infoHash, 0, range, NEVER)) {
    parts.push(Buffer.from(piece.buffer.bytes.subarray(from, to)));
    release();
    taken += to - from;
    if (taken >= until) break;
  }
  return Buffer.concat(parts);
}

/** Asks each time as the thread does each second; the last report of the film that is as wanted. */
const toldOf = (engine: SwarmEngine, isWanted: (report: StoredTorrent) => boolean) =>
  waitUntil(async () => engine.stored().find((one) => one.infoHash === FILM.infoHash && isWanted(one)), {
    ...{ what: 'it is told', timeoutMs: 10_000 },
  });

describe('what is told', () => {
  test('goes from downloading to completed, counts what came once, and then is silent', async () => {
    const { engine } = await startEngine();
    const { spec } = await startSeed();
    await engine.open(spec, NEVER);
    expect(engine.stored()).toEqual([]);
    const reading = readAll(engine);
    const downloading = await toldOf(engine, ({ readers }) => readers > 0);
    expect(downloading).toMatchObject({
      status: 'downloading',
      name: 'Film.mkv',
      pieceCount: PIECES,
      sizeBytes: FILM.bytes.length,
    });
    expect((await reading).equals(FILM.bytes)).toBe(true);
    const completed = await toldOf(engine, ({ status }) => status === 'completed');
    expect(completed).toMatchObject({ piecesHeld: PIECES, bytesOnDisk: FILM.bytes.length, error: null });
    const told = downloading.downloadedBytes + completed.downloadedBytes;
    expect(told).toBeLessThanOrEqual(1.25 * FILM.bytes.length);
    engine.close();
    expect(await toldOf(engine, ({ peers }) => peers === 0)).toMatchObject({
      readers: 0,
      piecesHeld: PIECES,
      name: null,
    });
    expect(engine.stored()).toEqual([]);
  });

  test('is nothing of a torrent that was only looked into', async () => {
    const { engine } = await startEngine();
    const { spec } = await startSeed();
    await engine.open(spec, NEVER);
    await sleep(300);
    expect(engine.stored()).toEqual([]);
  });

  test('is an error where nothing can be kept, or streamed', async () => {
    const folder = await tempFolder();
    const { engine } = await startEngine(100 * MIB, folder);
    await writeFile(join(folder, FILM.infoHash), 'a file where a folder should be');
    const { spec } = await startSeed();
    await engine.open(spec, NEVER);
    expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
    const report = await toldOf(engine, ({ status }) => status === 'error');
    expect(report.error).toBe('The disk could not be written to.');
  });
});

describe('a pause', () => {
  test('hangs up, gives what is here and refuses the rest at once; its end goes on', async () => {
    const { engine } = await startEngine();
    const { seed, spec } = await startSeed();
    await engine.open(spec, NEVER);
    const half = { start: 0, end: 10 * PIECE_BYTES };
    await readAll(engine, half);
    engine.hold(FILM.infoHash, true);
    await waitUntil(async () => seed.openConnections() === 0, { what: 'it hangs up', timeoutMs: 5000 });
    const { connections, sent } = seed.counts;
    expect((await readAll(engine, half)).equals(FILM.bytes.subarray(0, half.end))).toBe(true);
    const begun = performance.now();
    await expect(readAll(engine)).rejects.toMatchObject({ code: 'torrent.paused', status: 409 });
    expect(performance.now() - begun).toBeLessThan(1000);
    // Who opens it anew brings no peer either.
    await engine.open(spec, NEVER);
    await sleep(1500);
    expect(seed.counts).toMatchObject({ connections, sent });
    engine.hold(FILM.infoHash, false);
    expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
  });

  test('ends the waiting of who is in the middle', async () => {
    const { engine } = await startEngine();
    const { seed, spec } = await startSeed();
    seed.manners.isSilent = true;
    await engine.open(spec, NEVER);
    const reading = readAll(engine);
    await waitUntil(async () => seed.counts.asked > 0, { what: 'it is asked', timeoutMs: 5000 });
    engine.hold(FILM.infoHash, true);
    await expect(reading).rejects.toMatchObject({ code: 'torrent.paused' });
  });

  test('of a magnet that is not known yet refuses it, before and while its files are looked for', async () => {
    const { engine } = await startEngine();
    const { seed, spec } = await startSeed();
    seed.manners.isMetadataLiar = true;
    const opening = engine.open({ ...spec, info: null }, NEVER);
    await waitUntil(async () => seed.counts.connections > 0, { what: 'it is dialled', timeoutMs: 5000 });
    engine.hold(FILM.infoHash, true);
    await expect(opening).rejects.toMatchObject({ code: 'torrent.paused' });
    const other = await startEngine();
    other.engine.hold(FILM.infoHash, true);
    const { connections } = seed.counts;
    await expect(other.engine.open({ ...spec, info: null }, NEVER)).rejects.toMatchObject({ status: 409 });
    await sleep(500);
    expect(seed.counts.connections).toBe(connections);
  });

  test('asks no web server for its files, neither one that is known nor one that is new', async () => {
    const { engine } = await startEngine();
    const [known, fresh] = [await startServer(), await startServer()];
    const spec = { ...NOBODY, info: FILM.info, webSeeds: [`${known.base}/Film.mkv`] };
    await engine.open(spec, NEVER);
    await readAll(engine, { start: 0, end: 10 * PIECE_BYTES });
    engine.hold(FILM.infoHash, true);
    await sleep(200);
    const asked = known.requests.length;
    await engine.open({ ...spec, webSeeds: [`${fresh.base}/Film.mkv`] }, NEVER);
    await expect(readAll(engine)).rejects.toMatchObject({ code: 'torrent.paused' });
    await sleep(1500);
    expect([known.requests.length, fresh.requests.length]).toEqual([asked, 0]);
    engine.hold(FILM.infoHash, false);
    expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
  });

  test('asks nobody for the .torrent of a magnet, before or since, and gives up who is being asked', async () => {
    const { engine } = await startEngine();
    const server = await startServer({ isSilent: true });
    const spec = { ...NOBODY, info: null, exactSources: [`${server.base}/film.torrent`] };
    engine.hold(FILM.infoHash, true);
    await expect(engine.open(spec, NEVER)).rejects.toMatchObject({ code: 'torrent.paused' });
    await expect(engine.open(spec, NEVER)).rejects.toMatchObject({ code: 'torrent.paused' });
    await sleep(500);
    expect(server.requests.length).toBe(0);
    engine.hold(FILM.infoHash, false);
    const opening = engine.open(spec, NEVER);
    await waitUntil(async () => server.requests.length === 1, { what: 'it is asked', timeoutMs: 5000 });
    engine.hold(FILM.infoHash, true);
    await expect(opening).rejects.toMatchObject({ code: 'torrent.paused' });
    await waitUntil(async () => server.requests[0]?.hungUpAt != null, {
      ...{ what: 'it is given up', timeoutMs: 5000 },
    });
    server.manners.isSilent = false;
    engine.hold(FILM.infoHash, false);
    expect((await engine.open(spec, NEVER)).files.length).toBe(1);
  });
});

describe('a removal', () => {
  test('is refused while somebody reads, or ends that with 410; then nothing of it is left', async () => {
    const { engine, folder } = await startEngine();
    const { seed, spec } = await startSeed();
    await engine.open(spec, NEVER);
    await readAll(engine, { start: 0, end: 8 * PIECE_BYTES });
    seed.manners.isSilent = true;
    const reading = readAll(engine);
    await waitUntil(async () => (engine.state(FILM.infoHash)?.readers ?? 0) > 0, {
      what: 'read',
      timeoutMs: 5000,
    });
    expect(await engine.remove(FILM.infoHash, false)).toBe(false);
    const failing = expect(reading).rejects.toMatchObject({ code: 'torrent.removed', status: 410 });
    expect(await engine.remove(FILM.infoHash, true)).toBe(true);
    await failing;
    expect(await readdir(folder)).toEqual([]);
    expect(engine.stored()).toEqual([]);
    // Whose player still has it open begins anew.
    seed.manners.isSilent = false;
    expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
    engine.release(FILM.infoHash);
  });
});

// Miauflix, scenario M7.
test('over the threshold the stalest of a hundred goes, not the one playing, and its row shows it', async () => {
  await using database = await freshDatabase();
  const folder = await tempFolder();
  const hashOf = (index: number) => index.toString(16).padStart(40, '0');
  for (let index = 0; index < 99; index += 1) {
    await mkdir(join(folder, hashOf(index)));
    for (const name of ['0', '1']) {
      const path = join(folder, hashOf(index), name);
      await writeFile(path, Buffer.alloc(16 * 1024));
      await utimes(path, 1_700_000_000 + 60 * index, 1_700_000_000 + 60 * index);
    }
  }
  const pieceOf = (index: number) => oneTorrent(database.db, hashOf(index));
  const found = await foundIn({ folder, maxBytes: 1 });
  await settleFound(database.db, 'here', found, () => false);
  expect(await pieceOf(0)).toMatchObject({ piecesHeld: 2, bytesOnDisk: 32 * 1024 });
  // Room for the film and half of the others.
  const maxBytes = FILM.bytes.length + 50 * 32 * 1024;
  const { engine } = await startEngine(maxBytes, folder);
  const { spec } = await startSeed();
  await engine.open(spec, NEVER);
  expect((await readAll(engine)).equals(FILM.bytes)).toBe(true);
  await waitUntil(
    async () => {
      await saveStored(database.db, 'here', engine.stored());
      return (await oneTorrent(database.db, FILM.infoHash))?.status === 'completed';
    },
    { what: 'the film is whole', timeoutMs: 10_000 },
  );
  const rows = await Promise.all([0, 48, 49, 98].map(pieceOf));
  expect(rows.map((row) => row?.piecesHeld)).toEqual([0, 0, 2, 2]);
  expect(await oneTorrent(database.db, FILM.infoHash)).toMatchObject({ progress: 1, piecesHeld: PIECES });
  const onDisk = await foundIn({ folder, maxBytes: 1 });
  expect(onDisk.reduce((sum, { bytesOnDisk }) => sum + bytesOnDisk, 0)).toBeLessThanOrEqual(maxBytes);
});
