import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { u16, u32 } from './little-endian.ts';
import { aesCbc, bits, type RarFormat, type RarOptions } from './rar-format.ts';

const SPLIT_BEFORE = 0x01;
const SPLIT_AFTER = 0x02;

/** RAR 2.9–4.x, by its technical note. */
export function rar4Format(options: RarOptions): RarFormat {
  const { password = '', encryptHeaders = false, naming = 'new', isLarge = false, isSolid = false } = options;
  const salt = randomBytes(8);
  const secrets = password ? rar4Secrets(password, salt) : null;
  const seal = (block: Buffer) =>
    encryptHeaders && secrets ? Buffer.concat([salt, aesCbc(secrets.key, secrets.iv, block)]) : block;

  return {
    begin(number, isVolume) {
      const named = bits([true, 0x01], [naming !== 'old', 0x10], [number === 0, 0x100]);
      const flags = (isVolume ? named : 0) | bits([isSolid, 0x08], [encryptHeaders, 0x80]);
      const main = block(0x73, flags, [Buffer.alloc(6)]);
      const note = options.comment && number === 0 ? service('CMT', Buffer.from(options.comment)) : null;
      const notes = note ? [seal(note.head), note.data] : [];
      return Buffer.concat([Buffer.from('526172211a0700', 'hex'), main, ...notes]);
    },

    file({ file, data, fromPrevious, intoNext, lock }) {
      const split = bits([fromPrevious, SPLIT_BEFORE], [intoNext, SPLIT_AFTER]);
      const locked = lock ? 0x04 | 0x400 : 0;
      const flags = split | locked | bits([file.isFolder, 0xe0], [isLarge, 0x100], [true, 0x8000]);
      const size = file.bytes.length;
      const fields = [
        ...fileFields(data.length, size, crc32(intoNext ? data : file.bytes)),
        Buffer.from([29, 0x30 + (file.method ?? 0)]),
        u16(Buffer.byteLength(file.path)),
        u32(0x20),
        ...(isLarge ? [u32(0), u32(0)] : []),
        // As RAR writes folders in this version, on every system.
        Buffer.from(file.path.replaceAll('/', '\\')),
        ...(lock ? [lock.salt] : []),
      ];
      return seal(block(0x74, flags, fields));
    },

    recovery(bytes) {
      const { head, data } = service('RR', bytes);
      return Buffer.concat([seal(head), data]);
    },

    end(number, hasNext, isVolume) {
      const flags = bits([hasNext, 0x01], [isVolume, 0x08], [true, 0x4000]);
      return seal(block(0x7b, flags, isVolume ? [u16(number)] : []));
    },

    encrypt(plain) {
      const { key, iv } = secrets ?? { key: Buffer.alloc(16), iv: Buffer.alloc(16) };
      return { data: aesCbc(key, iv, plain), lock: { salt, iv } };
    },
  };
}

function fileFields(packed: number, size: number, crc: number): Buffer[] {
  return [u32(packed), u32(size), Buffer.from([2]), u32(crc), u32(0x5a21_0000)];
}

function service(name: string, data: Buffer): { head: Buffer; data: Buffer } {
  const fields = [
    ...fileFields(data.length, data.length, crc32(data)),
    Buffer.from([29, 0x30]),
    u16(name.length),
    u32(0),
    Buffer.from(name),
  ];
  return { head: block(0x7a, 0x8000, fields), data };
}

export function block(type: number, flags: number, fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  const head = Buffer.concat([Buffer.from([type]), u16(flags), u16(7 + body.length), body]);
  return Buffer.concat([u16(crc32(head) & 0xffff), head]);
}

/** By the book, one round after the other; what reads it does it otherwise. */
function rar4Secrets(password: string, salt: Buffer): { key: Buffer; iv: Buffer } {
  const secret = Buffer.concat([Buffer.from(password, 'utf16le'), salt]);
  const hash = createHash('sha1');
  const iv = Buffer.alloc(16);
  for (let round = 0; round < 0x40000; round += 1) {
    hash.update(secret).update(Buffer.from([round & 0xff, (round >> 8) & 0xff, round >> 16]));
    if (round % 0x4000 === 0) iv.writeUInt8(hash.copy().digest().readUInt8(19), round / 0x4000);
  }
  return { key: Buffer.from(hash.digest().subarray(0, 16)).swap32(), iv };
}
