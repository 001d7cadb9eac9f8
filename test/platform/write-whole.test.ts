import { randomBytes } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCacheFiles, writeWhole } from '../../src/platform/write-whole.ts';
import { openTempDir } from '../support/processes.ts';

test.each([0, 1, 128 * 1024, 128 * 1024 + 1, 1_000_003])(
  '%d bytes come to lie where they were meant to',
  async (size) => {
    await using folder = await openTempDir();
    const path = join(folder.path, 'file');
    const bytes = randomBytes(size);
    const file = await open(path, 'w');
    await writeWhole(file, bytes, 7);
    await file.close();
    const found = await readFile(path);
    expect(found.length).toBe(size === 0 ? 0 : size + 7);
    expect(found.subarray(7).equals(bytes)).toBe(true);
  },
);

test('a full disk is an error, not a loop', async () => {
  const file = await open('/dev/full', 'w');
  await expect(writeWhole(file, randomBytes(10), 0)).rejects.toThrow(/ENOSPC/);
  await file.close();
});

describe('a file of a cache', () => {
  const { buffer } = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });

  test.each([
    ['whole blocks', 0, 8192],
    ['the last block not whole', 65_536, 700_001],
    ['one byte', 4096, 1],
    ['memory that ends with them', 3 * 65_536, 61 * 65_536],
    ['memory that ends in their last block', 63 * 65_536, 65_000],
  ])('holds its bytes and no others: %s', async (_, from, size) => {
    await using folder = await openTempDir();
    const path = join(folder.path, 'file');
    const room = Buffer.from(buffer, from, size === 65_000 ? 65_000 : Math.ceil(size / 4096) * 4096);
    room.set(randomBytes(room.length));
    const bytes = room.subarray(0, size);
    const files = createCacheFiles();
    await files.write(path, bytes, room);
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    // Over what is there.
    await files.write(path, bytes.subarray(0, 1), room);
    expect(await readFile(path)).toEqual(Buffer.from(bytes.subarray(0, 1)));
  });

  test('is written through the page cache where it cannot go past it', async () => {
    await using folder = await openTempDir();
    const files = createCacheFiles();
    // Not at a page: the disk refuses it.
    const room = Buffer.from(buffer, 16, 8192);
    const bytes = room.subarray(0, 5000);
    bytes.set(randomBytes(5000));
    for (const name of ['first', 'second']) {
      await files.write(join(folder.path, name), bytes, room);
      expect((await readFile(join(folder.path, name))).equals(bytes)).toBe(true);
    }
    await files.write(join(folder.path, 'third'), bytes, null);
    expect((await readFile(join(folder.path, 'third'))).equals(bytes)).toBe(true);
  });

  test('many at once are written as they are', async () => {
    await using folder = await openTempDir();
    const files = createCacheFiles();
    const all = Array.from({ length: 32 }, (_, n) => Buffer.from(buffer, n * 131_072, 131_072));
    for (const bytes of all) bytes.set(randomBytes(131_072));
    const large = Buffer.from(buffer, 0, 64 * 65_536);
    await Promise.all([
      ...all.map((bytes, n) => files.write(join(folder.path, `${n}`), bytes.subarray(0, 131_000), bytes)),
      ...Array.from({ length: 4 }, (_, n) => files.write(join(folder.path, `large${n}`), large, large)),
    ]);
    for (const [n, bytes] of all.entries())
      expect((await readFile(join(folder.path, `${n}`))).equals(bytes.subarray(0, 131_000))).toBe(true);
    for (const n of [0, 1, 2, 3])
      expect((await readFile(join(folder.path, `large${n}`))).equals(large)).toBe(true);
  });

  test('written in places it holds them, past the page cache or through it, and is never one that was there', async () => {
    await using folder = await openTempDir();
    const path = join(folder.path, 'file');
    const files = createCacheFiles();
    const file = await files.create(path);
    const bytes = Buffer.from(buffer, 0, 24 * 4096);
    bytes.set(randomBytes(bytes.length));
    const part = (from: number, to: number) => bytes.subarray(from * 4096, to * 4096);
    await Promise.all([
      file.write([part(8, 11), part(11, 16)], 8 * 4096, true),
      file.write([part(0, 8)], 0, true),
      file.write([Buffer.from(part(16, 20)), part(20, 24)], 16 * 4096, false),
    ]);
    await file.close();
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(files.create(path)).rejects.toThrow(/EEXIST/);
    // Not at a page, whatever was said: the disk refuses it, and it is written all the same.
    const other = await files.create(join(folder.path, 'other'));
    await other.write([Buffer.from(buffer, 16, 4096)], 0, true);
    await other.close();
    expect((await readFile(join(folder.path, 'other'))).equals(Buffer.from(buffer, 16, 4096))).toBe(true);
  });

  test('a full disk and a missing folder are errors', async () => {
    await using folder = await openTempDir();
    const files = createCacheFiles();
    const room = Buffer.from(buffer, 0, 4096);
    await expect(files.write('/dev/full', room, null)).rejects.toThrow(/ENOSPC/);
    await expect(files.write(join(folder.path, 'absent/file'), room, room)).rejects.toThrow(/ENOENT/);
  });
});
