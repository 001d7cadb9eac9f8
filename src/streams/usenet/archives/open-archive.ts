import type { Layout, Stretch } from '../articles/part.ts';
import { type ArchiveMap, ArchiveRefused, type Extent, type InnerFile, type Volume } from './archive.ts';
import { damaged } from './header-bytes.ts';
import { createKeys } from './keys.ts';
import { largestOf, openLevel } from './open-level.ts';
import { layoutOver, type StoredFile } from './stored-file.ts';

/** More posted files are no archive. */
const MOST_VOLUMES = 10_000;

export type OpenArchive = {
  /** As it is known by now: extents stop being guessed as they are touched. Volumes are indexes into those that were given. */
  readonly map: ArchiveMap;
  /** Over the stored bytes: of a file with a cipher over the encrypted ones, see `createDecryptor`. */
  layoutOf(fileIndex: number): Layout;
};

/** A file that can be played. */
type OpenFile = Omit<StoredFile, 'refusal' | 'layout'> & {
  layout: Layout & { extents(): readonly Extent[] };
};

/** A file as it was found before: extents are [volume, offset, length, 1 where guessed]. Keys are never kept. */
export type KnownFile = {
  path: string;
  sizeBytes: number;
  extents: readonly (readonly [number, number, number, 0 | 1])[];
  isEncrypted: boolean;
};

export type OpenOptions = {
  password: string | null;
  signal: AbortSignal;
  /** What was learned when it was open before, volumes as indexes into those that are given: nothing is read then to open it. */
  known?: readonly KnownFile[];
};

/**
 * Opens the archive that these volumes make, given in any order. Throws ArchiveRefused for what cannot be played, and whatever a read
 * rejects with.
 */
export async function openArchive(volumes: readonly Volume[], options: OpenOptions): Promise<OpenArchive> {
  if (volumes.length > MOST_VOLUMES) throw damaged(`it has more than ${MOST_VOLUMES} volumes`);
  const { known } = options;
  return (known && openKnown(volumes, known, options)) ?? openAnew(volumes, options);
}

async function openAnew(volumes: readonly Volume[], { password, signal }: OpenOptions): Promise<OpenArchive> {
  const { format, isPassworded, files } = await openLevel(volumes, { keys: createKeys(password), signal });
  const largest = largestOf(files);
  // What is refused beside the film is left out; a film that is refused is why nothing can be played.
  if (largest?.refusal) throw largest.refusal;
  const usable = files.filter(({ refusal }) => refusal === null);
  if (usable.length === 0) throw new ArchiveRefused('unsupported', 'The archive holds no files.');
  return opened(format, isPassworded, usable);
}

function opened(
  format: ArchiveMap['format'],
  isPassworded: boolean,
  files: readonly OpenFile[],
): OpenArchive {
  return {
    get map() {
      return { format, isPassworded, files: files.map(innerFile) };
    },
    layoutOf(fileIndex) {
      const file = files[fileIndex];
      if (!file) throw new RangeError(`there is no file ${fileIndex}`);
      return file.layout;
    },
  };
}

function innerFile({ path, sizeBytes, cipher, layout }: OpenFile): InnerFile {
  return { path, sizeBytes, cipher, extents: layout.extents() };
}

/** By what was learned. Null: that does not do, as keys are never kept, or the volumes are others. */
function openKnown(
  volumes: readonly Volume[],
  known: readonly KnownFile[],
  options: OpenOptions,
): OpenArchive | null {
  if (known.length === 0 || !known.every((file) => isUsable(file, volumes))) return null;
  let archive: OpenArchive | null = null;
  const reopened = async (signal: AbortSignal) => {
    archive ??= await openAnew(volumes, { ...options, signal });
    return archive;
  };
  return opened(
    null,
    false,
    known.map((file) => knownFile(file, reopened)),
  );
}

function isUsable({ sizeBytes, extents, isEncrypted }: KnownFile, volumes: readonly Volume[]): boolean {
  const fits = extents.every(([index, offset, length]) => {
    const volume = volumes[index];
    return (
      volume !== undefined && offset >= 0 && length > 0 && offset + length <= (volume.sizeBytes ?? Infinity)
    );
  });
  return !isEncrypted && fits && extents.reduce((sum, [, , length]) => sum + length, 0) === sizeBytes;
}

/** What was read before is no guess, whoever opened the archive last. */
function stillKnown(extents: readonly Extent[], learned: readonly Extent[]): readonly Extent[] {
  const read = new Set(learned.filter(({ isGuessed }) => !isGuessed).map(placeOf));
  return extents.map((extent) => (read.has(placeOf(extent)) ? { ...extent, isGuessed: false } : extent));
}

function placeOf({ volume, offset, length }: Extent): string {
  return `${volume}/${offset}/${length}`;
}

/** Extents that were read once are as they were. The first touch of a guessed one opens the archive, whose own layout then answers. */
function knownFile(
  { path, sizeBytes, extents }: KnownFile,
  reopened: (signal: AbortSignal) => Promise<OpenArchive>,
): OpenFile {
  const learned: Extent[] = extents.map(([volume, offset, length, guessed]) => ({
    ...{ volume, offset, length },
    isGuessed: guessed === 1,
  }));
  const held = layoutOver(learned);
  let archive: { open: OpenArchive; index: number } | null = null;

  async function anew(offset: number, signal: AbortSignal): Promise<Stretch> {
    const open = await reopened(signal);
    const index = open.map.files.findIndex((file) => file.path === path && file.sizeBytes === sizeBytes);
    if (index < 0) throw damaged(`“${path}” is not in it as it was before`);
    archive = { open, index };
    return open.layoutOf(index).locate(offset, signal);
  }

  function isGuessed(stretch: Stretch): boolean {
    return learned.some((each) => each.isGuessed && each.volume === stretch.volume);
  }

  return {
    path,
    sizeBytes,
    cipher: null,
    layout: {
      sizeBytes,
      guess: (offset) => archive?.open.layoutOf(archive.index).guess(offset) ?? held.guess(offset),
      extents: () =>
        archive ? stillKnown(archive.open.map.files[archive.index]?.extents ?? [], learned) : learned,
      locate(offset, signal) {
        if (archive) return archive.open.layoutOf(archive.index).locate(offset, signal);
        const stretch = held.guess(offset);
        return isGuessed(stretch) ? anew(offset, signal) : stretch;
      },
    },
  };
}
