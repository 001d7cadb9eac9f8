import type { Layout, Stretch } from '../articles/part.ts';
import { type ArchiveMap, ArchiveRefused, type Extent, type InnerFile, type Volume } from './archive.ts';
import { createGuesses, type Guesses, inBackground } from './guesses.ts';
import { damaged } from './header-bytes.ts';
import { createKeys } from './keys.ts';
import { largestOf, openLevel } from './open-level.ts';
import { layoutOver, type StoredFile, type StoredLayout, settled } from './stored-file.ts';

/** More posted files are no archive. */
const MOST_VOLUMES = 10_000;

export type OpenArchive = {
  /** As it is known by now: extents stop being guessed as they are touched. Volumes are indexes into those that were given. */
  readonly map: ArchiveMap;
  /** Over the stored bytes: of a file with a cipher over the encrypted ones, see `createDecryptor`. */
  layoutOf(fileIndex: number): Layout;
  /** Of its volumes. */
  guesses(fileIndex: number): Guesses;
};

/** A file that can be played. */
type OpenFile = Omit<StoredFile, 'refusal' | 'layout'> & {
  layout: Layout & { extents(): readonly Extent[] } & Pick<StoredLayout, 'settle'>;
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
  const found = (known && openKnown(volumes, known, options)) ?? (await openAnew(volumes, options));
  return opened(found, (signal) => openQuietly(volumes, { ...options, signal }));
}

type Found = Pick<ArchiveMap, 'format' | 'isPassworded'> & { files: readonly OpenFile[] };

async function openQuietly(
  volumes: readonly Volume[],
  { password, signal }: OpenOptions,
): Promise<readonly StoredFile[]> {
  const { files } = await openLevel(volumes.map(inBackground), { keys: createKeys(password), signal });
  return files;
}

async function openAnew(volumes: readonly Volume[], { password, signal }: OpenOptions): Promise<Found> {
  const { format, isPassworded, files } = await openLevel(volumes, { keys: createKeys(password), signal });
  const largest = largestOf(files);
  // What is refused beside the film is left out; a film that is refused is why nothing can be played.
  if (largest?.refusal) throw largest.refusal;
  const usable = files.filter(({ refusal }) => refusal === null);
  if (usable.length === 0) throw new ArchiveRefused('unsupported', 'The archive holds no files.');
  return { format, isPassworded, files: usable };
}

function opened(
  { format, isPassworded, files }: Found,
  again: (signal: AbortSignal) => Promise<readonly StoredFile[]>,
): OpenArchive {
  const fileOf = (fileIndex: number): OpenFile => {
    const file = files[fileIndex];
    if (!file) throw new RangeError(`there is no file ${fileIndex}`);
    return file;
  };
  return {
    get map() {
      return { format, isPassworded, files: files.map(innerFile) };
    },
    layoutOf: (fileIndex) => fileOf(fileIndex).layout,
    guesses: (fileIndex) => createGuesses(fileOf(fileIndex), again),
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
): Found | null {
  if (known.length === 0 || !known.every((file) => isUsable(file, volumes))) return null;
  let found: Found | null = null;
  const reopened = async (signal: AbortSignal) => {
    found ??= await openAnew(volumes, { ...options, signal });
    return found.files;
  };
  return { format: null, isPassworded: false, files: known.map((file) => knownFile(file, reopened)) };
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

/** Extents that were read once are as they were. The first touch of a guessed one opens the archive, whose own layout then answers. */
function knownFile(
  { path, sizeBytes, extents }: KnownFile,
  reopened: (signal: AbortSignal) => Promise<readonly OpenFile[]>,
): OpenFile {
  let learned: readonly Extent[] = extents.map(([volume, offset, length, guessed]) => ({
    ...{ volume, offset, length },
    isGuessed: guessed === 1,
  }));
  const held = layoutOver(learned);
  let layout: OpenFile['layout'] | null = null;

  async function anew(offset: number, signal: AbortSignal): Promise<Stretch> {
    const files = await reopened(signal);
    const file = files.find((each) => each.path === path && each.sizeBytes === sizeBytes);
    if (!file) throw damaged(`“${path}” is not in it as it was before`);
    layout = file.layout;
    layout.settle(learned.filter(({ isGuessed }) => !isGuessed));
    return layout.locate(offset, signal);
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
      guess: (offset) => (layout ?? held).guess(offset),
      extents: () => layout?.extents() ?? learned,
      locate(offset, signal) {
        if (layout) return layout.locate(offset, signal);
        const stretch = held.guess(offset);
        return isGuessed(stretch) ? anew(offset, signal) : stretch;
      },
      settle(read) {
        learned = settled(learned, read);
        layout?.settle(read);
      },
    },
  };
}
