import { createHash } from 'node:crypto';
import type { ListedEntry } from './lister.ts';

const MAX_DEPTH = 64;
export const MAX_PATH_BYTES = 4096;
/** Somebody's `1/1` is a folder; a third turn of the same names in a row is a link to a folder above. */
const TURNS = 3;

/** A folder on a walk, and the folders above it as far as this walk came through them. */
export type WalkedPlace = {
  path: string;
  above: WalkedPlace | null;
  /** As ListedEntry says it. */
  identity: string | null;
  /** What it began with when it was listed; null: not listed yet, or empty. */
  look: FolderLook | null;
};
export type FolderLook = { mark: string; isTelling: boolean };

/** Whether a path of ListedEntry segments may be walked: not too deep, not too long, no names that repeat as a link to above makes them. */
export function isWalkablePath(path: string): boolean {
  if (path.length > MAX_PATH_BYTES) return false;
  const segments = path.split('/');
  return segments.length <= MAX_DEPTH && !repeats(segments);
}

function repeats(segments: readonly string[]): boolean {
  for (let period = 1; period * TURNS <= segments.length; period += 1) {
    const tail = segments.slice(-period * TURNS);
    if (tail.every((segment, index) => index < period || segment === tail[index - period])) return true;
  }
  return false;
}

/** Whether a folder is one of those it lies in, by what the lister knows it by. */
export function isOneOfAbove(identity: string | undefined, place: WalkedPlace): boolean {
  if (identity === undefined) return false;
  for (let at: WalkedPlace | null = place; at !== null; at = at.above)
    if (at.identity === identity) return true;
  return false;
}

/** How a folder looks by its first entries, in whatever order; sizes and dates make it telling. */
export function lookOf(entries: readonly ListedEntry[]): FolderLook | null {
  if (entries.length === 0) return null;
  const lines = entries.map(
    ({ kind, segment, sizeBytes, modifiedAt }) => `${kind} ${segment} ${sizeBytes} ${modifiedAt?.getTime()}`,
  );
  const mark = createHash('sha1').update(lines.sort().join('\n')).digest('base64');
  return { mark, isTelling: entries.some((entry) => entry.sizeBytes !== null || entry.modifiedAt !== null) };
}

/**
 * Whether a folder holds the very same as one it lies in, so that it is that one, by a link: names, sizes and dates. Where neither
 * is told, names alone (`x/x/x`) must be the same three times.
 */
export function looksLikeAbove(look: FolderLook | null, place: WalkedPlace): boolean {
  if (look === null) return false;
  let same = 0;
  for (let at = place.above; at !== null; at = at.above) if (at.look?.mark === look.mark) same += 1;
  return same >= (look.isTelling ? 1 : TURNS - 1);
}
