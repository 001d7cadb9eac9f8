import { ArchiveRefused, type Extent, type Volume } from './archive.ts';
import { damaged, HeaderBytes } from './header-bytes.ts';
import { mapLimited } from './map-limited.ts';
import { readLong } from './read-long.ts';
import { safePath } from './safe-path.ts';
import { type CheckExtent, layoutOver, type Opened, type StoredFile } from './stored-file.ts';
import { createWindow, type VolumeWindow } from './volume-window.ts';

// APPNOTE.TXT 6.3.10 of PKWARE; numbers of sections in comments are its.
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const LOCAL_BYTES = 30;
/** Of the comment at the end. */
const LONGEST_COMMENT = 0xffff;
const LONGEST_DIRECTORY = 4 * 1024 * 1024;
const MOST_FILES = 10_000;
/** Of so few files each header is read when the archive is opened; of more when they are touched. */
const FEW_FILES = 4;

type Entry = {
  path: string;
  isFolder: boolean;
  method: number;
  isEncrypted: boolean;
  packed: number;
  sizeBytes: number;
  header: number;
  nameLength: number;
  /** Where its bytes begin if its own header is as long as the directory's entry lets expect. */
  guess: number;
};

export function isZip(head: Buffer): boolean {
  return head.length >= 4 && [LOCAL, END, 0x08074b50, 0x30304b50].includes(head.readUInt32LE());
}

/** Opens a zip archive that lies in one volume, or in one joined of many, by its directory at the end. */
export async function openZip(volume: Volume, signal: AbortSignal): Promise<Opened> {
  const window = createWindow(volume, signal);
  const { offset, length, count } = await directoryOf(window);
  if (length > LONGEST_DIRECTORY || count > MOST_FILES) throw damaged(`it says that it has ${count} files`);
  if (offset + length > window.sizeBytes()) throw damaged('its directory lies behind its end');
  const entries = entriesOf(await readLong(window, offset, length), count).filter(
    ({ isFolder }) => !isFolder,
  );
  const files = await mapLimited(entries, 1, async (entry) => {
    const guess = guessedExtent(entry, window.sizeBytes());
    const extent = entries.length <= FEW_FILES ? await readExtent(window, guess, entry) : guess;
    return storedFile(volume, entry, extent);
  });
  return { format: 'zip', isPassworded: entries.some(({ isEncrypted }) => isEncrypted), files };
}

type Directory = { offset: number; length: number; count: number };

async function directoryOf(window: VolumeWindow): Promise<Directory> {
  await window.upTo(0, 4);
  const sizeBytes = window.sizeBytes();
  const from = Math.max(0, sizeBytes - END_BYTES - LOCATOR_BYTES - LONGEST_COMMENT);
  const tail = await readTail(window, sizeBytes, from);
  const at = tail.bytes.lastIndexOf(Buffer.from('504b0506', 'hex'), tail.bytes.length - END_BYTES);
  if (at < 0)
    throw new ArchiveRefused('incomplete', 'The end of the archive is lacking, where its directory is.');
  const end = new HeaderBytes(tail.bytes.subarray(at + 4));
  const disks = [end.u16(), end.u16()];
  end.skip(2);
  const found = { count: end.u16(), length: end.u32(), offset: end.u32() };
  const locator = at >= LOCATOR_BYTES ? tail.bytes.subarray(at - LOCATOR_BYTES, at) : null;
  if (locator?.readUInt32LE() === LOCATOR_64) return directory64(window, locator);
  if (disks.some((disk) => disk !== 0 && disk !== 0xffff))
    throw new ArchiveRefused(
      'unsupported',
      'The archive is a zip of several disks (.z01), which cannot be played.',
    );
  return found;
}

/** Mostly there is no comment: a small read does. */
async function readTail(window: VolumeWindow, sizeBytes: number, least: number): Promise<{ bytes: Buffer }> {
  const from = Math.max(0, sizeBytes - 4096);
  const bytes = Buffer.from(await window.bytes(from, sizeBytes - from));
  if (bytes.includes(Buffer.from('504b0506', 'hex'))) return { bytes };
  return { bytes: await readLong(window, least, sizeBytes - least) };
}

/** §4.3.14, §4.3.15 */
async function directory64(window: VolumeWindow, locator: Buffer): Promise<Directory> {
  const place = new HeaderBytes(locator.subarray(8));
  const end = new HeaderBytes(await window.bytes(place.u64(), 56));
  if (end.u32() !== END_64) throw damaged('its directory is not where it says');
  end.skip(8 + 2 + 2 + 4 + 4 + 8);
  return { count: end.u64(), length: end.u64(), offset: end.u64() };
}

function entriesOf(directory: Buffer, count: number): Entry[] {
  const head = new HeaderBytes(directory);
  return Array.from({ length: count }, () => entryOf(head));
}

/** §4.3.12 */
function entryOf(head: HeaderBytes): Entry {
  if (head.u32() !== CENTRAL) throw damaged('its directory has something else in it');
  head.skip(4);
  const flags = head.u16();
  const method = head.u16();
  head.skip(8);
  const [packed, sizeBytes] = [head.u32(), head.u32()];
  const [nameLength, extraLength, commentLength] = [head.u16(), head.u16(), head.u16()];
  head.skip(8);
  const header = head.u32();
  const nameBytes = head.take(nameLength);
  const name = nameBytes.toString(flags & 0x800 || isUtf8(nameBytes) ? 'utf8' : 'latin1');
  const large = extra64(new HeaderBytes(head.take(extraLength)), [sizeBytes, packed, header]);
  head.skip(commentLength);
  return {
    path: safePath(name),
    isFolder: /[\\/]$/.test(name),
    method,
    isEncrypted: (flags & 0x01) !== 0,
    sizeBytes: large[0] ?? sizeBytes,
    packed: large[1] ?? packed,
    header: large[2] ?? header,
    nameLength,
    guess: (large[2] ?? header) + LOCAL_BYTES + nameLength + extraLength,
  };
}

function isUtf8(bytes: Buffer): boolean {
  return !bytes.toString('utf8').includes('\ufffd');
}

/** §4.5.3: of those numbers that did not fit into 32 bits, in this order. */
function extra64(extra: HeaderBytes, numbers: readonly number[]): number[] {
  while (extra.left >= 4) {
    const id = extra.u16();
    const field = new HeaderBytes(extra.take(extra.u16()));
    if (id === 1) return numbers.map((number) => (number === 0xffff_ffff ? field.u64() : number));
  }
  return [...numbers];
}

function storedFile(volume: Volume, entry: Entry, extent: Extent): StoredFile {
  const { path, sizeBytes } = entry;
  const check: CheckExtent = {
    // Where the file begins its header says, whether that was guessed or not.
    isRight: async () => false,
    anew: async (guess, signal) => [await readExtent(createWindow(volume, signal), guess, entry)],
  };
  const layout = layoutOver(sizeBytes > 0 ? [extent] : [], check);
  return { path, sizeBytes, cipher: null, layout, refusal: refusalOf(entry) };
}

function refusalOf({ path, method, isEncrypted }: Entry): ArchiveRefused | null {
  if (isEncrypted)
    return new ArchiveRefused(
      'unsupported',
      `“${path}” is encrypted as zip does it, which cannot be played.`,
    );
  return method === 0
    ? null
    : new ArchiveRefused('compressed', `“${path}” is compressed in the archive and cannot be played.`);
}

function guessedExtent(entry: Entry, archiveBytes: number): Extent {
  const { guess, packed, sizeBytes, path } = entry;
  if (!refusalOf(entry) && packed !== sizeBytes)
    throw damaged(`“${path}” has ${packed} bytes in it, not the ${sizeBytes} it should have`);
  if (entry.header + packed > archiveBytes) throw damaged(`“${path}” is longer than the archive`);
  return { volume: 0, offset: guess, length: packed, isGuessed: true };
}

/** By the file's own header (§4.3.7), which may have other extra fields than the directory. */
async function readExtent(
  window: VolumeWindow,
  guess: Extent,
  { header, path, nameLength }: Entry,
): Promise<Extent> {
  const offset = await dataOffset(window, header, nameLength);
  if (offset + guess.length > window.sizeBytes()) throw damaged(`“${path}” is longer than the archive`);
  return { ...guess, offset, isGuessed: false };
}

async function dataOffset(window: VolumeWindow, at: number, nameLength: number): Promise<number> {
  const local = new HeaderBytes(await window.bytes(at, LOCAL_BYTES));
  if (local.u32() !== LOCAL) throw damaged('a file in it is not where its directory says');
  local.skip(22);
  if (local.u16() !== nameLength) throw damaged('a file in it has another name than its directory says');
  return at + LOCAL_BYTES + nameLength + local.u16();
}
