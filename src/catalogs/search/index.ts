import { type Catalog, MEDIA_KINDS } from '../catalog.ts';
import { searchPage, similarPage } from '../queries.ts';

/** Longest text searched for; more words than this in a title do not exist. */
const MAX_LENGTH = 120;
const MAX_WORDS = 12;

/** What the viewer typed: full text as one types first, look-alike titles when that finds nothing. */
export const search: Catalog = {
  id: 'search',
  name: 'Search',
  kinds: MEDIA_KINDS,
  extras: ['search'],
  isSearchOnly: true,
  async page(db, query) {
    const words = searchWords(query.search ?? '');
    if (words === null) return [];
    const found = await searchPage(db, query, words);
    return found.length > 0 || query.skip > 0 ? found : similarPage(db, query, words.text);
  },
};

/** Letters and digits of any script, at most 12 words; null when nothing is left to look for. */
export function searchWords(text: string): { text: string } | null {
  const words =
    text
      .slice(0, MAX_LENGTH)
      .normalize('NFC')
      .match(/[\p{L}\p{N}\p{M}]+/gu)
      ?.slice(0, MAX_WORDS) ?? [];
  return words.length === 0 ? null : { text: words.join(' ') };
}
