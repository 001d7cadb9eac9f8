import { HoleInFile } from '../articles/hole-in-file.ts';
import type { Stretch } from '../articles/part.ts';
import { ArchiveRefused, type Extent, type Volume } from './archive.ts';
import type { StoredFile, StoredLayout } from './stored-file.ts';

/** Volumes of a file whose places were only guessed, to be looked at before a viewer comes to them. */
export type Guesses = {
  /** Where the next one begins that was not looked at, from `offset` on, and behind the end from the beginning; null: there is none. */
  next(offset: number): number | null;
  /**
   * Reads the header of that volume, and in the background only. Where it is not as was guessed there is no next one: the first touch
   * mends that. Rejects where it cannot be read; `next` names it again unless it is gone for good.
   */
  look(offset: number, signal: AbortSignal): Promise<void>;
};

type Guessed = Pick<StoredFile, 'path' | 'sizeBytes'> & {
  layout: Pick<StoredLayout, 'guess' | 'settle'> & { extents(): readonly Extent[] };
};

/** `again`: opens the archive once more, over volumes that are read in the background; what is found there is told to `file`. */
export function createGuesses(
  { path, sizeBytes, layout }: Guessed,
  again: (signal: AbortSignal) => Promise<readonly StoredFile[]>,
): Guesses {
  const looked = new Set<number>();
  let isOver = false;
  let opened: { by: AbortSignal; files: Promise<readonly StoredFile[]> } | null = null;

  /** Who was aborted in the middle of it says nothing about who comes next. */
  function openedFor(signal: AbortSignal): Promise<readonly StoredFile[]> {
    if (opened?.by === signal) return opened.files;
    const mine = { by: signal, files: again(signal) };
    opened = mine;
    mine.files.catch(() => {
      if (opened === mine) opened = null;
    });
    return mine.files;
  }

  async function isRight(offset: number, signal: AbortSignal): Promise<boolean> {
    const files = await openedFor(signal);
    const twin = files.find((file) => file.path === path && file.sizeBytes === sizeBytes)?.layout;
    return (
      twin !== undefined && isSame(twin.guess(offset), layout.guess(offset)) && twin.confirm(offset, signal)
    );
  }

  return {
    next(offset) {
      if (isOver) return null;
      let [at, first]: [number, number | null] = [0, null];
      for (const { length, isGuessed } of layout.extents()) {
        const isNext = isGuessed && !looked.has(at);
        if (isNext && at + length > offset) return at;
        if (isNext) first ??= at;
        at += length;
      }
      return first;
    },
    async look(offset, signal) {
      looked.add(offset);
      const stretch = layout.guess(offset);
      try {
        if (await isRight(offset, signal)) layout.settle([{ ...stretch, isGuessed: false }]);
        else isOver = true;
      } catch (error) {
        if (error instanceof ArchiveRefused) isOver = true;
        else if (!(error instanceof HoleInFile)) looked.delete(offset);
        throw error;
      }
    },
  };
}

function isSame(one: Stretch, other: Stretch): boolean {
  return one.volume === other.volume && one.offset === other.offset && one.length === other.length;
}

/** What nobody waits for. */
export function inBackground(volume: Volume): Volume {
  return {
    name: volume.name,
    get sizeBytes() {
      return volume.sizeBytes;
    },
    read: (offset, length, signal) => volume.read(offset, length, signal, 'background'),
  };
}
