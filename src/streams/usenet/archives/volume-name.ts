export type SetKind = 'rar' | '7z' | 'zip' | 'split';

/** What a file name says of its place in an archive. `number` from 0 on; -1: a `.000` before the `.001`. */
export type VolumeName = { kind: SetKind; base: string; number: number };

type Rule = { pattern: RegExp; kind: SetKind; number: (found: RegExpExecArray) => number };

const counted = (found: RegExpExecArray) => Number(found[2]) - 1;
const first = () => 0;

const RULES: readonly Rule[] = [
  // "part1", "part01" and "part001" all occur, also with and without zeros in one set.
  { pattern: /^(.+\.part)(\d{1,5})\.rar$/i, kind: 'rar', number: counted },
  { pattern: /^(.+)\.rar$/i, kind: 'rar', number: first },
  // .rar, .r00 … .r99, .s00 …; z is left to zip.
  { pattern: /^(.+)\.([r-y]\d{2,3})$/i, kind: 'rar', number: oldNumber },
  { pattern: /^(.+\.7z)\.(\d{3,5})$/i, kind: '7z', number: counted },
  { pattern: /^(.+\.zip)\.(\d{3,5})$/i, kind: 'zip', number: counted },
  { pattern: /^(.+)\.7z$/i, kind: '7z', number: first },
  { pattern: /^(.+)\.zip$/i, kind: 'zip', number: first },
  { pattern: /^(.+)\.(\d{3,5})$/i, kind: 'split', number: counted },
];

/** Null: by its name it belongs to no archive. A year at the end looks like a part: only a set that begins at 000 or 001 is one. */
export function volumeNameOf(name: string): VolumeName | null {
  for (const { pattern, kind, number } of RULES) {
    const found = pattern.exec(name);
    if (found) return { kind, base: found[1] ?? '', number: number(found) };
  }
  return null;
}

function oldNumber(found: RegExpExecArray): number {
  const ending = (found[2] ?? 'r00').toLowerCase();
  return (ending.charCodeAt(0) - 'r'.charCodeAt(0)) * 100 + Number(ending.slice(1)) + 1;
}

/**
 * The order of volumes by their names, as indexes: null where they do not tell one, or are of several archives. `missing`: numbers from
 * 1 on that are lacking in between.
 */
export function orderByName(names: readonly string[]): { order: number[]; missing: number[] } | null {
  const found = names.map(volumeNameOf);
  const base = found[0]?.base.toLowerCase();
  const numbers = new Map<number, number>();
  for (const [index, name] of found.entries()) {
    if (!name || name.base.toLowerCase() !== base || numbers.has(name.number)) return null;
    numbers.set(name.number, index);
  }
  const sorted = [...numbers].sort(([one], [other]) => one - other);
  return { order: sorted.map(([, index]) => index), missing: missingOf([...numbers.keys()]) };
}

/** More are not told apart. */
const MOST_VOLUMES = 10_000;

/** Numbers lacking between the first and the last there is, from 1 on as people count. */
export function missingOf(numbers: readonly number[]): number[] {
  const [there, last] = [new Set(numbers), Math.min(MOST_VOLUMES, Math.max(...numbers))];
  const from = there.has(-1) ? -1 : 0;
  const missing: number[] = [];
  for (let number = from; number < last; number += 1) if (!there.has(number)) missing.push(number - from + 1);
  return missing;
}
