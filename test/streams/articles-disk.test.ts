import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  BYTES,
  diskFolder,
  FILE,
  headerOf,
  isThere,
  KIB,
  memory,
  read,
  write,
} from '../support/article-disk.ts';
import { collect, MIB, openArticleRoom, randomBytes } from '../support/article-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const dir = diskFolder();
const { open, only } = dir;

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
  expect([disk.admit('a', 1), disk.has('a')]).toEqual([false, false]);
  await expect(readdir(dir.path)).rejects.toThrow('ENOENT');
});

test('a disk that takes nothing is told once, and let alone for a minute', async () => {
  const lines: string[] = [];
  const disk = await open({ onWarning: (text) => lines.push(text) });
  // No folder can be made where a file lies.
  await rm(dir.path, { recursive: true });
  await writeFile(dir.path, 'in the way');
  expect(disk.admit('a', 10)).toBe(true);
  await Promise.all(['a', 'b', 'c'].map((id) => write(disk, id, headerOf())));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('could not be kept');
  expect(lines[0]).not.toContain(dir.path);
  expect([disk.admit('a', 10), disk.has('a'), disk.usedBytes()]).toEqual([false, false, 0]);
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
  expect([disk.usedBytes(), disk.admit('b', 1)]).toEqual([0, false]);
  expect(await readdir(dir.path)).toEqual([]);
});

test('what waits for a slow disk is bounded, and one article is written once at a time', async () => {
  const disk = await open();
  const large = Buffer.alloc(1.5 * MIB);
  const writing = ['a', 'b'].map((id) =>
    write(disk, id, { ...headerOf(), begin: 0, end: large.length }, large),
  );
  expect([disk.admit('c', large.length), disk.admit('a', 1)]).toEqual([false, false]);
  await Promise.all(writing);
  expect(disk.admit('c', large.length)).toBe(true);
  // A name longer than any line of yEnc is not kept.
  await write(disk, 'c', headerOf('n'.repeat(5000)));
  expect(disk.has('c')).toBe(false);
});
