import type { LikeWords, TypedWord } from './queries/typed.ts';

/** Letters of scripts written without blanks; `search_words` (migration 0022) makes pairs of them. */
const PAIR =
  /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]{2}$/u;
/** Pairs of one run that are looked at: the query grows by their square. */
const MAX_PAIRS = 10;

/**
 * What is looked for, as a tsquery, when the words as typed find too little: known words like the typed ones, short words as
 * they are, the last one still as a beginning. A long word unlike all is left out; null when nothing would be forgiven.
 */
export function similarWords(words: readonly TypedWord[]): LikeWords | null {
  const parts: string[] = [];
  let isForgiving = false;
  let isEndShort = false;
  for (let index = 0; index < words.length; ) {
    const run = pairsFrom(words, index);
    const word = words[index];
    if (word === undefined) break;
    const part = run.length > 0 ? anyLetterWrong(run) : wordLike(word, index === words.length - 1);
    if (part !== null) parts.push(`(${part})`);
    isEndShort = run.length === 0 && [...word.word].length <= 3;
    isForgiving ||= part !== null && (run.length > 1 || word.near !== null);
    index += Math.max(1, run.length);
  }
  if (!isForgiving) return null;
  return allOf(parts, isEndShort);
}

function allOf(parts: readonly string[], isEndShort: boolean): LikeWords | null {
  const ending = parts.at(-1);
  if (ending === undefined) return null;
  return { head: parts.length === 1 ? null : parts.slice(0, -1).join(' & '), ending, isEndShort };
}

/**
 * The same without the words of one to three letters, which are forgiven no slip of their own (`th godfather`); null where no such word stands beside a
 * longer one. Names that are not much like what was typed are left out, so that the others have to match well.
 */
export function withoutShortWords(words: readonly TypedWord[]): LikeWords | null {
  const long = words.filter(({ word }) => PAIR.test(word) || [...word].length > 3);
  if (long.length === words.length || long.some(({ word }) => PAIR.test(word))) return null;
  const like = allOf(
    long.flatMap(({ near }) => (near === null ? [] : [`(${near})`])),
    false,
  );
  return like === null ? null : { ...like, leastLike: 0.4 };
}

function pairsFrom(words: readonly TypedWord[], from: number): string[] {
  const end = words.findIndex(({ word }, index) => index >= from && !PAIR.test(word));
  return words.slice(from, end === -1 ? undefined : end).map(({ quoted }) => quoted);
}

function wordLike({ word, quoted, near }: TypedWord, isLast: boolean): string | null {
  if ([...word].length <= 3) return isLast ? `${quoted}:*` : quoted;
  if (near === null) return null;
  return isLast ? `${near} | ${quoted}:*` : near;
}

/** A wrong letter spoils the pair before it and the one after: all the other pairs, for each letter. */
function anyLetterWrong(run: readonly string[]): string {
  const pairs = run.slice(0, MAX_PAIRS);
  const ways = Array.from({ length: pairs.length + 1 }, (_, letter) =>
    pairs.filter((_pair, index) => index !== letter && index !== letter - 1),
  ).filter((way) => way.length > 0);
  return ways.length === 0 ? pairs.join(' & ') : ways.map((way) => `(${way.join(' & ')})`).join(' | ');
}
