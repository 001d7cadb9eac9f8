import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSlabMemory } from '../../src/streams/slab-memory.ts';
import {
  type ArticleDisk,
  type ArticleDiskOptions,
  openArticleDisk,
} from '../../src/streams/usenet/articles/disk.ts';
import type { YencHeader } from '../../src/streams/usenet/yenc/decoder.ts';
import { collect, MIB, openArticleRoom, randomBytes } from '../support/article-room.ts';
import { openTempDir } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const KIB = 1024;
const BYTES = randomBytes(100 * KIB, 3);
/** One file of `BYTES` takes so much: what it says of itself takes a page. */
const FILE = BYTES.length + 4 * KIB;
const headerOf = (name = 'a.bin'): YencHeader => ({
  ...{ name, fileSize: 10 * MIB, part: 2, total: 100, begin: 5 * KIB, end: 105 * KIB },
});

let dir: Awaited<ReturnType<typeof openTempDir>>;
let opened: Disk[] = [];
beforeEach(async () => {
  dir = await openTempDir();
});
afterEach(async () => {
  for (const disk of opened) await disk.close();
  opened = [];
  await dir.remove();
});

const open = async (more: Partial<ArticleDiskOptions> = {}) => {
  const disk = await openArticleDisk({ folder: dir.path, onWarning: () => {}, reserve: () => 0, ...more });
  opened.push(disk);
  return disk;
};
type Disk = ArticleDisk;

const memory = createSlabMemory(100 * MIB, () => {});
const write = async (disk: Disk, id: string, header: YencHeader, bytes = BYTES) => {
  const buffer = memory.take(bytes.length);
  buffer.bytes.set(bytes);
  await disk.write(id, { buffer, length: bytes.length, header }, crc32(bytes));
  memory.give(buffer);
};
const read = (disk: Disk, id: string) =>
  disk.read(
    id,
    ({ begin, end }) => memory.take(end - begin),
    (buffer) => memory.give(buffer),
  );
const isThere = async (disk: Disk, id: string) => {
  const place = await read(disk, id);
  if (place !== null) memory.give(place.buffer);
  return place !== null;
};
const only = async () => {
  const [name = ''] = await readdir(dir.path);
  return join(dir.path, name);
};

test('an article that fills its memory to the last byte comes back too', async () => {
  const [disk, bytes] = [await open(), randomBytes(128 * KIB, 5)];
  await write(disk, 'one@x', { ...headerOf(), begin: 0, end: bytes.length }, bytes);
  const place = await read(disk, 'one@x');
  expect(place?.buffer.bytes.equals(bytes)).toBe(true);
  if (place !== null) memory.give(place.buffer);
});

test('an article comes back as it was, after a restart too', async () => {
  const disk = await open();
  await write(disk, 'one@x', headerOf());
  for (const one of [disk, await open()]) {
    expect(one.has('one@x')).toBe(true);
    expect(one.has('two@x')).toBe(false);
    const place = await read(one, 'one@x');
    expect(place?.header).toEqual(headerOf());
    expect(place?.buffer.bytes.equals(BYTES)).toBe(true);
    if (place !== null) memory.give(place.buffer);
  }
  // A message id may be any path; the name is not.
  await write(disk, '../../etc/passwd', headerOf());
  expect((await readdir(dir.path)).every((name) => /^[0-9a-f]{32}-1\.articles$/.test(name))).toBe(true);
});

describe('what is not what was written', () => {
  test.each([
    ['a byte of it', (file: Buffer) => file.fill((file.at(9) ?? 0) ^ 1, 9, 10)],
    [
      'a byte of its header',
      (file: Buffer) => file.fill('b', file.indexOf('a.bin'), file.indexOf('a.bin') + 1),
    ],
    ['its mark', (file: Buffer) => file.fill(0, file.length - 4)],
    ['the length of its header', (file: Buffer) => file.fill(0xff, file.length - 16, file.length - 12)],
    ['a smaller length of its header', (file: Buffer) => file.fill(0, file.length - 16, file.length - 12)],
    ['its beginning', (file: Buffer) => file.subarray(1)],
    ['its end', (file: Buffer) => file.subarray(0, -1)],
    ['nearly all', (file: Buffer) => file.subarray(0, 7)],
    ['everything', () => Buffer.alloc(0)],
  ])('is not given, and forgotten: %s', async (_, change) => {
    const disk = await open();
    await write(disk, 'one@x', headerOf());
    const path = await only();
    await writeFile(path, change(await readFile(path)));
    const used = memory.usedBytes();
    expect(await read(disk, 'one@x')).toBeNull();
    expect([disk.has('one@x'), disk.usedBytes(), memory.usedBytes()]).toEqual([false, 0, used]);
    expect(await readdir(dir.path)).toEqual([]);
  });

  test('is fetched again', async () => {
    const disk = await open();
    await using room = await openArticleRoom({ store: { disk, cacheBytes: 0 } });
    const { parts } = room.post({ name: 'a', bytes: BYTES, partBytes: BYTES.length });
    const file = room.file(parts);
    const all = async () => (await collect(room.read([file], 0, BYTES.length))).bytes.equals(BYTES);
    expect(await all()).toBe(true);
    await waitUntil(async () => (await readdir(dir.path)).length === 1 && room.memory.usedBytes() === 0, {
      what: 'it is on disk',
      timeoutMs: 5000,
    });
    expect(await all()).toBe(true);
    expect(room.asked()).toHaveLength(1);
    const path = await waitUntil(
      async () => ((await stat(await only())).size > BYTES.length ? await only() : undefined),
      { what: 'it is whole', timeoutMs: 5000 },
    );
    const damaged = await readFile(path);
    await writeFile(path, damaged.fill(7, 5000, 5010));
    expect(await all()).toBe(true);
    expect(room.asked()).toHaveLength(2);
  });
});

test('what a viewer read is read by the next from disk, in another run', async () => {
  const bytes = randomBytes(2 * MIB, 4);
  const written = await open();
  await using room = await openArticleRoom({ store: { disk: written } });
  const { parts } = room.post({ name: 'a', bytes, partBytes: 100 * KIB });
  await collect(room.read([room.file(parts)], 0, bytes.length));
  const before = room.asked().length;
  await written.close();
  const disk = await open();
  const { store } = room.open({ disk });
  const again = await collect(room.read([room.file(parts, { store })], 0, bytes.length, { store }));
  expect(again.bytes.equals(bytes)).toBe(true);
  expect(room.asked()).toHaveLength(before);
  await store.close();
});

test('the longest unused go, also those of an earlier run', async () => {
  // So little that each has a segment of its own.
  const first = await open({ maxBytes: 4 * FILE });
  for (const id of ['a', 'b', 'c', 'd']) await write(first, id, headerOf());
  await first.close();
  // As they were left an hour ago, in the order in which they were written.
  const names = await readdir(dir.path);
  expect(names).toHaveLength(4);
  for (const name of names) {
    const usedAt = Date.now() / 1000 - 3600 + Number(/-(\d)\./.exec(name)?.[1]);
    await utimes(join(dir.path, name), usedAt, usedAt);
  }
  const second = await open({ maxBytes: 4 * FILE });
  expect(await isThere(second, 'a')).toBe(true);
  await write(second, 'e', headerOf());
  expect(['a', 'b', 'c', 'd', 'e'].map((id) => second.has(id))).toEqual([true, false, true, true, true]);
  expect(second.usedBytes()).toBeLessThanOrEqual(4 * FILE);
  // The use of `a` is written down.
  await waitUntil(async () => (await open({ maxBytes: 2 * FILE })).has('a'), {
    what: 'a is kept',
    timeoutMs: 5000,
  });
  expect((await open({ maxBytes: 2 * FILE })).has('c')).toBe(false);
  expect((await readdir(dir.path)).length).toBe(2);
});

describe('many in a file', () => {
  const MAX = 64 * FILE;
  const ids = Array.from({ length: 9 }, (_, n) => `${n}@x`);

  test('all come back, from a few files, after a restart too', async () => {
    const disk = await open({ maxBytes: MAX });
    const bytes = ids.map((_, n) => randomBytes((n % 2 === 0 ? 100 : 60) * KIB, n));
    const headers = bytes.map(({ length }, n) => ({ ...headerOf(`${n}`), end: 5 * KIB + length }));
    await Promise.all(ids.map((id, n) => write(disk, id, headers[n] ?? headerOf(), bytes[n])));
    await disk.close();
    expect((await readdir(dir.path)).length).toBe(3);
    for (const one of [disk, await open({ maxBytes: MAX })])
      for (const [n, id] of ids.entries()) {
        const place = await read(one, id);
        expect(place?.header).toEqual(headers[n]);
        expect(place?.buffer.bytes.equals(bytes[n] ?? BYTES)).toBe(true);
        if (place !== null) memory.give(place.buffer);
      }
  });

  test('a damaged one is forgotten alone, and the last of a file with the file', async () => {
    const disk = await open({ maxBytes: MAX });
    for (const id of ids.slice(0, 3)) await write(disk, id, headerOf());
    const path = await only();
    const whole = await readFile(path);
    await writeFile(path, Buffer.from(whole).fill(1, FILE + 9, FILE + 10));
    expect(await Promise.all(ids.slice(0, 3).map((id) => isThere(disk, id)))).toEqual([true, false, true]);
    expect([disk.has('1@x'), disk.usedBytes()]).toEqual([false, 3 * FILE]);
    await writeFile(path, Buffer.alloc(3 * FILE));
    expect(await Promise.all(['0@x', '2@x'].map((id) => isThere(disk, id)))).toEqual([false, false]);
    expect([disk.usedBytes(), await readdir(dir.path)]).toEqual([0, []]);
  });

  test('where a run was killed while it wrote, the others are found', async () => {
    const first = await open({ maxBytes: MAX });
    for (const id of ids.slice(0, 4)) await write(first, id, headerOf());
    const path = await only();
    const whole = await readFile(path);
    // A hole where the second and the last were on their way.
    whole.fill(0, FILE, 2 * FILE).fill(0, 3 * FILE);
    await writeFile(path, whole.subarray(0, 4 * FILE - 8192));
    const second = await open({ maxBytes: MAX });
    expect(ids.slice(0, 4).map((id) => second.has(id))).toEqual([true, false, true, false]);
    expect(await isThere(second, '2@x')).toBe(true);
  });

  test('bytes of an article that look like articles are none', async () => {
    const first = await open({ maxBytes: MAX });
    await write(first, 'one@x', headerOf());
    const inner = await readFile(await only());
    await first.close();
    await rm(await only());
    const second = await open({ maxBytes: MAX });
    const outer = Buffer.concat([Buffer.alloc(4 * KIB), inner]);
    await write(second, 'two@x', { ...headerOf(), end: 5 * KIB + outer.length }, outer);
    await second.close();
    // So that it is looked for page by page.
    const path = await only();
    await writeFile(path, (await readFile(path)).subarray(0, outer.length));
    const third = await open({ maxBytes: MAX });
    expect([third.has('one@x'), third.has('two@x')]).toEqual([false, false]);
    expect(await readdir(dir.path)).toEqual([]);
  });

  test('the limit holds while many are written at once, and the newest stay', async () => {
    const disk = await open({ maxBytes: MAX });
    for (let round = 0; round < 12; round += 1)
      await Promise.all(Array.from({ length: 8 }, (_, n) => write(disk, `${round * 8 + n}@y`, headerOf())));
    const files = await Promise.all((await readdir(dir.path)).map((name) => stat(join(dir.path, name))));
    const used = files.reduce((sum, { size }) => sum + size, 0);
    expect(used).toBe(disk.usedBytes());
    expect(used).toBeLessThanOrEqual(MAX);
    expect(used).toBeGreaterThan(MAX * 0.9);
    expect([disk.has('0@y'), disk.has('95@y')]).toEqual([false, true]);
    expect(await isThere(disk, '50@y')).toBe(true);
  });

  test('what a viewer reads outlives what is written meanwhile', async () => {
    const disk = await open({ maxBytes: MAX });
    for (let n = 0; n < 100; n += 1) {
      await write(disk, `${n}@y`, headerOf());
      expect(await isThere(disk, '0@y')).toBe(true);
    }
    expect(disk.has('10@y')).toBe(false);
  });
});

test('files of an earlier version go', async () => {
  await writeFile(join(dir.path, 'a'.repeat(64)), BYTES);
  await open();
  expect(await readdir(dir.path)).toEqual([]);
});

test('what was being written when a run ended is not given, and goes when it is asked for; what is not ours stays', async () => {
  const first = await open();
  await write(first, 'one@x', headerOf());
  const path = await only();
  const whole = await readFile(path);
  await writeFile(join(dir.path, 'of-the-owner.txt'), 'his');
  // Cut at a page, and as long as it will be with nothing at its end.
  for (const half of [whole.subarray(0, 40 * KIB), Buffer.from(whole).fill(0, 40 * KIB)]) {
    await writeFile(path, half);
    const disk = await open();
    expect(await read(disk, 'one@x')).toBeNull();
    expect([await readdir(dir.path), disk.usedBytes()]).toEqual([['of-the-owner.txt'], 0]);
  }
});

test('0 bytes: nothing is kept, nothing is looked for', async () => {
  await rm(dir.path, { recursive: true });
  const disk = await open({ maxBytes: 0 });
  expect([disk.wants('a', 1), disk.has('a')]).toEqual([false, false]);
  await expect(readdir(dir.path)).rejects.toThrow('ENOENT');
});

test('a disk that takes nothing is told once, and let alone for a minute', async () => {
  const lines: string[] = [];
  const disk = await open({ onWarning: (text) => lines.push(text) });
  // No folder can be made where a file lies.
  await rm(dir.path, { recursive: true });
  await writeFile(dir.path, 'in the way');
  expect(disk.wants('a', 10)).toBe(true);
  await Promise.all(['a', 'b', 'c'].map((id) => write(disk, id, headerOf())));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('could not be kept');
  expect(lines[0]).not.toContain(dir.path);
  expect([disk.wants('a', 10), disk.has('a'), disk.usedBytes()]).toEqual([false, false, 0]);
  await rm(dir.path);
});

test('a folder that was removed is made again', async () => {
  const disk = await open();
  await rm(dir.path, { recursive: true });
  await write(disk, 'a', headerOf());
  expect(await isThere(disk, 'a')).toBe(true);
});

test('where others took the disk, what is kept makes room', async () => {
  let reserve = 0;
  const disk = await open({ reserve: () => reserve });
  await write(disk, 'a', headerOf());
  reserve = Number.MAX_SAFE_INTEGER;
  await disk.measure();
  expect([disk.usedBytes(), disk.wants('b', 1)]).toEqual([0, false]);
  expect(await readdir(dir.path)).toEqual([]);
});

test('what waits for a slow disk is bounded, and one article is written once at a time', async () => {
  const disk = await open();
  const large = Buffer.alloc(1.5 * MIB);
  const writing = ['a', 'b'].map((id) =>
    write(disk, id, { ...headerOf(), begin: 0, end: large.length }, large),
  );
  expect([disk.wants('c', large.length), disk.wants('a', 1)]).toEqual([false, false]);
  await Promise.all(writing);
  expect(disk.wants('c', large.length)).toBe(true);
  // A name longer than any line of yEnc is not kept.
  await write(disk, 'c', headerOf('n'.repeat(5000)));
  expect(disk.has('c')).toBe(false);
});
