/** A copy of some bytes that lies outside of what V8 collects. */
export type KeptBytes = {
  /** Memory it takes. */
  readonly sizeBytes: number;
  /** A copy of its own, good also when this is freed. */
  read(): Buffer;
  /** Once: its memory is used for others. */
  free(): void;
};

export type KeptMemory = { keep(bytes: Uint8Array): KeptBytes };

const BLOCK_BYTES = 8 * 1024;
const SLAB_BYTES = 4 * 1024 * 1024;

/**
 * Memory for bytes that are kept a while, in blocks that are used again. Buffers of their own are freed by collections of the whole heap alone,
 * and V8 begins one for each 64 MiB of them: 650 cached pages of 100 kB. It grows to the most that was held at once and stays so large; who keeps
 * bounds how much that is.
 */
export function createKeptMemory(): KeptMemory {
  const slabs: Buffer[] = [];
  const free: number[] = [];
  const perSlab = SLAB_BYTES / BLOCK_BYTES;

  function block(): number {
    const known = free.pop();
    if (known !== undefined) return known;
    const first = slabs.length * perSlab;
    slabs.push(Buffer.allocUnsafeSlow(SLAB_BYTES));
    for (let index = perSlab - 1; index > 0; index -= 1) free.push(first + index);
    return first;
  }

  /** The slab a block lies in, and where. */
  function placeOf(index: number): { slab: Buffer; offset: number } {
    const slab = slabs[Math.floor(index / perSlab)];
    if (slab === undefined) throw new RangeError('no such block');
    return { slab, offset: (index % perSlab) * BLOCK_BYTES };
  }

  return {
    keep(bytes) {
      const { length } = bytes;
      const blocks = Array.from({ length: Math.ceil(length / BLOCK_BYTES) }, block);
      for (const [at, index] of blocks.entries()) {
        const { slab, offset } = placeOf(index);
        slab.set(bytes.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES), offset);
      }
      return {
        sizeBytes: blocks.length * BLOCK_BYTES,
        read() {
          if (blocks.length * BLOCK_BYTES < length) throw new Error('it was freed');
          const copy = Buffer.allocUnsafe(length);
          for (const [at, index] of blocks.entries()) {
            const { slab, offset } = placeOf(index);
            const from = at * BLOCK_BYTES;
            slab.copy(copy, from, offset, offset + Math.min(BLOCK_BYTES, length - from));
          }
          return copy;
        },
        free: () => void free.push(...blocks.splice(0)),
      };
    },
  };
}
