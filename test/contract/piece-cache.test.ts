import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createDiskRoom, reserveOf } from '../../src/streams/disk-room.ts';
import { foundIn } from '../../src/streams/torrent/swarm/disk-pieces.ts';
import type { Needs } from '../../src/streams/torrent/swarm/kept-pieces.ts';
import { openPieceCache } from '../../src/streams/torrent/swarm/piece-cache.ts';
import { openTempDir } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const [KIB, GIB] = [1024, 1024 ** 3];
const hashOf = (index: number) => index.toString(16).padStart(40, '0');
const BYTES = Buffer.alloc(KIB, 7);
const NOBODY: Needs = () => null;

let dir: Awaited<ReturnType<typeof openTempDir>>;
beforeEach(async () => {
  dir = await openTempDir();
});
afterEach(() => dir.remove());

const open = (maxBytes: number, needs: Needs = NOBODY, reserve = () => 0) =>
  openPieceCache({ folder: dir.path, maxBytes, log: createLog('silent'), needs, reserve });
const folders = async () => (await readdir(dir.path)).sort();
/** As a run long ago left it. */
async function leave(infoHash: string, pieces: number, minutesAgo: number) {
  await mkdir(join(dir.path, infoHash), { recursive: true });
  const at = Date.now() / 1000 - 60 * minutesAgo;
  for (const name of [...Array(pieces).keys()].map(String)) {
    await writeFile(join(dir.path, infoHash, name), BYTES);
    await utimes(join(dir.path, infoHash, name), at, at);
  }
}

describe('over the threshold', () => {
  test('of a hundred torrents the stalest goes, whole before the next one loses anything', async () => {
    for (let index = 0; index < 100; index += 1) await leave(hashOf(index), 4, 1000 - index);
    const cache = await open(400 * KIB);
    expect(cache.usedBytes()).toBe(400 * KIB);
    // What was least recently written has been read since.
    const into = Buffer.alloc(KIB);
    expect(await cache.read(hashOf(0), 2, into)).toBe(true);
    for (let index = 0; index < 5; index += 1) await cache.write(hashOf(500), index, BYTES);
    const counts = [0, 1, 2, 3, 500].map((index) => cache.count(hashOf(index)));
    expect(counts).toEqual([4, 0, 3, 4, 5]);
    expect(cache.usedBytes()).toBe(400 * KIB);
    await waitUntil(async () => !(await folders()).includes(hashOf(1)), {
      what: 'its folder goes',
      timeoutMs: 5000,
    });
    expect([...cache.changed()]).toEqual(expect.arrayContaining([1, 2, 500].map(hashOf)));
    expect([...cache.changed()]).toEqual([]);
  });

  test('within one torrent the longest unused piece goes', async () => {
    const cache = await open(4 * KIB);
    for (let index = 0; index < 4; index += 1) await cache.write(hashOf(1), index, BYTES);
    await cache.read(hashOf(1), 0, Buffer.alloc(KIB));
    await cache.write(hashOf(1), 4, BYTES);
    expect([0, 1, 2, 3, 4].map((index) => cache.has(hashOf(1), index))).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  test('what is being read loses only what is behind its viewers, and then nothing more is written', async () => {
    const needs: Needs = (infoHash) => (infoHash === hashOf(1) ? (index) => index >= 2 : null);
    const cache = await open(4 * KIB, needs);
    for (let index = 0; index < 3; index += 1) await cache.write(hashOf(1), index, BYTES);
    await cache.write(hashOf(2), 0, BYTES);
    // First what nobody watches, though it was written last; then what is behind.
    for (let index = 3; index < 8; index += 1) await cache.write(hashOf(1), index, BYTES);
    expect(cache.count(hashOf(2))).toBe(0);
    const held = Array.from({ length: 8 }, (_, index) => index).filter((index) =>
      cache.has(hashOf(1), index),
    );
    expect(held).toEqual([2, 3, 4, 5]);
    expect(cache.usedBytes()).toBe(4 * KIB);
    expect(cache.failure(hashOf(1))).toBeNull();
  });
});

describe('a disk that runs short', () => {
  test('is left two gigabytes, or a twentieth, or half of a small one', () => {
    expect([1, 20, 1000].map((disk) => reserveOf(disk * GIB) / GIB)).toEqual([0.5, 2, 50]);
  });

  test('is measured as it is', async () => {
    const room = createDiskRoom(dir.path, 1000 * KIB, () => 0);
    await room.measure(0);
    expect(room.limitBytes()).toBe(1000 * KIB);
    const full = createDiskRoom(dir.path, 1000 * KIB, (diskBytes) => diskBytes);
    await full.measure(10 * KIB);
    expect(full.limitBytes()).toBe(0);
  });

  test('takes nothing more, and gets back what nobody watches', async () => {
    let reserve = 0;
    const cache = await open(100 * KIB, NOBODY, () => reserve);
    await cache.write(hashOf(1), 0, BYTES);
    reserve = Number.MAX_SAFE_INTEGER;
    await cache.measure();
    await cache.write(hashOf(1), 1, BYTES);
    expect([cache.count(hashOf(1)), cache.usedBytes()]).toEqual([0, 0]);
    reserve = 0;
    await cache.measure();
    await cache.write(hashOf(1), 2, BYTES);
    expect(cache.count(hashOf(1))).toBe(1);
  });
});

test('the order of access outlives a restart, be it that all was read from memory', async () => {
  await leave(hashOf(1), 2, 60);
  await leave(hashOf(2), 2, 50);
  const first = await open(4 * KIB);
  first.touch(hashOf(1));
  const mark = () => stat(join(dir.path, hashOf(1), 'accessed')).catch(() => false as const);
  await waitUntil(mark, { what: 'it is marked', timeoutMs: 5000 });
  const second = await open(4 * KIB);
  await second.write(hashOf(3), 0, BYTES);
  expect([1, 2].map((index) => second.count(hashOf(index)))).toEqual([2, 1]);
  const found = await foundIn({ folder: dir.path, maxBytes: 1 });
  const [one] = found.filter(({ infoHash }) => infoHash === hashOf(1));
  expect(one).toMatchObject({ piecesHeld: 2, bytesOnDisk: 2 * KIB });
  expect(Date.now() - (one?.accessedAt ?? 0)).toBeLessThan(60_000);
});

test('what is removed is gone with its folder, also what was being written', async () => {
  const cache = await open(100 * KIB);
  await leave(hashOf(2), 1, 1);
  const writes = [0, 1, 2].map((index) => cache.write(hashOf(1), index, BYTES));
  await cache.remove(hashOf(1));
  await Promise.all(writes);
  expect([cache.count(hashOf(1)), cache.usedBytes()]).toEqual([0, 0]);
  expect(await folders()).toEqual([hashOf(2)]);
});

test('a torrent whose last piece goes while its next one comes loses nothing', async () => {
  const cache = await open(2 * KIB);
  await cache.write(hashOf(1), 0, BYTES);
  for (let index = 1; index <= 200; index += 1) {
    cache.drop(hashOf(1), index - 1);
    await cache.write(hashOf(1), index, BYTES);
  }
  expect(cache.usedBytes()).toBe(KIB);
  expect(await folders()).toEqual([hashOf(1)]);
  expect(await cache.read(hashOf(1), 200, Buffer.alloc(KIB))).toBe(true);
  expect(cache.failure(hashOf(1))).toBeNull();
});

test('what is being written does not go for what comes next: the disk never holds both', async () => {
  const cache = await open(2 * KIB);
  await cache.write(hashOf(1), 0, BYTES);
  // Four at once: the room of the first piece and the free one, and no more.
  const writes = [1, 2, 3, 4].map((index) => cache.write(hashOf(1), index, BYTES));
  expect([0, 1, 2, 3, 4].map((index) => cache.has(hashOf(1), index))).toEqual([
    ...[false, true, true, false, false],
  ]);
  await Promise.all(writes);
  expect((await readdir(join(dir.path, hashOf(1)))).sort()).toEqual(['1', '2']);
  await cache.write(hashOf(1), 3, BYTES);
  expect(cache.usedBytes()).toBe(2 * KIB);
  expect((await readdir(join(dir.path, hashOf(1)))).sort()).toEqual(['2', '3']);
});

test('one that is being written again before its last write ended is written once', async () => {
  const cache = await open(4 * KIB);
  const first = cache.write(hashOf(1), 0, BYTES);
  cache.drop(hashOf(1), 0);
  await Promise.all([first, cache.write(hashOf(1), 0, BYTES)]);
  expect(cache.usedBytes()).toBe(0);
  expect(await folders()).toEqual([]);
});
