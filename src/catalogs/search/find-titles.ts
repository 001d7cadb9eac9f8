import type { Db } from '../../platform/db.ts';
import { type TitleSearch, titlesByName, titlesByPeople, titlesLike, typedWords } from './queries.ts';
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
  if (found.length < VERY_FEW) {
    const words = await typedWords(db, text);
    // Several words that stand in one title, or pairs of Chinese letters, are seldom there by a slip; a single word often is.
    const like = found.length === 0 || words.length === 1 ? similarWords(words) : null;
    if (like !== null) found.push(...(await titlesLike(db, asked, like)));
    const long = found.length === 0 ? withoutShortWords(words) : null;
    if (long !== null) found.push(...(await titlesLike(db, asked, long)));
  }
  return [...new Set(found)];
}

/** Letters and digits of any script, at most 12 words; null when nothing is left to look for. */
function searchWords(text: string): string | null {
  const words =
    text
      .slice(0, MAX_LENGTH)
      .normalize('NFC')
      .match(/[\p{L}\p{N}\p{M}]+/gu)
      ?.slice(0, MAX_WORDS) ?? [];
  return words.length === 0 ? null : words.join(' ');
}
