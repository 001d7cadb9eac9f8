import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole } from '../../src/platform/write-whole.ts';
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
