/** From here on a title is the one that a name means; below it a person looks (C4). */
export const SURE = 0.8;

/** What a release name tells of its title. */
export type ReadTitle = { kind: string; title: string; year?: number | null | undefined };

/** A title we have, or one that a provider answered. */
export type KnownTitle = {
  kind: string;
  /** Main, original, alternative, translated. */
  names: readonly string[];
  year: number | null;
  /** Whether it has the episode that the release names; null: there is none, or nothing is known of its season. */
  hasEpisode?: boolean | null;
};

/**
 * How surely a parsed title is one of `titles` (main, original, alternative), 0–1: similar text of the
 * lower-cased, trimmed names, the best of them. From 0.80 on a match needs no review.
 */
export function confidence(parsedTitle: string, titles: readonly string[]): number {
  const parsed = comparable(parsedTitle);
  return titles.map(comparable).reduce((best, title) => {
    const most = (2 * Math.min(parsed.length, title.length)) / (parsed.length + title.length || 1);
    return most > best ? Math.max(best, similarity(parsed, title)) : best;
  }, 0);
}

/**
 * How surely a release is of a title, 0–1: `confidence` over every name of it, lowered by what contradicts. Another kind is another
 * title. Names that differ in nothing but case, accents and punctuation are the same; any other needs a year that agrees ("Alien" and
 * "Aliens" are 0.91 alike), and the same numbers ("Part I" and "Part II" are a year apart).
 */
export function matchConfidence(read: ReadTitle, known: KnownTitle): number {
  if (read.kind !== known.kind) return 0;
  const own = bareTitle(read.title);
  const isSame = own !== '' && known.names.some((name) => bareTitle(name) === own);
  const alike = isSame ? 1 : unlikeNumbers(read.title, known.names) * confidence(read.title, known.names);
  const certain = alike * yearFactor(read, known, isSame) * (known.hasEpisode === false ? 0.95 : 1);
  return Math.round(certain * 10_000) / 10_000;
}

/** The most a found title of another year gets: remakes have the same name. */
const OTHER_YEAR = 0.79;

type Named = { title: string; year?: number | undefined };

/** How sure it is that what a provider found, by any of its names, is the wanted title. A year two or more away keeps it below `SURE`. */
export function titleConfidence(wanted: Named, found: Named & { names?: readonly string[] }): number {
  const best = confidence(wanted.title, [found.title, ...(found.names ?? [])]);
  const isOtherYear =
    wanted.year !== undefined && found.year !== undefined && Math.abs(wanted.year - found.year) > 1;
  return isOtherYear ? Math.min(best, OTHER_YEAR) : best;
}

/** Films are remade under one name, series seldom. */
const UNDATED: Readonly<Record<string, number>> = { movie: 0.95 };

/** Another year is another film; a series goes on for years, and its releases often name the year of the season. */
function yearFactor({ kind, year = null }: ReadTitle, known: KnownTitle, isSame: boolean): number {
  if (year === null || known.year === null) return isSame ? (UNDATED[kind] ?? 1) : 0.8;
  const apart = year - known.year;
  if (apart === 0) return 1;
  // Premiere and release are often a year apart.
  if (Math.abs(apart) === 1) return isSame ? 0.97 : 0.8;
  return kind === 'series' && apart > 0 && isSame ? 0.9 : 0.5;
}

/** 0.5 when none of the names has the same numbers as the one that was read. */
function unlikeNumbers(title: string, names: readonly string[]): number {
  const own = numbersIn(title);
  return names.some((name) => numbersIn(name) === own) ? 1 : 0.5;
}

const NUMBER_WORDS: ReadonlyMap<string, string> = new Map(
  ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'].flatMap(
    (word, index): [string, string][] => [[word, String(index + 1)]],
  ),
);
/** Not `i` and `x`, which are words too: "I, Robot", "Malcolm X"; a first part mostly has no number at all. */
const ROMANS: ReadonlyMap<string, string> = new Map(
  ['ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix'].map((roman, index) => [roman, String(index + 2)]),
);

/** `Rocky III`, `Rocky 3` and `Rocky Three` have one number; that of a first part does not count. */
function numbersIn(title: string): string {
  return wordsOf(title)
    .filter((word) => /^\d+$/.test(word) && word !== '1')
    .join(' ');
}

/** Letters and digits alone, numbers as digits: titles that have this in common differ in spelling only. "and" is often written "&" and left out. */
export function bareTitle(title: string): string {
  return wordsOf(title)
    .filter((word) => word !== 'and')
    .join('');
}

/** In lower case, without accents, numbers as digits. */
function wordsOf(title: string): string[] {
  const plain = title
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();
  return (plain.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).map((word) => {
    if (/^\d{1,9}$/.test(word)) return String(Number(word));
    return ROMANS.get(word) ?? NUMBER_WORDS.get(word) ?? word;
  });
}

/** Cut at 200 characters: the comparison is cubic at worst, titles are shorter. */
function comparable(title: string): string[] {
  return [...title.trim().toLowerCase()].slice(0, 200);
}

/** 2·sim / (len1 + len2), as PHP's similar_text percent ÷ 100. */
function similarity(a: readonly string[], b: readonly string[]): number {
  return a.length + b.length === 0 ? 0 : (2 * commonText(a, b)) / (a.length + b.length);
}

/** Length of the longest common substring plus the same left and right of it. */
function commonText(a: readonly string[], b: readonly string[]): number {
  const { length, inA, inB } = longestCommon(a, b);
  if (length === 0) return 0;
  const left = commonText(a.slice(0, inA), b.slice(0, inB));
  return length + left + commonText(a.slice(inA + length), b.slice(inB + length));
}

/** The first longest one; one row of the usual table, O(len1·len2). */
function longestCommon(a: readonly string[], b: readonly string[]) {
  const best = { length: 0, inA: 0, inB: 0 };
  let above = new Uint16Array(b.length + 1);
  for (let i = 1; i <= a.length; i += 1) {
    const row = new Uint16Array(b.length + 1);
    for (let j = 1; j <= b.length; j += 1) {
      if (a[i - 1] !== b[j - 1]) continue;
      const length = (above[j - 1] ?? 0) + 1;
      row[j] = length;
      if (length > best.length) Object.assign(best, { length, inA: i - length, inB: j - length });
    }
    above = row;
  }
  return best;
}
