import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { YencHeader } from '../yenc/decoder.ts';

/**
 * At the end of a file, which is whole pages long: the header in JSON, then four words, big-endian: how long it is, its CRC32, that of the
 * bytes, `TYA3`. So the bytes begin at a page of memory and at one of the file, and all of it goes to the disk as it lies, by one call:
 * to cut a file to its length and to rename it cost as much again as to write it.
 */
const [MAGIC, FIXED_BYTES, PAGE_BYTES] = [0x54594133, 16, 4096];
/** Names of files in yEnc have a line at most. */
const MAX_HEADER_BYTES = 4096;

const Header = z.object({
  name: z.string(),
  fileSize: z.int().nonnegative(),
  part: z.int(),
  total: z.int().nullable(),
  begin: z.int().nonnegative(),
  end: z.int().nonnegative(),
});

/** What stands at the end of a file of bytes of that CRC-32; null: it cannot be kept. */
export function footOf(header: YencHeader, crc: number): Buffer | null {
  const { name, fileSize, part, total, begin, end } = header;
  const json = Buffer.from(JSON.stringify({ name, fileSize, part, total, begin, end }));
  if (json.length > MAX_HEADER_BYTES) return null;
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt32BE(json.length, 0);
  fixed.writeUInt32BE(crc32(json), 4);
  fixed.writeUInt32BE(crc >>> 0, 8);
  fixed.writeUInt32BE(MAGIC, 12);
  return Buffer.concat([json, fixed]);
}

/** How long the file is: `length` bytes and what goes behind them, in whole pages. */
export function fileBytesOf(length: number, foot: Buffer): number {
  return Math.ceil((length + foot.length) / PAGE_BYTES) * PAGE_BYTES;
}

/** What a file says of the article in it; null: it is none. */
export async function readFoot(file: FileHandle): Promise<{ header: YencHeader; crc: number } | null> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, FIXED_BYTES + MAX_HEADER_BYTES));
  const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
  const fixed = tail.subarray(-FIXED_BYTES);
  if (bytesRead < tail.length || fixed.length < FIXED_BYTES || fixed.readUInt32BE(12) !== MAGIC) return null;
  const jsonBytes = fixed.readUInt32BE(0);
  const from = tail.length - FIXED_BYTES - jsonBytes;
  if (from < 0) return null;
  const json = tail.subarray(from, -FIXED_BYTES);
  if (crc32(json) !== fixed.readUInt32BE(4)) return null;
  const parsed = Header.safeParse(JSON.parse(json.toString()));
  if (!parsed.success) return null;
  const { begin, end } = parsed.data;
  if (fileBytesOf(end - begin, tail.subarray(from)) !== size) return null;
  return { header: parsed.data, crc: fixed.readUInt32BE(8) };
}

/** Fills `into` from the file's beginning; false: it ends before, or holds other bytes than were written. */
export async function readBytes(file: FileHandle, into: Buffer, crc: number): Promise<boolean> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, into.length - at, at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return crc32(into) === crc;
}
