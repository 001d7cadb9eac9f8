import { ArchiveRefused, type Extent } from './archive.ts';
import { damaged } from './header-bytes.ts';
import type { RarPiece, RarVolume } from './rar-volume.ts';

/** A file of a RAR archive: its first piece, and where all of them lie. */
export type RarFile = { first: RarPiece; extents: Extent[]; sizeBytes: number };

/** A volume that was read: its place in what was given, and its headers. */
export type ReadVolume = { index: number; volume: RarVolume };

/** How many bytes are stored for so many: whole AES blocks where they are encrypted. */
function storedBytes(sizeBytes: number, isEncrypted: boolean): number {
  return isEncrypted ? Math.ceil(sizeBytes / 16) * 16 : sizeBytes;
}

export function lacking(number: number): ArchiveRefused {
  return new ArchiveRefused('incomplete', `Volume ${number} of the archive is lacking.`);
}

/** Joins the pieces of all volumes, in order. Refuses the archive where they do not fit together. */
export function filesOf(volumes: readonly ReadVolume[]): RarFile[] {
  const files: RarFile[] = [];
  let open: RarFile | null = null;
  for (const [place, { index, volume }] of volumes.entries()) {
    for (const piece of volume.pieces) {
      open = joined(open, piece, index, place);
      if (piece.intoNext) continue;
      files.push(closed(open));
      open = null;
    }
  }
  if (open) throw lacking(volumes.length + 1);
  return files;
}

function joined(open: RarFile | null, piece: RarPiece, index: number, place: number): RarFile {
  const extent = { volume: index, offset: piece.offset, length: piece.length, isGuessed: false };
  if (!piece.fromPrevious) {
    if (open) throw lacking(place + 1);
    return { first: piece, extents: [extent], sizeBytes: piece.sizeBytes ?? 0 };
  }
  // What begins in the volume before cannot be told apart from there: that volume is not the one before.
  if (!open) throw lacking(place === 0 ? 1 : place + 1);
  if (open.first.path !== piece.path) throw lacking(place + 1);
  open.extents.push(extent);
  return open;
}

function closed(file: RarFile): RarFile {
  const { first, extents } = file;
  const stored = extents.reduce((sum, { length }) => sum + length, 0);
  if (first.sizeBytes === null) return { ...file, sizeBytes: stored };
  if (first.isFile && first.isStored && stored !== storedBytes(first.sizeBytes, first.lock !== null))
    throw damaged(
      `“${first.path}” has ${stored} bytes in its volumes, not the ${first.sizeBytes} it should have`,
    );
  return file;
}
