import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach } from 'vitest';
import { createSlabMemory } from '../../src/streams/slab-memory.ts';
import {
  type ArticleDisk,
  type ArticleDiskOptions,
  openArticleDisk,
} from '../../src/streams/usenet/articles/disk.ts';
import type { YencHeader } from '../../src/streams/usenet/yenc/decoder.ts';
import { MIB, randomBytes } from './article-room.ts';
import { openTempDir } from './processes.ts';

export const KIB = 1024;
export const BYTES = randomBytes(100 * KIB, 3);
/** One file of `BYTES` takes so much: what it says of itself takes a page. */
export const FILE = BYTES.length + 4 * KIB;
export const headerOf = (name = 'a.bin'): YencHeader => ({
  ...{ name, fileSize: 10 * MIB, part: 2, total: 100, begin: 5 * KIB, end: 105 * KIB },
});

/** A new folder for each test of the file that asks for it; what was opened there is closed. */
export function diskFolder() {
  let dir: Awaited<ReturnType<typeof openTempDir>>;
  let opened: ArticleDisk[] = [];
  beforeEach(async () => {
    dir = await openTempDir();
  });
  afterEach(async () => {
    for (const disk of opened) await disk.close();
    opened = [];
    await dir.remove();
  });
  return {
    get path() {
      return dir.path;
    },
    async open(more: Partial<ArticleDiskOptions> = {}): Promise<ArticleDisk> {
      const disk = await openArticleDisk({
        ...{ folder: dir.path, onWarning: () => {}, reserve: () => 0 },
        ...more,
      });
      opened.push(disk);
      return disk;
    },
    /** The path of the one file in it. */
    async only(): Promise<string> {
      const [name = ''] = await readdir(dir.path);
      return join(dir.path, name);
    },
  };
}

export const memory = createSlabMemory(100 * MIB, () => {});
export const write = async (disk: ArticleDisk, id: string, header: YencHeader, bytes = BYTES) => {
  const buffer = memory.take(bytes.length);
  buffer.bytes.set(bytes);
  await disk.write(id, { buffer, length: bytes.length, header }, crc32(bytes));
  memory.give(buffer);
};
export const read = (disk: ArticleDisk, id: string) =>
  disk.read(
    id,
    ({ begin, end }) => memory.take(end - begin),
    (buffer) => memory.give(buffer),
  );
export const isThere = async (disk: ArticleDisk, id: string) => {
  const place = await read(disk, id);
  if (place !== null) memory.give(place.buffer);
  return place !== null;
};
