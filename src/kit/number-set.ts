const CHUNK_BITS = 16;
const WORDS = 2 ** CHUNK_BITS / 32;

/** A set of whole numbers below 2^30, a bit each: fifty million of them one after the other take 6 MB, the worst ones 128 MB. */
export type NumberSet = {
  /** True when it was not in it before. */
  add(value: number): boolean;
  has(value: number): boolean;
  readonly size: number;
};

export const MAX_NUMBER = 2 ** 30 - 1;

export function createNumberSet(): NumberSet {
  const chunks: (Uint32Array | undefined)[] = [];
  let size = 0;
  return {
    add(value) {
      if (!Number.isInteger(value) || value < 0 || value > MAX_NUMBER)
        throw new RangeError('not a number below 2^30');
      const at = value >>> CHUNK_BITS;
      let chunk = chunks[at];
      if (chunk === undefined) {
        chunk = new Uint32Array(WORDS);
        chunks[at] = chunk;
      }
      const word = (value & (2 ** CHUNK_BITS - 1)) >>> 5;
      const bit = 1 << (value & 31);
      const before = chunk[word] ?? 0;
      if ((before & bit) !== 0) return false;
      chunk[word] = before | bit;
      size += 1;
      return true;
    },
    has(value) {
      const chunk = chunks[value >>> CHUNK_BITS];
      return (
        chunk !== undefined &&
        ((chunk[(value & (2 ** CHUNK_BITS - 1)) >>> 5] ?? 0) & (1 << (value & 31))) !== 0
      );
    },
    get size() {
      return size;
    },
  };
}
