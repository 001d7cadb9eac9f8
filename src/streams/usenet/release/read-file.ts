import type { ByteRange } from '../../../kit/range.ts';
import type { SlabMemory } from '../../slab-memory.ts';
import { createDecryptor } from '../archives/decrypting.ts';
import type { Padding } from '../articles/padding.ts';
import type { Part } from '../articles/part.ts';
import { type ReadOptions, readLayout } from '../articles/read-layout.ts';
import type { ReleaseEntry } from './release.ts';

export type ReadFileOptions = Omit<ReadOptions, 'layout' | 'padding'> & {
  memory: SlabMemory;
  padding: Padding | null;
};

/** A half-open range of a file, decrypted where it is stored so: parts as `readLayout` gives them. */
export function readFile(entry: ReleaseEntry, options: ReadFileOptions): AsyncIterable<Part> {
  return entry.cipher === null ? readLayout({ ...options, layout: entry.layout }) : decrypted(entry, options);
}

async function* decrypted(entry: ReleaseEntry, options: ReadFileOptions): AsyncGenerator<Part> {
  const { range, memory } = options;
  if (entry.cipher === null || range.end <= range.start) return;
  const decryptor = createDecryptor(entry.cipher);
  const decrypt = decryptor.stream(range.start);
  let left = range.end - range.start;
  // A hole filled with nothing would be noise after decryption.
  const needed = {
    ...options,
    layout: entry.layout,
    range: within(decryptor.needs(range.start, range.end), entry),
  };
  for await (const part of readLayout({ ...needed, padding: null })) {
    const plain = decrypt(part.buffer.bytes.subarray(part.from, part.to)).subarray(0, left);
    part.release();
    if (plain.length === 0) continue;
    left -= plain.length;
    yield copied(plain, memory);
  }
}

function within({ start, end }: ByteRange, { layout }: ReleaseEntry): ByteRange {
  return { start, end: Math.min(end, layout.sizeBytes) };
}

function copied(bytes: Uint8Array, memory: SlabMemory): Part {
  const buffer = memory.take(bytes.length);
  buffer.bytes.set(bytes);
  let isOut = true;
  return {
    ...{ buffer, from: 0, to: bytes.length },
    release() {
      if (isOut) memory.give(buffer);
      isOut = false;
    },
  };
}
