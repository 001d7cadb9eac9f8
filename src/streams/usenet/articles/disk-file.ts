import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { YencHeader } from '../yenc/decoder.ts';

/** `TYA1`, how long the header is, its CRC32, that of the bytes: four words, big-endian; then the header in JSON, then the bytes. */
const [MAGIC, FIXED_BYTES] = [0x54594131, 16];
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

/** What goes before the bytes; null: it cannot be kept. */
export function headOf(header: YencHeader, bytes: Uint8Array): Buffer | null {
  const { name, fileSize, part, total, begin, end } = header;
  const json = Buffer.from(JSON.stringify({ name, fileSize, part, total, begin, end }));
  if (json.length > MAX_HEADER_BYTES) return null;
  const fixed = Buffer.alloc(FIXED_BYTES);
  fixed.writeUInt32BE(MAGIC, 0);
  fixed.writeUInt32BE(json.length, 4);
  fixed.writeUInt32BE(crc32(json), 8);
  fixed.writeUInt32BE(crc32(bytes), 12);
  return Buffer.concat([fixed, json]);
}

/** What a file says of the article in it; null: it is none. */
export async function readHead(
  file: FileHandle,
): Promise<{ header: YencHeader; crc: number; from: number } | null> {
  const head = Buffer.alloc(FIXED_BYTES + MAX_HEADER_BYTES);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  if (bytesRead < FIXED_BYTES || head.readUInt32BE(0) !== MAGIC) return null;
  const from = FIXED_BYTES + head.readUInt32BE(4);
  const json = head.subarray(FIXED_BYTES, from);
  if (from > bytesRead || crc32(json) !== head.readUInt32BE(8)) return null;
  const parsed = Header.safeParse(JSON.parse(json.toString()));
  if (!parsed.success || parsed.data.end < parsed.data.begin) return null;
  return { header: parsed.data, crc: head.readUInt32BE(12), from };
}

/** Fills `into`; false: the file ends before, or holds other bytes than were written. */
export async function readBytes(file: FileHandle, into: Buffer, from: number, crc: number): Promise<boolean> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, into.length - at, from + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return crc32(into) === crc;
}
