import { ArchiveRefused, type Extent } from './archive.ts';
import { filesOf, type RarFile, type ReadVolume } from './rar-files.ts';
import type { RarPiece, RarVolume } from './rar-volume.ts';

/** The volumes of one archive in order, of which three were read. */
export type ThreeOfMany = {
  order: readonly number[];
  first: ReadVolume;
  second: ReadVolume;
  last: ReadVolume;
};

/**
 * The files, where the volumes in between all continue one file as the second does. Their sizes have to add up, or it is null: then
 * every volume must be read.
 */
export function guessFiles(three: ThreeOfMany): RarFile[] | null {
  const { order, first, second, last } = three;
  const piece = commonPiece(three);
  if (!piece) return null;
  // The number of a volume is in its main header, which grows with it. Where headers are encrypted the padding takes that up.
  for (const grows of [true, false]) {
    const middle = order.slice(2, -1).map((index, at) => ({
      index,
      volume: { ...second.volume, pieces: [guessedPiece(piece, grows ? growth(at + 2) : 0)] },
    }));
    const files = filesOrNull([first, second, ...middle, last]);
    if (!files) continue;
    const read = new Set([first.index, second.index, last.index]);
    return files.map((file) => ({ ...file, extents: file.extents.map((each) => marked(each, read)) }));
  }
  return null;
}

/** Whether a volume holds what was guessed of it. */
export function isAsGuessed(volume: RarVolume, place: number, path: string, extent: Extent): boolean {
  const [piece, ...more] = volume.pieces;
  if (!piece || more.length > 0) return false;
  if (volume.format === 'rar5' && volume.number !== place) return false;
  return piece.offset === extent.offset && piece.length === extent.length && isMiddle(piece, path);
}

/** What the second volume has of the file that all share; null: they do not look so. */
function commonPiece({ order, first, second, last }: ThreeOfMany): RarPiece | null {
  const numbers = [first, second, last].map(({ volume }) => volume.number);
  const expected = [0, 1, order.length - 1];
  const isRar5 = first.volume.format === 'rar5';
  if (isRar5 && numbers.some((number, at) => number !== expected[at])) return null;
  const begun = first.volume.pieces.at(-1);
  const [piece, ...more] = second.volume.pieces;
  const ended = last.volume.pieces[0];
  if (!begun?.intoNext || !piece || more.length > 0 || !isMiddle(piece, begun.path)) return null;
  return ended?.fromPrevious && ended.path === begun.path ? piece : null;
}

function isMiddle(piece: RarPiece, path: string): boolean {
  return piece.fromPrevious && piece.intoNext && piece.path === path;
}

function guessedPiece(piece: RarPiece, grown: number): RarPiece {
  return { ...piece, offset: piece.offset + grown, length: Math.max(0, piece.length - grown) };
}

/** Bytes that a volume number (from 0 on) takes above the one byte of the second volume's. */
function growth(number: number): number {
  return number < 2 ** 7 ? 0 : number < 2 ** 14 ? 1 : 2;
}

function marked(extent: Extent, read: ReadonlySet<number>): Extent {
  return { ...extent, isGuessed: !read.has(extent.volume) };
}

function filesOrNull(volumes: readonly ReadVolume[]): RarFile[] | null {
  try {
    return filesOf(volumes);
  } catch (error) {
    if (error instanceof ArchiveRefused) return null;
    throw error;
  }
}
