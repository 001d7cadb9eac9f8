import type { PieceBuffer, PieceMemory } from './piece-memory.ts';

/** A checked piece in memory. */
export type HeldPiece = {
  readonly buffer: PieceBuffer;
  readonly length: number;
  /** Being sent so many times; never dropped meanwhile. */
  pins: number;
};

type Entry = HeldPiece & { isWanted(): boolean; onDropped(): void };

/** The checked pieces of all torrents in memory: what is behind every reader goes first, the longest unused of it. */
export type HeldPieces = {
  /** `isWanted`: a reader is about to come by. */
  keep(buffer: PieceBuffer, length: number, isWanted: () => boolean, onDropped: () => void): HeldPiece;
  used(piece: HeldPiece): void;
  drop(piece: HeldPiece): void;
  /** Makes room for `bytes` more; false when what is left is needed. */
  makeRoom(bytes: number): boolean;
};

export function createHeldPieces(memory: PieceMemory): HeldPieces {
  // Least recently used first.
  const entries = new Map<HeldPiece, Entry>();

  function drop(piece: HeldPiece): void {
    const entry = entries.get(piece);
    if (entry === undefined) return;
    entries.delete(piece);
    memory.give(entry.buffer);
    entry.onDropped();
  }

  return {
    keep(buffer, length, isWanted, onDropped) {
      const entry: Entry = { buffer, length, pins: 0, isWanted, onDropped };
      entries.set(entry, entry);
      return entry;
    },
    used(piece) {
      const entry = entries.get(piece);
      if (entry === undefined) return;
      entries.delete(piece);
      entries.set(piece, entry);
    },
    drop,
    makeRoom(bytes) {
      const fits = () => memory.usedBytes() + bytes <= memory.limitBytes;
      if (fits()) return true;
      for (const entry of [...entries.values()]) {
        if (fits()) break;
        if (entry.pins === 0 && !entry.isWanted()) drop(entry);
      }
      return fits();
    },
  };
}
