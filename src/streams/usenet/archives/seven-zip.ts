import { crc32 } from 'node:zlib';
import { ArchiveRefused, type Cipher, type Volume } from './archive.ts';
import { readStored, within } from './composed.ts';
import { cipherRange, createDecryptor } from './decrypting.ts';
import { damaged, HeaderBytes } from './header-bytes.ts';
import { type ArchiveKeys, wrongPassword } from './keys.ts';
import { decodeLzma } from './lzma.ts';
import { readLong } from './read-long.ts';
import { safePath } from './safe-path.ts';
import { type Coder, type Folder, parseHeader } from './seven-zip-headers.ts';
import { layoutOver, type Opened, type StoredFile } from './stored-file.ts';
import { createWindow, type VolumeWindow } from './volume-window.ts';

export const SEVEN_ZIP_MAGIC = Buffer.from('377abcaf271c', 'hex');

const START_BYTES = 32;
/** Of a header as it lies there, and unpacked: 10,000 files with long names take less. */
const LONGEST_PACKED = 1024 * 1024;
const LONGEST_HEADER = 4 * 1024 * 1024;
/** A packed header unpacks to the header; another time happens with encrypted ones. */
const MOST_TURNS = 4;

const COPY = '00';
const LZMA = '030101';
const AES = '06f10701';

type Context = { volume: Volume; window: VolumeWindow; keys: ArchiveKeys; signal: AbortSignal };

/** Opens a 7z archive that lies in one volume, or in one joined of many. */
export async function openSevenZip(volume: Volume, keys: ArchiveKeys, signal: AbortSignal): Promise<Opened> {
  const context = { volume, window: createWindow(volume, signal), keys, signal };
  const { folders, names, hasStream } = await headerOf(context);
  const paths = names.filter((_, at) => hasStream[at]);
  const files: StoredFile[] = [];
  let padded: StoredFile | null = null;
  for (const folder of folders) {
    const whole = await folderFile(context, folder);
    if (whole.cipher && whole.sizeBytes % 16 > 0) padded = whole;
    let offset = 0;
    for (const sizeBytes of folder.sizes) {
      const path = safePath(paths[files.length] ?? '');
      const part = whole.refusal ? {} : within(whole, offset, sizeBytes);
      files.push({ ...whole, ...part, path, sizeBytes, refusal: refusalFor(whole.refusal, path) });
      offset += sizeBytes;
    }
  }
  // The last one lies next to the header: what is read for it is there already.
  if (padded) await checkPadding(context, padded);
  return { format: '7z', isPassworded: folders.some(isEncrypted), files };
}

async function headerOf(context: Context) {
  let bytes = await startHeader(context);
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const header = parseHeader(bytes);
    if (header.kind === 'plain') return header;
    bytes = await unpacked(context, header.folder);
  }
  throw damaged('its header is packed again and again');
}

async function startHeader({ window }: Context): Promise<Buffer> {
  const start = new HeaderBytes(await window.bytes(0, START_BYTES));
  start.skip(SEVEN_ZIP_MAGIC.length + 2);
  const crc = start.u32();
  const told = start.take(20);
  if (crc32(told) !== crc) throw damaged('its first header has a wrong CRC');
  const place = new HeaderBytes(told);
  const offset = START_BYTES + place.u64();
  const length = place.u64();
  const headerCrc = place.u32();
  if (length < 1 || length > LONGEST_PACKED) throw damaged(`its header says that it has ${length} bytes`);
  if (offset + length > window.sizeBytes())
    throw new ArchiveRefused('incomplete', 'The end of the archive is lacking, where its header is.');
  const bytes = await readLong(window, offset, length);
  if (crc32(bytes) !== headerCrc) throw damaged('its header has a wrong CRC');
  return bytes;
}

/** A header that is packed by LZMA, encrypted, or both. */
async function unpacked(context: Context, folder: Folder): Promise<Buffer> {
  if (folder.packSize > LONGEST_PACKED || folder.unpackSize > LONGEST_HEADER)
    throw damaged(`its header says that it has ${folder.unpackSize} bytes`);
  // Decrypted first, unpacked last.
  const lzma = folder.coders?.at(-1)?.id === LZMA ? folder.coders.at(-1) : undefined;
  const coders = folder.coders?.filter((coder) => coder !== lzma) ?? null;
  const file = await folderFile(context, { ...folder, coders }, true);
  if (file.refusal)
    throw new ArchiveRefused(
      'unsupported',
      'The header of the archive is packed by a method that is not known here.',
    );
  const packedBytes = lzma ? folder.packSize : folder.unpackSize;
  const packed = await readStored(file, [context.volume], 0, packedBytes, context.signal);
  try {
    return checkedHeader(lzma ? decodeLzma(lzma.properties, packed, folder.unpackSize) : packed, folder);
  } catch (error) {
    throw error instanceof ArchiveRefused && isEncrypted(folder) ? wrongPassword() : error;
  }
}

function checkedHeader(bytes: Buffer, { crc, unpackSize }: Folder): Buffer {
  if (bytes.length !== unpackSize) throw damaged('its header is shorter than it says');
  if (crc !== null && crc32(bytes) !== crc) throw damaged('its header has a wrong CRC');
  return bytes;
}

function isEncrypted({ coders }: Folder): boolean {
  return coders?.some(({ id }) => id === AES) ?? false;
}

/** All of a folder as one file. */
async function folderFile(context: Context, folder: Folder, isHeader = false): Promise<StoredFile> {
  const { window, keys, signal } = context;
  const offset = START_BYTES + folder.packOffset;
  if (offset + folder.packSize > window.sizeBytes()) throw damaged('a file in it is longer than the archive');
  const layout = layoutOver([{ volume: 0, offset, length: folder.packSize, isGuessed: false }]);
  const file = { path: '', sizeBytes: folder.unpackSize, cipher: null, layout, refusal: null };
  if (!folder.coders?.every(({ id }) => id === COPY || id === AES)) {
    const isSolid = folder.sizes.length > 1;
    return { ...file, refusal: new ArchiveRefused(isSolid ? 'solid' : 'compressed', '') };
  }
  const aes = folder.coders.filter(({ id }) => id === AES);
  const [lock] = aes;
  if (aes.length > 1) return { ...file, refusal: new ArchiveRefused('unsupported', '') };
  const stored = lock ? cipherRange(0, folder.unpackSize).end : folder.unpackSize;
  if (!isHeader && folder.packSize !== stored)
    throw damaged(`a file has ${folder.packSize} bytes in it, not the ${folder.unpackSize} it should have`);
  if (!lock) return file;
  return { ...file, cipher: await cipherOf(lock, keys, signal) };
}

/** Why a file is refused, with its name. */
function refusalFor(refusal: ArchiveRefused | null, path: string): ArchiveRefused | null {
  if (!refusal) return null;
  const how = {
    compressed: 'is compressed',
    solid: 'is compressed with others',
  } as Partial<Record<ArchiveRefused['reason'], string>>;
  return new ArchiveRefused(
    refusal.reason,
    `“${path}” ${how[refusal.reason] ?? 'is packed in an unknown way'} in the archive and cannot be played.`,
  );
}

async function cipherOf({ properties }: Coder, keys: ArchiveKeys, signal: AbortSignal): Promise<Cipher> {
  const head = new HeaderBytes(properties);
  const first = head.u8();
  const second = first & 0xc0 ? head.u8() : 0;
  const salt = head.take((first >> 7) + (second >> 4));
  const iv = Buffer.alloc(16);
  head.take(((first >> 6) & 1) + (second & 0x0f)).copy(iv);
  return { algorithm: 'aes-256-cbc', key: await keys.sevenZip(first & 0x3f, salt, signal), iv, skipBytes: 0 };
}

/** 7z keeps no check value, but fills the last block with zeros: with a wrong password they are none. */
async function checkPadding({ volume, signal }: Context, file: StoredFile): Promise<void> {
  const { layout, cipher, sizeBytes } = file;
  if (!cipher) return;
  const plain = createDecryptor(cipher);
  const { start } = plain.needs(sizeBytes, sizeBytes);
  const { offset, length } = layout.guess(start);
  const end = plain.stream(sizeBytes)(await volume.read(offset, length, signal));
  if (end.some((byte) => byte !== 0)) throw wrongPassword();
}
