import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
import { randomBytes } from '../support/article-room.ts';

const dir = diskFolder();
const { open, only } = dir;

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
