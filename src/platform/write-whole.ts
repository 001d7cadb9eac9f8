import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * What one call writes. Linux takes page-cache memory in blocks as large as the call, and a virtual machine's large free blocks are
 * given back to its host, who hands them out again page by page: 400 MiB in calls of 1 MiB took 1 s, of 128 KiB 0.14 s.
 */
const PART_BYTES = 128 * 1024;
/** Logical blocks have 512 or 4096 bytes; O_DIRECT takes whole ones from memory that begins at one (open(2)). */
const DIRECT_BLOCK_BYTES = 4096;
/** More than this on its way to the disk: the page cache takes it at once, and the writer does not wait for a slow disk. */
const MAX_DIRECT_BYTES = 8 * 1024 * 1024;
const { O_WRONLY, O_CREAT, O_TRUNC } = constants;
/** Linux only. */
const O_DIRECT = constants.O_DIRECT ?? 0;

/** All of `bytes` at `position`, which one call does not promise. Rejects where the disk is full. */
export async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(PART_BYTES, bytes.length - at);
    const { bytesWritten } = await file.write(bytes, at, length, position + at);
    if (bytesWritten === 0) throw new Error('the disk takes nothing more');
    at += bytesWritten;
  }
}

/** Writes files of a cache. */
export type CacheFiles = {
  /**
   * All of `bytes`, to a new file of mode 0600 or over what is there. `room`: where they begin at a page of memory, they and what comes after
   * them that may be written too; the file is cut behind `bytes`. Rejects where the disk is full.
   */
  write(path: string, bytes: Uint8Array, room: Buffer | null): Promise<void>;
  /** A new file of mode 0600 that is written in places. Rejects where one is there. */
  create(path: string): Promise<CacheFile>;
};

export type CacheFile = {
  /**
   * All of `parts`, behind one another, each of them whole blocks of 4096; `isAligned`: each begins at a page of memory. Rejects where the
   * disk is full.
   */
  write(parts: readonly Uint8Array[], position: number, isAligned: boolean): Promise<void>;
  close(): Promise<void>;
};

/**
 * Past the page cache where the memory and the file system let it (O_DIRECT): what films are made of is read once or twice, and would push
 * out what the machine needs. Half the CPU of a write through the page cache, a quarter where its pages have to come from a virtual machine's host.
 */
export function createCacheFiles(): CacheFiles {
  let isDirect = O_DIRECT !== 0;
  let writing = 0;

  const mayGoDirect = (length: number) => isDirect && writing + length <= MAX_DIRECT_BYTES;

  /** False: the file system knows no O_DIRECT, or wants larger blocks, and nothing is written. */
  async function directly(length: number, write: () => Promise<void>): Promise<boolean> {
    writing += length;
    try {
      await write();
    } catch (error) {
      if (!isRefused(error)) throw error;
      isDirect = false;
    } finally {
      writing -= length;
    }
    return isDirect;
  }

  return {
    async write(path, bytes, room) {
      const length = Math.ceil(bytes.length / DIRECT_BLOCK_BYTES) * DIRECT_BLOCK_BYTES;
      const whole = room !== null && room.length >= length ? room.subarray(0, length) : null;
      const isDone =
        whole !== null &&
        mayGoDirect(length) &&
        (await directly(length, async () => {
          await using file = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT, 0o600);
          await writeAtOnce(file, [whole], 0);
          if (length > bytes.length) await file.truncate(bytes.length);
        }));
      if (isDone) return;
      await using file = await open(path, 'w', 0o600);
      await writeWhole(file, bytes, 0);
    },
    async create(path) {
      const file = await open(path, 'wx', 0o600);
      const direct = isDirect ? await openDirect(path) : null;
      isDirect &&= direct !== null;
      return {
        async write(parts, position, isAligned) {
          const length = lengthOf(parts);
          const isDone =
            direct !== null &&
            isAligned &&
            mayGoDirect(length) &&
            (await directly(length, () => writeAtOnce(direct, parts, position)));
          let at = position;
          if (!isDone)
            for (const part of parts) {
              await writeWhole(file, part, at);
              at += part.length;
            }
        },
        async close() {
          await direct?.close();
          await file.close();
        },
      };
    },
  };
}

async function openDirect(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, O_WRONLY | O_DIRECT);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return null;
  }
}

async function writeAtOnce(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  const { bytesWritten } = await file.writev(parts, position);
  if (bytesWritten < lengthOf(parts)) throw new Error('the disk takes nothing more');
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function isRefused(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EINVAL' || error.code === 'EOPNOTSUPP')
  );
}
