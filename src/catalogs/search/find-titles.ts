import type { Db } from '../../platform/db.ts';
import { titlesByPeople } from './queries/people.ts';
import { type TitleSearch, titlesByName, titlesLike, typedWords } from './queries/typed.ts';
import { similarWords, withoutShortWords } from './similar-words.ts';

/** Longest text searched for; more words than this in a title do not exist. */
const MAX_LENGTH = 120;
const MAX_WORDS = 12;
/** With fewer titles by name than these, people and keywords are asked too, and then words like the typed ones. */
const FEW = 20;
const VERY_FEW = 5;

/**
 * Ids of the titles (300 at most) somebody looks for, best first: by their names in any language, then by the people in them and
 * their keywords, then, where that is nothing (or less than five by a single word), by names like it, at last without the short words.
 */
export async function findTitles(db: Db, search: TitleSearch): Promise<readonly number[]> {
  const text = searchWords(search.text);
  if (text === null) return [];
  const asked = { ...search, text };
  const found = await titlesByName(db, asked);
  if (found.length < FEW) found.push(...(await titlesByPeople(db, asked)));
  if (isTooFew(text, found.length)) found.push(...(await titlesAlike(db, asked, found.length === 0)));
  return [...new Set(found)];
}

/** Several words that stand in one title are seldom there by a slip; a single word often is. */
export function isTooFew(text: string, found: number): boolean {
  return found === 0 || (!text.includes(' ') && found < VERY_FEW);
}

async function titlesAlike(db: Db, search: TitleSearch, isNothingFound: boolean): Promise<number[]> {
  const words = await typedWords(db, [search.text]);
  // Neither are pairs of Chinese letters there by a slip.
  const like = isNothingFound || words.length === 1 ? similarWords(words) : null;
  const found = like === null ? [] : await titlesLike(db, search, like);
  const long = isNothingFound && found.length === 0 ? withoutShortWords(words) : null;
  return long === null ? found : titlesLike(db, search, long);
}

/** Letters and digits of any script, at most 12 words; null when nothing is left to look for. */
export function searchWords(text: string): string | null {
  const words =
    text
      .slice(0, MAX_LENGTH)
      .normalize('NFC')
      .match(/[\p{L}\p{N}\p{M}]+/gu)
      ?.slice(0, MAX_WORDS) ?? [];
  return words.length === 0 ? null : words.join(' ');
}
