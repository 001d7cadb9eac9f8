import { ArchiveRefused, type Volume } from './archive.ts';
import { carried, carrierVolume, readStored } from './composed.ts';
import { beginsAsNamed } from './first-bytes.ts';
import { type ArchiveKeys, wrongPassword } from './keys.ts';
import { isRar, openRar } from './rar.ts';
import { groupVolumes } from './sets.ts';
import { openSevenZip, SEVEN_ZIP_MAGIC } from './seven-zip.ts';
import { joinSplit } from './split.ts';
import type { Opened, StoredFile } from './stored-file.ts';
import { orderByName, volumeNameOf } from './volume-name.ts';
import { createWindow, rememberingHead } from './volume-window.ts';
import { isZip, openZip } from './zip.ts';

/** An archive in an archive in an archive; more is an attack. */
const MOST_LEVELS = 2;

export type OpenContext = { keys: ArchiveKeys; signal: AbortSignal };

/** Opens an archive by what its volumes begin with, and what lies inside if that is one again. */
export async function openLevel(given: readonly Volume[], context: OpenContext, level = 0): Promise<Opened> {
  const looked = new Set(firstTwo(given));
  const volumes = given.map((volume) => (looked.has(volume) ? rememberingHead(volume) : volume));
  const opened = await openFormat(volumes, context);
  await checkStart(opened, volumes, context);
  const inside = await insideOf(opened.files, volumes, context.signal);
  if (!inside) return opened;
  if (level >= MOST_LEVELS)
    throw new ArchiveRefused('unsupported', `Archives lie in one another more than ${MOST_LEVELS} times.`);
  const refused = inside.find(({ refusal }) => refusal !== null)?.refusal;
  if (refused) throw refused;
  const carriers = inside.map((file) => carrierVolume(file, volumes));
  const inner = await openLevel(carriers, context, level + 1);
  const found = inner.files.map((file) => carried(file, inside));
  return {
    format: opened.format,
    isPassworded: opened.isPassworded || inner.isPassworded,
    files: [...found, ...opened.files.filter((file) => !inside.includes(file))],
  };
}

async function openFormat(volumes: readonly Volume[], { keys, signal }: OpenContext): Promise<Opened> {
  const [first, second] = firstTwo(volumes);
  if (!first) throw new ArchiveRefused('incomplete', 'The archive has no volumes.');
  const head = await headOf(first, signal);
  if (isRar(head) && !(await isCut(first, second, signal))) return openRar(volumes, keys, signal);
  const open = openerOf(head, keys, signal);
  const isCutUp = volumeNameOf(first.name)?.kind === 'split';
  if (!open && !isCutUp) throw unknownFormat(first);
  if (open && second === undefined && !isCutUp) return open(first);
  const joined = await joinSplit(volumes, signal);
  if (!open) return { format: 'split', isPassworded: false, files: [joined] };
  const opened = await open(carrierVolume(joined, volumes));
  return { ...opened, files: opened.files.map((file) => carried(file, [joined])) };
}

function unknownFormat({ name }: Volume): ArchiveRefused {
  return new ArchiveRefused(
    'unsupported',
    `“${name}” is no archive that is known: neither RAR nor 7z nor zip.`,
  );
}

function firstTwo(volumes: readonly Volume[]): (Volume | undefined)[] {
  const order = orderByName(volumes.map(({ name }) => name))?.order ?? [0, 1];
  return order.slice(0, 2).map((index) => volumes[index]);
}

type Opener = (volume: Volume) => Promise<Opened>;

function openerOf(head: Buffer, keys: ArchiveKeys, signal: AbortSignal): Opener | null {
  if (isRar(head)) return (volume) => openRar([volume], keys, signal);
  if (head.subarray(0, SEVEN_ZIP_MAGIC.length).equals(SEVEN_ZIP_MAGIC))
    return (volume) => openSevenZip(volume, keys, signal);
  return isZip(head) ? (volume) => openZip(volume, signal) : null;
}

async function headOf(volume: Volume, signal: AbortSignal): Promise<Buffer> {
  return Buffer.from(await createWindow(volume, signal).upTo(0, 8));
}

/** One RAR cut into `.001`, `.002`: its second part begins with anything. RAR volumes of such names all begin alike. */
async function isCut(first: Volume, second: Volume | undefined, signal: AbortSignal): Promise<boolean> {
  if (!second || volumeNameOf(first.name)?.kind !== 'split') return false;
  return !isRar(await headOf(second, signal));
}

/** Where formats keep no check value a wrong password shows in the first bytes of the largest file. */
async function checkStart({ files, format }: Opened, volumes: readonly Volume[], { signal }: OpenContext) {
  const file = largestOf(files);
  if (!file?.cipher || file.refusal || format === 'rar5') return;
  if (!beginsAsNamed(file.path, await readStored(file, volumes, 0, Math.min(16, file.sizeBytes), signal)))
    throw wrongPassword();
}

/** The files that make an archive again, where they are the most of what is there. */
async function insideOf(
  files: readonly StoredFile[],
  volumes: readonly Volume[],
  signal: AbortSignal,
): Promise<StoredFile[] | null> {
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const bytesOf = (members: readonly StoredFile[]) =>
    members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sets = groupVolumes(files.map(({ path }) => ({ name: path })));
  for (const { members } of sets) {
    const inside = members.flatMap((index) => files[index] ?? []);
    if (bytesOf(inside) * 2 > total) return inside;
  }
  const largest = largestOf(files);
  // A name without an ending may hide an archive; its first bytes lie beside the header that was just read.
  if (!largest || largest.refusal || largest.sizeBytes * 2 <= total || /\.[a-z]\w{1,3}$/i.test(largest.path))
    return null;
  const head = await readStored(largest, volumes, 0, Math.min(8, largest.sizeBytes), signal);
  const isArchive = isRar(head) || head.subarray(0, 6).equals(SEVEN_ZIP_MAGIC) || isZip(head);
  return isArchive ? [largest] : null;
}

export function largestOf(files: readonly StoredFile[]): StoredFile | null {
  return files.reduce<StoredFile | null>(
    (most, file) => (most && most.sizeBytes >= file.sizeBytes ? most : file),
    null,
  );
}
