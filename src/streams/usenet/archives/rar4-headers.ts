import { createDecipheriv } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ArchiveRefused } from './archive.ts';
import { damaged, HeaderBytes } from './header-bytes.ts';
import { wrongPassword } from './keys.ts';
import {
  LONGEST_HEADER,
  MOST_HEADERS,
  MOST_PIECES,
  type RarPiece,
  type RarReading,
  type RarVolume,
} from './rar-volume.ts';
import { rar4Name } from './rar4-name.ts';
import { safePath } from './safe-path.ts';
import type { VolumeWindow } from './volume-window.ts';

// The RAR 2.9–4.x format as its technical note tells it.
export const RAR4_MAGIC = Buffer.from('526172211a0700', 'hex');

const [MAIN, FILE, SERVICE, END] = [0x73, 0x74, 0x7a, 0x7b];
const HEAD_BYTES = 7;
const MAIN_BYTES = 13;
/** Less than a file header and an end header take: nothing follows, and no tail need be read. */
const LEAST_REST = 33;
/** An encrypted end header: salt and two blocks. */
const LEAST_REST_ENCRYPTED = 41;
const MAIN_SOLID = 0x08;
const MAIN_ENCRYPTED = 0x80;

type HeaderAt = { bytes: Buffer; end: number };
type Header = { type: number; flags: number; body: HeaderBytes; end: number };

/** Reads the headers of a volume up to the file that goes on in the next one. */
export async function readRar4(window: VolumeWindow, reading: RarReading): Promise<RarVolume> {
  const pieces: RarPiece[] = [];
  let mainFlags = 0;
  let at = RAR4_MAGIC.length;
  for (let count = 0; count < MOST_HEADERS; count += 1) {
    const isEncrypted = (mainFlags & MAIN_ENCRYPTED) !== 0;
    const header = await readHeader(window, at, isEncrypted ? reading : null);
    if (header.type === MAIN) mainFlags = header.flags;
    at = header.end + take(header, pieces, (mainFlags & MAIN_SOLID) !== 0);
    const rest = window.sizeBytes() - at;
    if (rest < 0) throw damaged(`a file in “${window.name}” is longer than the volume`);
    const isEnd = header.type === END;
    if (!isEnd && !isAtEnd(rest, isEncrypted, pieces.at(-1), reading)) continue;
    const isVolume = (mainFlags & 0x01) !== 0;
    return { format: 'rar4', number: isEnd ? numberOf(header) : null, isVolume, pieces };
  }
  throw damaged(`“${window.name}” has more than ${MOST_HEADERS} headers`);
}

function isAtEnd(
  rest: number,
  isEncrypted: boolean,
  last: RarPiece | undefined,
  { wantsNumber }: RarReading,
): boolean {
  if (wantsNumber) return rest < HEAD_BYTES;
  return last?.intoNext === true || rest < (isEncrypted ? LEAST_REST_ENCRYPTED : LEAST_REST);
}

/** Notes a file; answers how many bytes of data follow the header. */
function take(header: Header, pieces: RarPiece[], isSolid: boolean): number {
  if (header.type === FILE || header.type === SERVICE) {
    const piece = pieceOf(header, isSolid);
    if (header.type === FILE) pieces.push(piece);
    if (pieces.length > MOST_PIECES) throw damaged(`it has more than ${MOST_PIECES} files`);
    return piece.length;
  }
  return header.type !== END && header.flags & 0x8000 ? header.body.u32() : 0;
}

async function readHeader(window: VolumeWindow, at: number, encrypted: RarReading | null): Promise<Header> {
  if (!encrypted) return parsed(await plainHeader(window, at), window.name);
  try {
    return parsed(await encryptedHeader(window, at, encrypted), window.name);
  } catch (error) {
    // Nothing else tells that the password is wrong.
    throw error instanceof ArchiveRefused && error.reason === 'damaged' ? wrongPassword() : error;
  }
}

function parsed({ bytes, end }: HeaderAt, volumeName: string): Header {
  const head = new HeaderBytes(bytes);
  const crc = head.u16();
  const type = head.u8();
  const flags = head.u16();
  head.skip(2);
  // An old comment lies inside the main header and is not counted.
  const checked = type === MAIN && flags & 0x02 ? bytes.subarray(2, MAIN_BYTES) : bytes.subarray(2);
  if ((crc32(checked) & 0xffff) !== crc) throw damaged(`a header of “${volumeName}” has a wrong CRC`);
  return { type, flags, body: head, end };
}

async function plainHeader(window: VolumeWindow, at: number): Promise<HeaderAt> {
  const length = lengthOf(await window.bytes(at, HEAD_BYTES));
  return { bytes: await window.bytes(at, length), end: at + length };
}

/** A salt of its own, then the header in AES-128-CBC, padded to whole blocks. */
async function encryptedHeader(window: VolumeWindow, at: number, { keys }: RarReading): Promise<HeaderAt> {
  const first = await window.bytes(at, 24);
  const { key, iv } = await keys.rar4(Buffer.from(first.subarray(0, 8)));
  const open = (blocks: Buffer) =>
    createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false).update(blocks);
  const length = lengthOf(open(first.subarray(8)));
  const padded = Math.ceil(length / 16) * 16;
  const blocks = (await window.bytes(at, 8 + padded)).subarray(8);
  return { bytes: open(blocks).subarray(0, length), end: at + 8 + padded };
}

function lengthOf(start: Buffer): number {
  const length = start.readUInt16LE(5);
  if (length < HEAD_BYTES || length > LONGEST_HEADER)
    throw damaged(`a header says that it has ${length} bytes`);
  return length;
}

function numberOf({ flags, body }: Header): number | null {
  if (flags & 0x02) body.skip(4);
  return flags & 0x08 ? body.u16() : null;
}

function pieceOf({ flags, body, end }: Header, isSolid: boolean): RarPiece {
  const packedLow = body.u32();
  const sizeLow = body.u32();
  body.skip(1 + 4 + 4 + 1);
  const method = body.u8();
  const nameLength = body.u16();
  body.skip(4);
  const isLarge = (flags & 0x100) !== 0;
  const packedHigh = isLarge ? body.u32() : 0;
  const sizeHigh = isLarge ? body.u32() : 0;
  const name = rar4Name(body.take(nameLength), (flags & 0x200) !== 0);
  const salt = flags & 0x400 ? Buffer.from(body.take(8)) : null;
  const isUnknown = sizeLow === 0xffff_ffff && (!isLarge || sizeHigh === 0xffff_ffff);
  return {
    path: safePath(name),
    isFile: (flags & 0xe0) !== 0xe0,
    offset: end,
    length: whole(packedHigh, packedLow),
    sizeBytes: isUnknown ? null : whole(sizeHigh, sizeLow),
    isStored: method === 0x30,
    isSolid: isSolid || (flags & 0x10) !== 0,
    lock: flags & 0x04 ? { version: 4, salt } : null,
    fromPrevious: (flags & 0x01) !== 0,
    intoNext: (flags & 0x02) !== 0,
  };
}

function whole(high: number, low: number): number {
  const value = high * 2 ** 32 + low;
  if (!Number.isSafeInteger(value)) throw damaged('a number in a header is above 2^53');
  return value;
}
