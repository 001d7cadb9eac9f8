/** Bytes as a server writes them, digits alone; null for what is no size, or beyond 2^53 − 1, which neither a number nor a disk holds. */
export function wholeSize(text: string): number | null {
  const size = /^\d{1,19}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : null;
}
