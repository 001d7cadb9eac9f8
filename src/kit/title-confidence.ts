/** Nothing is called longer; the comparison takes time by the square of it. */
const MAX_CHARS = 200;
/** Below this a person looks at it (C4). */
export const SURE = 0.8;
/** The most a title of another year gets: remakes have the same name. */
const OTHER_YEAR = 0.79;

/**
 * How alike two names are, 0 to 1, case and outer blanks forgiven: 2·sim/(len1+len2), where sim is the longest text both have and the same again left
 * and right of it (PHP's similar_text, as Flixarion has it). "The Matrx" and "The Matrix" are 0.947.
 */
export function likeness(one: string, other: string): number {
  const [a, b] = [plain(one), plain(other)];
  const length = a.length + b.length;
  return length === 0 ? 0 : (2 * shared(a, b)) / length;
}

type Named = { title: string; year?: number | undefined };

/** How sure it is that a found title, by any of its names, is the wanted one. A year two or more away keeps it below `SURE`. */
export function titleConfidence(wanted: Named, found: Named & { names?: readonly string[] }): number {
  const names = [found.title, ...(found.names ?? [])];
  const best = Math.max(...names.map((name) => likeness(wanted.title, name)));
  const isOtherYear =
    wanted.year !== undefined && found.year !== undefined && Math.abs(wanted.year - found.year) > 1;
  return isOtherYear ? Math.min(best, OTHER_YEAR) : best;
}

function plain(name: string): string[] {
  return [...name.normalize('NFC').trim().toLowerCase()].slice(0, MAX_CHARS);
}

function shared(a: readonly string[], b: readonly string[]): number {
  const { length, inA, inB } = longestShared(a, b);
  if (length === 0) return 0;
  return (
    length + shared(a.slice(0, inA), b.slice(0, inB)) + shared(a.slice(inA + length), b.slice(inB + length))
  );
}

/** By a row of lengths of the common text that ends at each place; the first of several. */
function longestShared(
  a: readonly string[],
  b: readonly string[],
): { length: number; inA: number; inB: number } {
  let best = { length: 0, inA: 0, inB: 0 };
  let above = new Uint16Array(b.length + 1);
  for (const [i, char] of a.entries()) {
    const row = new Uint16Array(b.length + 1);
    for (const [j, other] of b.entries()) {
      if (char !== other) continue;
      const length = (above[j] ?? 0) + 1;
      row[j + 1] = length;
      if (length > best.length) best = { length, inA: i - length + 1, inB: j - length + 1 };
    }
    above = row;
  }
  return best;
}
