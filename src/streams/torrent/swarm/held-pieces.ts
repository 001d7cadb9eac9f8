import type { SlabBuffer, SlabMemory } from '../../slab-memory.ts';

/** A checked piece in memory. */
export type HeldPiece = {
  readonly buffer: SlabBuffer;
  readonly length: number;
  /** Being sent so many times; never dropped meanwhile. */
  pins: number;
};

type Entry = HeldPiece & { distance(): number | null; onDropped(): void };

type Gathering = { distance(): number | null; abandon(): void };

/**
 * The pieces of all torrents in memory: of the checked ones what is behind every reader goes first, the longest unused of it, and then
 * what was begun for readers that went elsewhere. A seek left up to a window of it for five minutes, and the next film had half the memory.
 */
export type HeldPieces = {
  /** A piece on its way; `abandon` gives its memory back, and it is fetched anew when somebody wants it. */
  gather(buffer: SlabBuffer, distance: () => number | null, abandon: () => void): void;
  /** It is whole, or was abandoned. */
  gathered(buffer: SlabBuffer): void;
  /** `distance`: how far the next reader is that is about to come by, in bytes; null: none is. */
  keep(buffer: SlabBuffer, length: number, distance: () => number | null, onDropped: () => void): HeldPiece;
  used(piece: HeldPiece): void;
  drop(piece: HeldPiece): void;
  /** Makes room for `bytes` more; false when what is left is needed. For what is `urgent`, what readers need last goes too. */
  makeRoom(bytes: number, isUrgent?: boolean): boolean;
};

export function createHeldPieces(memory: SlabMemory): HeldPieces {
  // Least recently used first.
  const entries = new Map<HeldPiece, Entry>();
  const gathering = new Map<SlabBuffer, Gathering>();

  function drop(piece: HeldPiece): void {
    const entry = entries.get(piece);
    if (entry === undefined) return;
    entries.delete(piece);
    memory.give(entry.buffer);
    entry.onDropped();
  }

  return {
    gather(buffer, distance, abandon) {
      gathering.set(buffer, { distance, abandon });
    },
    gathered(buffer) {
      gathering.delete(buffer);
    },
    keep(buffer, length, distance, onDropped) {
      const entry: Entry = { buffer, length, pins: 0, distance, onDropped };
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
    makeRoom(bytes, isUrgent = false) {
      const fits = () => memory.usedBytes() + bytes <= memory.limitBytes;
      if (fits()) return true;
      const free = [...entries.values()].filter(({ pins }) => pins === 0);
      dropUntil(
        free.filter(({ distance }) => distance() === null),
        fits,
      );
      abandonUntil(fits);
      if (isUrgent && !fits()) dropFarthest(free, fits);
      return fits();
    },
  };

  function dropUntil(goers: readonly Entry[], fits: () => boolean): void {
    for (const entry of goers) {
      if (fits()) return;
      drop(entry);
    }
  }

  function abandonUntil(fits: () => boolean): void {
    for (const piece of gathering.values()) {
      if (fits()) return;
      if (piece.distance() === null) piece.abandon();
    }
  }

  /** Not what somebody is reading this moment: it would be fetched again at once. */
  function dropFarthest(free: readonly Entry[], fits: () => boolean): void {
    const wanted = free.map((entry) => ({ entry, distance: entry.distance() ?? 0 }));
    const ahead = wanted.filter(({ distance }) => distance > 0);
    dropUntil(
      ahead.sort((one, other) => other.distance - one.distance).map(({ entry }) => entry),
      fits,
    );
  }
}
