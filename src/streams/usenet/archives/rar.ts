import { ArchiveRefused, type Cipher, type Extent, type Volume } from './archive.ts';
import { damaged } from './header-bytes.ts';
import type { ArchiveKeys } from './keys.ts';
import { mapLimited } from './map-limited.ts';
import { filesOf, lacking, type RarFile, type ReadVolume } from './rar-files.ts';
import { guessFiles, isAsGuessed } from './rar-guess.ts';
import type { RarLock, RarReading, RarVolume } from './rar-volume.ts';
import { RAR4_MAGIC, readRar4 } from './rar4-headers.ts';
import { RAR5_MAGIC, readRar5 } from './rar5-headers.ts';
import { type CheckExtent, layoutOver, type Opened, type StoredFile } from './stored-file.ts';
import { missingOf, orderByName } from './volume-name.ts';
import { createWindow } from './volume-window.ts';

/** Up to so many volumes are all read; above only the first, the second and the last. */
const MOST_READ_EAGERLY = 20;
/** How many volumes are read at once. */
const AT_ONCE = 16;

type RarSet = { volumes: readonly Volume[]; order: readonly number[]; isNamed: boolean; keys: ArchiveKeys };
type RarFiles = { format: RarVolume['format']; files: RarFile[] };

/** Whether these first bytes are those of a RAR volume. */
export function isRar(head: Buffer): boolean {
  return head.subarray(0, 8).equals(RAR5_MAGIC) || head.subarray(0, 7).equals(RAR4_MAGIC);
}

/** Opens a RAR archive of one or more volumes, given in any order. */
export async function openRar(
  volumes: readonly Volume[],
  keys: ArchiveKeys,
  signal: AbortSignal,
): Promise<Opened> {
  const byName = orderByName(volumes.map(({ name }) => name));
  if (byName?.missing[0] !== undefined) throw lacking(byName.missing[0]);
  const order = byName?.order ?? volumes.map((_, index) => index);
  const set = { volumes, order, isNamed: byName !== null, keys };
  const { format, files } = (await guessed(set, signal)) ?? (await readAll(set, signal));
  return {
    format,
    isPassworded: files.some(({ first }) => first.lock !== null),
    files: await mapLimited(
      files.filter(({ first }) => first.isFile),
      1,
      (file) => storedFile(set, file),
    ),
  };
}

/** By three volumes of many; null: that does not do. */
async function guessed(set: RarSet, signal: AbortSignal): Promise<RarFiles | null> {
  const { order, isNamed } = set;
  if (order.length <= MOST_READ_EAGERLY) return null;
  const three = [order[0] ?? 0, order[1] ?? 0, order.at(-1) ?? 0];
  const [first, second, last] = await mapLimited(three, 3, (index) => readVolume(set, index, false, signal));
  if (!first || !second || !last) return null;
  const { format } = first.volume;
  // Volumes of RAR4 with names that say nothing look all alike: only their ends tell the order.
  if (format === 'rar4' && !isNamed) return null;
  const files = guessFiles({ order, first, second, last });
  return files && { format, files };
}

async function readAll(set: RarSet, signal: AbortSignal): Promise<RarFiles> {
  const { order, isNamed } = set;
  const wantsNumber = !isNamed && order.length > 1;
  const read = await mapLimited(order, AT_ONCE, (index) => readVolume(set, index, wantsNumber, signal));
  const format = read[0]?.volume.format ?? 'rar5';
  if (read.some(({ volume }) => volume.format !== format))
    throw damaged('its volumes are of different formats');
  const isTold = format === 'rar5' || wantsNumber;
  return { format, files: filesOf(isTold ? byNumber(read) : read) };
}

/** Sorts by the numbers in their headers, where all have one. */
function byNumber(read: readonly ReadVolume[]): readonly ReadVolume[] {
  const numbers = read.flatMap(({ volume }) => (volume.number === null ? [] : [volume.number]));
  if (numbers.length < read.length) return read;
  if (new Set(numbers).size < numbers.length) throw damaged('two of its volumes have the same number');
  const [missing] = missingOf(numbers);
  if (missing !== undefined) throw lacking(missing);
  return [...read].sort((one, other) => (one.volume.number ?? 0) - (other.volume.number ?? 0));
}

async function readVolume(
  { volumes, keys }: RarSet,
  index: number,
  wantsNumber: boolean,
  signal: AbortSignal,
): Promise<ReadVolume> {
  const volume = volumes[index];
  if (!volume) throw lacking(index + 1);
  const window = createWindow(volume, signal);
  const head = await window.upTo(0, RAR5_MAGIC.length);
  if (!isRar(head)) throw damaged(`“${volume.name}” does not begin as a RAR volume`);
  const read = head.equals(RAR5_MAGIC) ? readRar5 : readRar4;
  const reading: RarReading = { keys, wantsNumber };
  return { index, volume: await read(window, reading) };
}

async function storedFile(set: RarSet, file: RarFile): Promise<StoredFile> {
  const { first, sizeBytes, extents } = file;
  const refusal = refusalOf(file);
  const cipher = first.lock && !refusal ? await cipherOf(first.lock, set.keys) : null;
  const hasGuesses = extents.some(({ isGuessed }) => isGuessed);
  const layout = layoutOver(extents, hasGuesses ? checkOf(set, file) : null);
  return { path: first.path, sizeBytes, cipher, refusal, layout };
}

function refusalOf({ first }: RarFile): ArchiveRefused | null {
  if (first.isStored) return null;
  return first.isSolid
    ? new ArchiveRefused('solid', `“${first.path}” is compressed in a solid archive and cannot be played.`)
    : new ArchiveRefused('compressed', `“${first.path}” is compressed in the archive and cannot be played.`);
}

async function cipherOf(lock: RarLock, keys: ArchiveKeys): Promise<Cipher> {
  return lock.version === 5
    ? { algorithm: 'aes-256-cbc', key: await keys.rar5(lock.lock), iv: lock.iv, skipBytes: 0 }
    : { algorithm: 'aes-128-cbc', ...(await keys.rar4(lock.salt)), skipBytes: 0 };
}

/** One header tells whether a guess was right; where it was not, all volumes are read. */
function checkOf(set: RarSet, file: RarFile): CheckExtent {
  const { path } = file.first;
  return {
    async isRight(extent, signal) {
      const { volume } = await readVolume(set, extent.volume, false, signal);
      return isAsGuessed(volume, set.order.indexOf(extent.volume), path, extent);
    },
    anew: (_, signal) => extentsAnew(set, file, signal),
  };
}

async function extentsAnew(set: RarSet, file: RarFile, signal: AbortSignal): Promise<readonly Extent[]> {
  const { files } = await readAll(set, signal);
  const found = files.find(
    ({ first, sizeBytes }) => first.path === file.first.path && sizeBytes === file.sizeBytes,
  );
  if (!found) throw damaged(`“${file.first.path}” is not in its volumes as their first ones say`);
  return found.extents;
}
