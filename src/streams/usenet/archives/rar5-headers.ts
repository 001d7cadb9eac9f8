import { createDecipheriv } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ArchiveRefused } from './archive.ts';
import { damaged, HeaderBytes } from './header-bytes.ts';
import { type ArchiveKeys, type Rar5Lock, wrongPassword } from './keys.ts';
import {
  LONGEST_HEADER,
  MOST_HEADERS,
  MOST_PIECES,
  type RarPiece,
  type RarReading,
  type RarVolume,
} from './rar-volume.ts';
import { safePath } from './safe-path.ts';
import type { VolumeWindow } from './volume-window.ts';

// RAR 5.0 archive format: https://www.rarlab.com/technote.htm
export const RAR5_MAGIC = Buffer.from('526172211a070100', 'hex');

const [MAIN, FILE, ENCRYPTION, END] = [1, 2, 4, 5];
const HAS_EXTRA = 0x01;
const HAS_DATA = 0x02;
const FROM_PREVIOUS = 0x08;
const INTO_NEXT = 0x10;
/** An end header takes 8 bytes and a file with it at least 23: below that nothing can follow, and no tail need be read. */
const LEAST_REST = 23;
const LEAST_REST_ENCRYPTED = 64;
/** CRC32 and the longest size. */
const SIZE_AT_MOST = 4 + 3;

type HeaderAt = { bytes: Buffer; end: number };
type Header = {
  type: number;
  flags: number;
  body: HeaderBytes;
  extra: HeaderBytes;
  dataAt: number;
  dataSize: number;
};

type Walk = {
  main: { isVolume: boolean; number: number; isSolid: boolean };
  /** Of the headers, once the archive said that they are encrypted. */
  key: Buffer | null;
  pieces: RarPiece[];
};

/** Reads the headers of a volume up to the file that goes on in the next one. */
export async function readRar5(window: VolumeWindow, { keys }: RarReading): Promise<RarVolume> {
  const walk: Walk = { main: { isVolume: false, number: 0, isSolid: false }, key: null, pieces: [] };
  let at = RAR5_MAGIC.length;
  for (let count = 0; count < MOST_HEADERS; count += 1) {
    const header = await readHeader(window, at, walk.key);
    await note(walk, header, keys);
    at = header.dataAt + header.dataSize;
    const rest = window.sizeBytes() - at;
    if (rest < 0) throw damaged(`a file in “${window.name}” is longer than the volume`);
    if (header.type === END || isAtEnd(walk, rest))
      return { format: 'rar5', number: walk.main.number, isVolume: walk.main.isVolume, pieces: walk.pieces };
  }
  throw damaged(`“${window.name}” has more than ${MOST_HEADERS} headers`);
}

async function note(walk: Walk, header: Header, keys: ArchiveKeys): Promise<void> {
  if (header.type === ENCRYPTION) walk.key = await keys.rar5(lockOf(header.body));
  if (header.type === MAIN) walk.main = mainOf(header.body);
  if (header.type === FILE) walk.pieces.push(pieceOf(header, walk.main.isSolid));
  if (walk.pieces.length > MOST_PIECES) throw damaged(`it has more than ${MOST_PIECES} files`);
}

function isAtEnd({ key, pieces }: Walk, rest: number): boolean {
  return pieces.at(-1)?.intoNext === true || rest < (key ? LEAST_REST_ENCRYPTED : LEAST_REST);
}

async function readHeader(window: VolumeWindow, at: number, key: Buffer | null): Promise<Header> {
  if (!key) return parsed(await plainHeader(window, at), window.name);
  try {
    return parsed(await encryptedHeader(window, at, key), window.name);
  } catch (error) {
    throw error instanceof ArchiveRefused ? wrongPassword() : error;
  }
}

function parsed({ bytes, end }: HeaderAt, volumeName: string): Header {
  const head = new HeaderBytes(bytes);
  const crc = head.u32();
  if (crc32(bytes.subarray(4)) !== crc) throw damaged(`a header of “${volumeName}” has a wrong CRC`);
  head.vint();
  const type = head.vint();
  const flags = head.vint();
  const extraSize = flags & HAS_EXTRA ? head.vint() : 0;
  const dataSize = flags & HAS_DATA ? head.vint() : 0;
  const body = new HeaderBytes(head.take(head.left - extraSize));
  return { type, flags, body, extra: new HeaderBytes(head.take(extraSize)), dataAt: end, dataSize };
}

async function plainHeader(window: VolumeWindow, at: number): Promise<HeaderAt> {
  const length = lengthOf(await window.upTo(at, SIZE_AT_MOST));
  return { bytes: await window.bytes(at, length), end: at + length };
}

/** Its IV, then the header in AES-256-CBC, padded to whole blocks. */
async function encryptedHeader(window: VolumeWindow, at: number, key: Buffer): Promise<HeaderAt> {
  const first = await window.bytes(at, 32);
  const open = (blocks: Buffer) =>
    createDecipheriv('aes-256-cbc', key, first.subarray(0, 16)).setAutoPadding(false).update(blocks);
  const length = lengthOf(open(first.subarray(16)).subarray(0, SIZE_AT_MOST));
  const padded = Math.ceil(length / 16) * 16;
  const blocks = (await window.bytes(at, 16 + padded)).subarray(16);
  return { bytes: open(blocks).subarray(0, length), end: at + 16 + padded };
}

/** Of the whole header, by the size it begins with. */
function lengthOf(start: Buffer): number {
  const head = new HeaderBytes(start);
  head.u32();
  const size = head.vint();
  // Type and flags are there always.
  if (size < 2 || size > LONGEST_HEADER) throw damaged(`a header says that it has ${size} bytes`);
  return head.at + size;
}

function mainOf(body: HeaderBytes): { isVolume: boolean; number: number; isSolid: boolean } {
  const flags = body.vint();
  const number = flags & 0x02 ? body.vint() : 0;
  return { isVolume: (flags & 0x01) !== 0, number, isSolid: (flags & 0x04) !== 0 };
}

function lockOf(body: HeaderBytes): Rar5Lock {
  if (body.vint() !== 0)
    throw new ArchiveRefused('unsupported', 'The archive is encrypted in a way that is not known.');
  const hasCheck = (body.vint() & 0x01) !== 0;
  const lg2 = body.u8();
  const salt = Buffer.from(body.take(16));
  return { lg2, salt, check: hasCheck ? Buffer.from(body.take(12)) : null };
}

function pieceOf({ flags, body, extra, dataAt, dataSize }: Header, isSolid: boolean): RarPiece {
  const fileFlags = body.vint();
  const sizeBytes = body.vint();
  body.vint();
  if (fileFlags & 0x02) body.skip(4);
  if (fileFlags & 0x04) body.skip(4);
  const compression = body.vint();
  body.vint();
  const name = body.take(body.vint()).toString('utf8');
  const { lock, isLink } = extrasOf(extra);
  return {
    path: safePath(name),
    isFile: (fileFlags & 0x01) === 0 && !isLink,
    offset: dataAt,
    length: dataSize,
    sizeBytes: fileFlags & 0x08 ? null : sizeBytes,
    isStored: (compression & 0x380) === 0,
    isSolid: isSolid || (compression & 0x40) !== 0,
    lock,
    fromPrevious: (flags & FROM_PREVIOUS) !== 0,
    intoNext: (flags & INTO_NEXT) !== 0,
  };
}

/** Encryption (1) and links (5); what else is there does not matter here. */
function extrasOf(extra: HeaderBytes): { lock: RarPiece['lock']; isLink: boolean } {
  let lock: RarPiece['lock'] = null;
  let isLink = false;
  while (extra.left > 0) {
    const record = new HeaderBytes(extra.take(extra.vint()));
    const type = record.vint();
    if (type === 5) isLink = true;
    if (type === 1) lock = fileLockOf(record);
  }
  return { lock, isLink };
}

function fileLockOf(record: HeaderBytes): RarPiece['lock'] {
  if (record.vint() !== 0)
    throw new ArchiveRefused('unsupported', 'A file in the archive is encrypted in a way that is not known.');
  const hasCheck = (record.vint() & 0x01) !== 0;
  const lg2 = record.u8();
  const salt = Buffer.from(record.take(16));
  const iv = Buffer.from(record.take(16));
  const check = hasCheck ? Buffer.from(record.take(12)) : null;
  return { version: 5, lock: { lg2, salt, check }, iv };
}
