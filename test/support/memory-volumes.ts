import type { Volume } from '../../src/streams/usenet/archives/archive.ts';
import { createDecryptor } from '../../src/streams/usenet/archives/decrypting.ts';
import type { OpenArchive } from '../../src/streams/usenet/archives/open-archive.ts';
import type { Layout } from '../../src/streams/usenet/articles/part.ts';

export type MemoryVolumes = {
  volumes: Volume[];
  /** Index of each volume read, in order. */
  reads: number[];
  /** Index and article of each, once. */
  articles: Set<string>;
};

/** Volumes in memory that count what is read of them. `hidesSizes`: as posted files do, until something of them was read. */
export function memoryVolumes(
  files: readonly { name: string; bytes: Buffer }[],
  { hidesSizes = false, articleBytes = 700_000 } = {},
): MemoryVolumes {
  const reads: number[] = [];
  const articles = new Set<string>();
  const volumes = files.map(({ name, bytes }, index): Volume => {
    let sizeBytes: number | null = hidesSizes ? null : bytes.length;
    return {
      name,
      get sizeBytes() {
        return sizeBytes;
      },
      read(offset, length, signal) {
        signal.throwIfAborted();
        if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(length) || length < 0)
          return Promise.reject(new TypeError(`read at ${offset} of ${length}`));
        if (length > 128 * 1024) return Promise.reject(new TypeError(`${length} bytes at once`));
        reads.push(index);
        for (let at = offset; at < offset + length; at += articleBytes)
          articles.add(`${index}/${Math.floor(at / articleBytes)}`);
        sizeBytes = bytes.length;
        return Promise.resolve(bytes.subarray(offset, offset + length));
      },
    };
  });
  return { volumes, reads, articles };
}

/** Plain bytes of a file in an archive, as a reader gets them: by its layout, decrypted. */
export async function readInner(
  archive: OpenArchive,
  files: readonly { bytes: Buffer }[],
  fileIndex: number,
  [from, to]: readonly [number, number],
): Promise<Buffer> {
  const layout = archive.layoutOf(fileIndex);
  const cipher = archive.map.files[fileIndex]?.cipher ?? null;
  if (!cipher) return readStretches(layout, files, from, to);
  const decryptor = createDecryptor(cipher);
  const { start, end } = decryptor.needs(from, to);
  const into = Buffer.alloc(to - from);
  decryptor.decrypt(from, to, await readStretches(layout, files, start, end), into);
  return into;
}

async function readStretches(
  layout: Layout,
  files: readonly { bytes: Buffer }[],
  from: number,
  to: number,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = from; at < to; ) {
    const { volume, offset, length } = await layout.locate(at, AbortSignal.timeout(30_000));
    const part = files[volume]?.bytes.subarray(offset, offset + Math.min(length, to - at)) ?? Buffer.alloc(0);
    if (part.length === 0)
      throw new Error(`a stretch of ${length} bytes at ${offset} is not in volume ${volume}`);
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
}

/** The ends, and ranges between them. */
export function someRanges(size: number, count: number): [number, number][] {
  const edges: [number, number][] = [
    [0, Math.min(size, 1)],
    [Math.max(0, size - 1), size],
    [0, size],
    [Math.min(15, size), Math.min(size, 33)],
  ];
  const middle = Array.from({ length: count }, (): [number, number] => {
    const from = Math.floor(Math.random() * size);
    return [from, from + Math.floor(Math.random() * (size - from))];
  });
  return [...edges, ...middle].filter(([from, to]) => from < to);
}
