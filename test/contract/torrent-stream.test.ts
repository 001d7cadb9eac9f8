import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNet } from '../../src/platform/net.ts';
import {
  TorrentStreamEngine,
  type TorrentStreamOptions,
} from '../../src/streams/torrent/torrent-stream/engine.ts';
import { openTempDir } from '../support/processes.ts';
import { makeTorrent, startSeedPeer } from '../support/seed-peer.ts';
import { readFrom } from '../support/torrent-engines.ts';
import { waitUntil } from '../support/wait-until.ts';

// What torrent-stream needs beside it: what every engine owes is in torrent-engines.test.ts.

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const LENGTHS = [MIB + 1, 11 * MIB];
const FILM = makeTorrent(
  randomBytes(12 * MIB + 1),
  PIECE_BYTES,
  LENGTHS.map((length, index) => ({ path: ['..', '..', `escaped ${index}`], length })),
);
const NEVER = new AbortController().signal;

const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => net.close());

async function start(options: Partial<TorrentStreamOptions> = {}, maxBytes = 1024 * MIB) {
  const dir = await openTempDir();
  closers.push(() => dir.remove());
  const seed = await startSeedPeer(FILM, '127.0.3.1');
  closers.push(() => seed.stop());
  const engine = await TorrentStreamEngine.start({
    ...{ net, log: createLog('silent'), memoryBytes: 32 * MIB, deadMs: 5000 },
    ...{ cache: { folder: dir.path, maxBytes }, onGone: () => {}, onAnnounced: () => {} },
    ...options,
  });
  closers.push(() => engine.close());
  const spec = { infoHash: FILM.infoHash, info: FILM.info, trackers: [], peers: [seed], isPrivate: false };
  return {
    ...{ engine, seed, folder: dir.path, open: () => engine.open(spec, NEVER) },
    read: (pace?: (taken: number) => Promise<unknown>) =>
      readFrom(engine, FILM.infoHash, { start: 0, end: 11 * MIB }, { fileIndex: 1, ...(pace && { pace }) }),
  };
}

const SECOND = FILM.bytes.subarray(MIB + 1);

/** What lies below the folder, and what it takes of the disk: the file has holes. */
async function onDisk(folder: string) {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const facts = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)));
  const bytes = facts.reduce((sum, fact) => sum + (fact?.isFile() ? fact.blocks * 512 : 0), 0);
  return { names, bytes };
}

test('no name of a torrent reaches the disk, what is read lies there once, and goes with the torrent', async () => {
  const { engine, folder, open, read } = await start({ restMs: 200, forgetMs: 400 });
  await open();
  expect((await read()).equals(SECOND)).toBe(true);
  const { names } = await onDisk(folder);
  expect(names.filter((name) => name.includes('escaped'))).toEqual([]);
  expect(names.filter((name) => name.endsWith('pieces'))).toHaveLength(1);
  // Its first file was not asked for, but for the piece that both have.
  await waitUntil(async () => (await onDisk(folder)).bytes >= 11 * MIB, {
    what: 'all is written',
    timeoutMs: 5000,
  });
  expect((await onDisk(folder)).bytes).toBeLessThanOrEqual(11 * MIB + 2 * PIECE_BYTES);
  engine.release(FILM.infoHash);
  await waitUntil(async () => (await onDisk(folder)).bytes === 0, { what: 'it is gone', timeoutMs: 5000 });
  expect(engine.state(FILM.infoHash)).toBeNull();
});

test('peers go a while after the last viewer, and what is there plays on for the next one', async () => {
  const { engine, seed, open, read } = await start({ restMs: 200, forgetMs: 60_000 });
  await open();
  expect((await read()).equals(SECOND)).toBe(true);
  const { sent } = seed.counts;
  engine.release(FILM.infoHash);
  await waitUntil(async () => seed.openConnections() === 0, { what: 'the peer was left', timeoutMs: 5000 });
  await sleep(1500);
  expect(seed.openConnections()).toBe(0);
  await open();
  expect((await read()).equals(SECOND)).toBe(true);
  expect(seed.counts.sent).toBe(sent);
  await waitUntil(async () => seed.openConnections() === 1, { what: 'the peer is back', timeoutMs: 5000 });
});

test('a film larger than the disk may hold plays to its end', async () => {
  const maxBytes = 4 * MIB;
  const { engine, folder, open, read } = await start({}, maxBytes);
  await open();
  let most = 0;
  const pace = async () => {
    most = Math.max(most, (await onDisk(folder)).bytes);
    await sleep(20);
  };
  expect((await read(pace)).equals(SECOND)).toBe(true);
  expect(most).toBeGreaterThan(maxBytes / 2);
  // What is too much is seen four times a second, and goes when it is closed.
  expect(most).toBeLessThan(2 * maxBytes);
  expect(engine.state(FILM.infoHash)?.downloadedBytes).toBeGreaterThanOrEqual(11 * MIB);
});

test('where nothing is to be kept a torrent is gone with its last viewer', async () => {
  const { engine, folder, open, read } = await start({}, 0);
  await open();
  await open();
  expect((await read()).equals(SECOND)).toBe(true);
  engine.release(FILM.infoHash);
  expect(engine.state(FILM.infoHash)).not.toBeNull();
  engine.release(FILM.infoHash);
  expect(engine.state(FILM.infoHash)).toBeNull();
  await waitUntil(async () => (await onDisk(folder)).bytes === 0, { what: 'it is gone', timeoutMs: 5000 });
});

test('a disk that takes nothing is told to the viewer', async () => {
  const dir = await openTempDir();
  closers.push(() => dir.remove());
  await writeFile(join(dir.path, 'a-file'), '');
  const cache = { folder: join(dir.path, 'a-file', 'below'), maxBytes: 1024 * MIB };
  const { open, read } = await start({ cache });
  await open();
  await expect(read()).rejects.toMatchObject({ code: 'upstream.failed', status: 503 });
  await expect(read()).rejects.toMatchObject({ code: 'upstream.failed', status: 503 });
});

test('what a killed process left is removed, and what another is at is not', async () => {
  const dir = await openTempDir();
  closers.push(() => dir.remove());
  const all = join(dir.path, 'torrent-stream');
  await mkdir(join(all, 'old', 'x'), { recursive: true });
  await mkdir(join(all, 'used'));
  await utimes(join(all, 'old'), 0, 0);
  await start({ cache: { folder: dir.path, maxBytes: 1024 * MIB } });
  expect(await readdir(all)).toEqual(['used']);
});

test('every dial is one that was checked: the library connects to nobody again by itself', async () => {
  let checks = 0;
  const counting = {
    ...net,
    addressesOf(url: URL, signal: AbortSignal) {
      checks += 1;
      return net.addressesOf(url, signal);
    },
  };
  const { engine, seed, open } = await start({ net: counting });
  await open();
  const peersAre = (count: number) =>
    waitUntil(async () => engine.state(FILM.infoHash)?.peers === count, {
      ...{ what: `${count} peers`, timeoutMs: 20_000 },
    });
  for (let round = 1; round <= 3; round += 1) {
    await peersAre(1);
    // Who gave nothing is not dialled again so soon.
    const range = { start: round * MIB, end: (round + 1) * MIB };
    await readFrom(engine, FILM.infoHash, range, { fileIndex: 1 });
    await seed.leave();
    await peersAre(0);
    await seed.comeBack();
  }
  await peersAre(1);
  // The library waits 1, 5 and 15 s.
  await sleep(1500);
  expect(seed.counts.connections).toBe(4);
  expect(checks).toBeGreaterThanOrEqual(4);
});

test('of the packages of 2015 that look for peers and read torrents none is installed, nor one without a licence', async () => {
  const { packages } = JSON.parse(
    await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8'),
  );
  for (const name of ['torrent-discovery', 'ip-set', 'utp', 'rimraf', 'fs-chunk-store'])
    expect(packages[`node_modules/${name}`]?.name, name).toBe('empty-npm-package');
  for (const name of ['parse-torrent', 'mkdirp', 'hat', 'bitfield'])
    expect(packages[`node_modules/torrent-stream/node_modules/${name}`]?.name, name).toBe(
      'empty-npm-package',
    );
});
