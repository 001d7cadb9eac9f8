import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { u16, u32 } from './little-endian.ts';
import { aesCbc } from './rar-format.ts';

export type ZipInput = { path: string; bytes: Buffer; method?: number };
export type ZipOptions = { is64?: boolean; hasDescriptors?: boolean; comment?: string; localExtra?: number };

/** A stored zip (APPNOTE.TXT 6.3.10). */
export function writeZip(inputs: readonly ZipInput[], options: ZipOptions = {}): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const input of inputs) {
    const local = localFile(input, options);
    entries.push(directoryEntry(input, at, options));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = zipEnd(inputs.length, directory.length, at, options);
  return Buffer.concat([...locals, directory, end]);
}

function versionFields({ method = 0 }: ZipInput, { is64, hasDescriptors }: ZipOptions): Buffer {
  return Buffer.concat([
    u16(is64 ? 45 : 20),
    u16(0x800 | (hasDescriptors ? 0x08 : 0)),
    u16(method),
    u32(0x5a21_0000),
  ]);
}

function localFile(input: ZipInput, options: ZipOptions): Buffer {
  const { hasDescriptors = false, localExtra = 0 } = options;
  const { bytes } = input;
  const name = Buffer.from(input.path);
  const sums = [u32(crc32(bytes)), u32(bytes.length), u32(bytes.length)];
  const told = hasDescriptors ? [u32(0), u32(0), u32(0)] : sums;
  const filler = localExtra > 0 ? [u16(0x9999), u16(localExtra), Buffer.alloc(localExtra)] : [];
  const extra = Buffer.concat(filler);
  const head = [u32(0x04034b50), versionFields(input, options), ...told, u16(name.length), u16(extra.length)];
  const descriptor = hasDescriptors ? [u32(0x08074b50), ...sums] : [];
  return Buffer.concat([...head, name, extra, bytes, ...descriptor]);
}

function directoryEntry(input: ZipInput, start: number, options: ZipOptions): Buffer {
  const { length } = input.bytes;
  const { is64 = false } = options;
  const name = Buffer.from(input.path);
  const extra = is64
    ? Buffer.concat([u16(1), u16(24), u64(length), u64(length), u64(start)])
    : Buffer.alloc(0);
  const size = is64 ? 0xffff_ffff : length;
  const sizes = [u32(crc32(input.bytes)), u32(size), u32(size), u16(name.length), u16(extra.length), u16(0)];
  const place = [u16(0), u16(0), u32(0), u32(is64 ? 0xffff_ffff : start)];
  return Buffer.concat([
    u32(0x02014b50),
    u16(45),
    versionFields(input, options),
    ...sizes,
    ...place,
    name,
    extra,
  ]);
}

function zipEnd(
  count: number,
  length: number,
  offset: number,
  { is64 = false, comment = '' }: ZipOptions,
): Buffer {
  const large = [
    ...[u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0)],
    ...[u64(count), u64(count), u64(length), u64(offset)],
    ...[u32(0x07064b50), u32(0), u64(offset + length), u32(1)],
  ];
  const told = is64 ? [0xffff, 0xffff_ffff, 0xffff_ffff] : [count, length, offset];
  const [files = 0, size = 0, start = 0] = told;
  const end = [u32(0x06054b50), u16(0), u16(0), u16(files), u16(files), u32(size), u32(start)];
  return Buffer.concat([...(is64 ? large : []), ...end, u16(comment.length), Buffer.from(comment)]);
}

export type SevenZipOptions = {
  password?: string;
  /** All files as one stream. */
  isSolid?: boolean;
  power?: number;
  /** Names another method than Copy. */
  method?: string;
  /** A packed header: what packs it, and its five bytes of properties. */
  pack?: (header: Buffer) => { packed: Buffer; properties: Buffer };
  encryptHeader?: boolean;
};

/** A 7z archive with the Copy method (7zFormat.txt of the LZMA SDK). */
export function writeSevenZip(
  inputs: readonly { path: string; bytes: Buffer }[],
  options: SevenZipOptions = {},
): Buffer {
  const { isSolid = false, pack, encryptHeader = false } = options;
  const secrets = options.password ? sevenZipSecrets(options.password, options.power ?? 4) : null;
  const groups = isSolid ? [inputs.map(({ bytes }) => bytes)] : inputs.map(({ bytes }) => [bytes]);
  const folders = groups.map((files) => {
    const plain = Buffer.concat(files);
    return { files, plain, stored: secrets ? aesCbc(secrets.key, secrets.iv, plain) : plain };
  });
  const stored = folders.map((folder) => folder.stored);
  const coder = coderOf(options, secrets);
  const streams = Buffer.concat([
    packInfo(
      0,
      stored.map(({ length }) => length),
    ),
    unpackInfo(
      coder,
      folders.map(({ plain }) => plain.length),
    ),
    subStreams(folders.map(({ files }) => files)),
    byte(0),
  ]);
  let header: Buffer = Buffer.concat([
    byte(1),
    byte(4),
    streams,
    filesInfo(inputs.map(({ path }) => path)),
    byte(0),
  ]);
  let body = Buffer.concat(stored);
  if (pack || encryptHeader) {
    const plain = header;
    const packing = pack?.(plain) ?? null;
    const data = packing?.packed ?? plain;
    const sealed = encryptHeader && secrets ? aesCbc(secrets.key, secrets.iv, data) : data;
    header = Buffer.concat([
      byte(0x17),
      packInfo(body.length, [sealed.length]),
      ...encodedFolder(packing, encryptHeader ? secrets : null, plain, data.length),
      byte(0),
    ]);
    body = Buffer.concat([body, sealed]);
  }
  const place = Buffer.concat([u64(body.length), u64(header.length), u32(crc32(header))]);
  const start = Buffer.concat([Buffer.from('377abcaf271c0004', 'hex'), u32(crc32(place)), place]);
  return Buffer.concat([start, body, header]);
}

type Secrets = { key: Buffer; iv: Buffer; properties: Buffer };

function sevenZipSecrets(password: string, power: number): Secrets {
  const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]);
  const hash = createHash('sha256');
  for (let round = 0; round < 2 ** power; round += 1)
    hash.update(Buffer.from(password, 'utf16le')).update(u64(round));
  return {
    key: hash.digest(),
    iv,
    properties: Buffer.concat([byte(0x40 | power), byte(0x07), iv.subarray(0, 8)]),
  };
}

function coderOf({ method = '00' }: SevenZipOptions, secrets: Secrets | null): Buffer {
  const id = Buffer.from(method, 'hex');
  const plain = Buffer.concat([byte(id.length), id]);
  return secrets ? Buffer.concat([byte(1), aesCoder(secrets)]) : Buffer.concat([byte(1), plain]);
}

function aesCoder({ properties }: Secrets): Buffer {
  return Buffer.concat([byte(0x24), Buffer.from('06f10701', 'hex'), byte(properties.length), properties]);
}

/** LZMA, AES, or both: bytes go through AES first, so its output is bound to LZMA's input. */
function encodedFolder(
  packing: { properties: Buffer } | null,
  secrets: Secrets | null,
  plain: Buffer,
  packedBytes: number,
): Buffer[] {
  const lzma = packing
    ? [Buffer.concat([byte(0x23), Buffer.from('030101', 'hex'), byte(5), packing.properties])]
    : [];
  const aes = secrets ? [aesCoder(secrets)] : [];
  const coders = [...lzma, ...aes];
  const isBoth = coders.length === 2;
  const sizes = isBoth ? [number7z(plain.length), number7z(packedBytes)] : [number7z(plain.length)];
  const folder = [byte(coders.length), ...coders, ...(isBoth ? [byte(0), byte(1)] : [])];
  return [
    byte(7),
    byte(0x0b),
    byte(1),
    byte(0),
    ...folder,
    byte(0x0c),
    ...sizes,
    byte(0x0a),
    byte(1),
    u32(crc32(plain)),
    byte(0),
  ];
}

function packInfo(position: number, sizes: readonly number[]): Buffer {
  return Buffer.concat([
    byte(6),
    number7z(position),
    number7z(sizes.length),
    byte(9),
    ...sizes.map(number7z),
    byte(0),
  ]);
}

function unpackInfo(folder: Buffer, sizes: readonly number[]): Buffer {
  const folders = sizes.map(() => folder);
  return Buffer.concat([
    byte(7),
    byte(0x0b),
    number7z(sizes.length),
    byte(0),
    ...folders,
    byte(0x0c),
    ...sizes.map(number7z),
    byte(0),
  ]);
}

function subStreams(folders: readonly Buffer[][]): Buffer {
  const counts = folders.map(({ length }) => number7z(length));
  const sizes = folders.flatMap((files) => files.slice(0, -1).map(({ length }) => number7z(length)));
  const sums = folders.flat().map((bytes) => u32(crc32(bytes)));
  const told = sizes.length > 0 ? [byte(9), ...sizes] : [];
  return Buffer.concat([byte(8), byte(0x0d), ...counts, ...told, byte(0x0a), byte(1), ...sums, byte(0)]);
}

function filesInfo(paths: readonly string[]): Buffer {
  const names = Buffer.concat([byte(0), ...paths.map((path) => Buffer.from(`${path}\0`, 'utf16le'))]);
  return Buffer.concat([byte(5), number7z(paths.length), byte(0x11), number7z(names.length), names, byte(0)]);
}

export function number7z(value: number): Buffer {
  if (value < 0x80) return byte(value);
  if (value < 0x4000) return Buffer.from([0x80 | (value >> 8), value & 0xff]);
  return Buffer.concat([byte(0xff), u64(value)]);
}

function byte(value: number): Buffer {
  return Buffer.from([value]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
