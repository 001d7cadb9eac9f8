import type { Layout } from './layout.ts';
import type { Wanted } from './picker.ts';
import type { Span } from './tail.ts';

/** Somebody who reads a range, byte by byte; `at` is the next one. */
export type Reader = {
  at: number;
  readonly end: number;
  /** What will be asked for next by who began at the head of a film. */
  tail: Span | null;
  /** Since when it waits for a piece; null: it has what it takes. */
  waitingSince: number | null;
  /** When it last took a piece. */
  movedAt: number;
};
/** One in the middle of it: of which file, and how its waiting is ended. */
export type Active = Reader & { readonly stop: AbortController; readonly file: Span };

/** Criterion 26: what two seconds bring, but never less than 8 nor more than 64 MiB ahead. */
const [MIN_WINDOW_BYTES, MAX_WINDOW_BYTES] = [8 * 1024 * 1024, 64 * 1024 * 1024];
const WINDOW_S = 2;
const MIN_WINDOW_PIECES = 2;
/** The tail comes behind so much of the head: what a player reads before it knows where to look. */
const TAIL_DISTANCE = 2 * 1024 * 1024;

/** Kept at both ends of a file that somebody reads, on a disk that may hold `limitBytes`: a small one is for what is played. */
export function edgeBytes(limitBytes: number): number {
  const share = limitBytes / EDGE_SHARE;
  return share < MIN_EDGE_BYTES ? 0 : Math.min(MAX_EDGE_BYTES, share);
}
const [MIN_EDGE_BYTES, MAX_EDGE_BYTES, EDGE_SHARE] = [1024 * 1024, 8 * 1024 * 1024, 64];

/** How far ahead of each of `count` readers pieces are fetched, in bytes. */
export function windowBytes(rate: number, count: number, { pieceLength }: Layout, mostBytes: number): number {
  const wished = Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, rate * WINDOW_S));
  const share = Math.min(wished, mostBytes) / Math.max(1, count);
  return Math.max(share, MIN_WINDOW_PIECES * pieceLength);
}

/** Who has not taken anything for `idleMs`, although it is here: a paused player keeps one piece (criterion 29). */
export function isIdle({ waitingSince, movedAt }: Reader, now: number, idleMs: number): boolean {
  return waitingSince === null && now - movedAt > idleMs;
}

/** A reader can do nothing without it. */
export function isUnderHead(readers: Iterable<Reader>, { pieceLength }: Layout, index: number): boolean {
  for (const { at } of readers) if (Math.floor(at / pieceLength) === index) return true;
  return false;
}

/** A reader has yet to come by, be it in an hour; or it is the head or the tail of its file, to which players come back (criterion 27). */
export function isAhead(
  readers: Iterable<Active>,
  { pieceLength }: Layout,
  index: number,
  edge: number,
): boolean {
  const [from, to] = [index * pieceLength, (index + 1) * pieceLength];
  for (const { at, end, file } of readers) {
    if (to > at && from < end) return true;
    const isHead = to > file.from && from < file.from + edge;
    const isTail = from < file.to && to > file.to - edge;
    if (isHead || isTail) return true;
  }
  return false;
}

/** The pieces that readers wait for and nobody holds, nearest first; of several readers the nearest counts. */
export function orderOf(
  readers: Iterable<Reader>,
  { pieceLength }: Layout,
  windowOf: (reader: Reader) => number,
  isHeld: (index: number, distance: number) => boolean,
): Wanted[] {
  const nearest = new Map<number, number>();
  const want = (from: number, to: number, distanceOf: (index: number) => number) => {
    for (let index = Math.floor(from / pieceLength); index * pieceLength < to; index += 1) {
      const distance = Math.max(0, distanceOf(index));
      if (isHeld(index, distance)) continue;
      if (distance < (nearest.get(index) ?? Number.POSITIVE_INFINITY)) nearest.set(index, distance);
    }
  };
  for (const reader of readers) {
    const { at, end, tail } = reader;
    // What the tail takes is taken from the window: a viewer who pauses costs no more for it.
    const ahead = windowOf(reader) - (tail === null ? 0 : tail.to - tail.from);
    want(at, Math.min(end, at + Math.max(ahead, pieceLength)), (index) => index * pieceLength - at);
    if (tail !== null) want(tail.from, tail.to, () => TAIL_DISTANCE);
  }
  return [...nearest]
    .map(([index, distance]) => ({ index, distance }))
    .sort((one, other) => one.distance - other.distance);
}
