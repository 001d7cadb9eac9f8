/** Memory a piece is gathered, checked, kept and sent from; shared, so that the thread that answers viewers sends from it without a copy. */
export type PieceBuffer = { readonly id: number; readonly bytes: Buffer };

export type PieceMemory = {
  take(length: number): PieceBuffer;
  give(buffer: PieceBuffer): void;
  /** Held by pieces now. */
  usedBytes(): number;
  readonly limitBytes: number;
};

/** What lies ready for the next piece of the same length; the rest is the collector's. */
const MAX_SPARE_BYTES = 32 * 1024 * 1024;

/** `onGone`: a buffer that will not be used again, for those who keep it by its number. */
export function createPieceMemory(limitBytes: number, onGone: (id: number) => void): PieceMemory {
  const spare = new Map<number, PieceBuffer[]>();
  let [used, spareBytes, lastId] = [0, 0, 0];
  return {
    limitBytes,
    usedBytes: () => used,
    take(length) {
      used += length;
      const ready = spare.get(length)?.pop();
      if (ready !== undefined) {
        spareBytes -= length;
        return ready;
      }
      lastId += 1;
      return { id: lastId, bytes: Buffer.from(new SharedArrayBuffer(length)) };
    },
    give(buffer) {
      const { length } = buffer.bytes;
      used -= length;
      if (spareBytes + length > MAX_SPARE_BYTES) return onGone(buffer.id);
      const list = spare.get(length) ?? [];
      spare.set(length, list);
      list.push(buffer);
      spareBytes += length;
    },
  };
}
