import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { YencHeader } from '../yenc/decoder.ts';

/**
 * In a segment each article lies in whole pages: its bytes, nothing, what is known of it in JSON, then four words, big-endian: how long that
 * is, its CRC32, that of the bytes, `TYA4`. So the bytes begin at a page of memory and at one of the file and go to the disk as they lie, and
 * the articles of a segment are found from its end, each foot telling where the one before it ends.
 */
const [MAGIC, FIXED_BYTES] = [0x54594134, 16];
export const PAGE_BYTES = 4096;
/** Names of files in yEnc have a line at most. */
const MAX_JSON_BYTES = 4096;

const Known = z.object({
  /** A secret of the run that wrote it, so that the bytes of an article cannot pass for a foot. */
  run: z.string(),
  /** The message id: 250 octets at most (RFC 3977 §3.6), and whatever an NZB says. */
  id: z.string(),
  name: z.string(),
  fileSize: z.int().nonnegative(),
  part: z.int(),
  total: z.int().nullable(),
  begin: z.int().nonnegative(),
  end: z.int().nonnegative(),
});

export type FootFacts = { run: string; id: string; header: YencHeader; crc: number };

/** What stands at the end of an article on disk; null: it cannot be kept. */
export function footOf({ run, id, header, crc }: FootFacts): Buffer | null {
  const { name, fileSize, part, total, begin, end } = header;
  const json = Buffer.from(JSON.stringify({ run, id, name, fileSize, part, total, begin, end }));
  if (json.length > MAX_JSON_BYTES) return null;
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt32BE(json.length, 0);
  fixed.writeUInt32BE(crc32(json), 4);
  fixed.writeUInt32BE(crc >>> 0, 8);
  fixed.writeUInt32BE(MAGIC, 12);
  return Buffer.concat([json, fixed]);
}

/** What `length` bytes and their foot take of a segment. */
export function entryBytesOf(length: number, foot: Buffer): number {
  return Math.ceil((length + foot.length) / PAGE_BYTES) * PAGE_BYTES;
}

/** What lies before `end` in a segment of that run, and where it begins; null: no article ends there. */
export async function readFoot(
  file: FileHandle,
  run: string,
  end: number,
): Promise<(FootFacts & { from: number }) | null> {
  const tail = Buffer.alloc(Math.min(end, FIXED_BYTES + MAX_JSON_BYTES));
  const { bytesRead } = await file.read(tail, 0, tail.length, end - tail.length);
  const fixed = tail.subarray(-FIXED_BYTES);
  if (bytesRead < tail.length || fixed.length < FIXED_BYTES || fixed.readUInt32BE(12) !== MAGIC) return null;
  const at = tail.length - FIXED_BYTES - fixed.readUInt32BE(0);
  const json = tail.subarray(Math.max(0, at), -FIXED_BYTES);
  if (at < 0 || crc32(json) !== fixed.readUInt32BE(4)) return null;
  const parsed = Known.safeParse(JSON.parse(json.toString()));
  if (!parsed.success || parsed.data.run !== run) return null;
  const { run: _, id, ...header } = parsed.data;
  const from = end - entryBytesOf(header.end - header.begin, tail.subarray(at));
  return from < 0 ? null : { run, id, header, crc: fixed.readUInt32BE(8), from };
}

/** Fills `into` with what lies at `from`; false: it ends before, or holds other bytes than were written. */
export async function readBytes(file: FileHandle, from: number, into: Buffer, crc: number): Promise<boolean> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, into.length - at, from + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return crc32(into) === crc;
}
