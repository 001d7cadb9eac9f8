/** How much of a file may be made of nothing, so that a player gets over what is gone (criterion 44). */
export type PaddingLimits = { maxInARow: number; maxTotal: number; maxShare: number };
export const PADDING_LIMITS: PaddingLimits = { maxInARow: 4, maxTotal: 64, maxShare: 0.02 };

/** Of one file that viewers see, over all readings of it. */
export type Padding = {
  readonly maxInARow: number;
  /** Whether these parts may be nothing; counted once, however often they are read. */
  allows(volume: number, first: number, parts: number, bytes: number): boolean;
  /** Parts and bytes that were made of nothing. */
  padded(): { parts: number; bytes: number };
};

export function createPadding(sizeBytes: number, limits: PaddingLimits = PADDING_LIMITS): Padding {
  const absent = new Map<number, Set<number>>();
  let [total, padded] = [0, 0];

  function runAround(known: ReadonlySet<number>, first: number, end: number): number {
    let [from, to] = [first, end];
    while (known.has(from - 1)) from -= 1;
    while (known.has(to)) to += 1;
    return to - from;
  }

  return {
    maxInARow: limits.maxInARow,
    padded: () => ({ parts: total, bytes: padded }),
    allows(volume, first, parts, bytes) {
      const known = absent.get(volume) ?? new Set();
      if (known.has(first)) return true;
      const isTooMuch = total + parts > limits.maxTotal || padded + bytes > sizeBytes * limits.maxShare;
      if (isTooMuch || runAround(known, first, first + parts) > limits.maxInARow) return false;
      for (let index = first; index < first + parts; index += 1) known.add(index);
      absent.set(volume, known);
      total += parts;
      padded += bytes;
      return true;
    },
  };
}
