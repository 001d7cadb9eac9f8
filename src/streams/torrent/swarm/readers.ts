import type { Layout } from './layout.ts';
import type { Wanted } from './picker.ts';

/** Somebody who reads a range, byte by byte; `at` is the next one. */
export type Reader = { at: number; readonly end: number };
/** One in the middle of it: since when it waits for a piece, and how its waiting is ended. */
export type Active = Reader & { waitingSince: number | null; stop: AbortController };

/** Criterion 26: what two seconds bring, but never less than 8 nor more than 64 MiB ahead. */
const [MIN_WINDOW_BYTES, MAX_WINDOW_BYTES] = [8 * 1024 * 1024, 64 * 1024 * 1024];
const WINDOW_S = 2;
const MIN_WINDOW_PIECES = 2;

/** How far ahead of each of `count` readers pieces are fetched, in bytes. */
export function windowBytes(rate: number, count: number, { pieceLength }: Layout, mostBytes: number): number {
  const wished = Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, rate * WINDOW_S));
  const share = Math.min(wished, mostBytes) / Math.max(1, count);
  return Math.max(share, MIN_WINDOW_PIECES * pieceLength);
}

/** A reader can do nothing without it. */
export function isUnderHead(readers: Iterable<Reader>, { pieceLength }: Layout, index: number): boolean {
  for (const { at } of readers) if (Math.floor(at / pieceLength) === index) return true;
  return false;
}

/** A reader has yet to come by, be it in an hour. */
export function isAhead(readers: Iterable<Reader>, { pieceLength }: Layout, index: number): boolean {
  for (const { at, end } of readers)
    if (index >= Math.floor(at / pieceLength) && index * pieceLength < end) return true;
  return false;
}

/** The pieces that readers wait for and nobody holds, nearest first; of several readers the nearest counts. */
export function orderOf(
  readers: Iterable<Reader>,
  layout: Layout,
  window: number,
  isHeld: (index: number) => boolean,
): Wanted[] {
  const nearest = new Map<number, number>();
  for (const { at, end } of readers) {
    const until = Math.min(end, at + window);
    for (let index = Math.floor(at / layout.pieceLength); index * layout.pieceLength < until; index += 1) {
      if (isHeld(index)) continue;
      const distance = Math.max(0, index * layout.pieceLength - at);
      if (distance < (nearest.get(index) ?? Number.POSITIVE_INFINITY)) nearest.set(index, distance);
    }
  }
  return [...nearest]
    .map(([index, distance]) => ({ index, distance }))
    .sort((one, other) => one.distance - other.distance);
}
