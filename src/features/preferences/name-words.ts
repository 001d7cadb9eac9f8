import { LRUCache } from 'lru-cache';
import { compilePattern } from '../../kit/linear-pattern.ts';
import { namesOf, type StreamFacts } from './stream-facts.ts';

type Named = Pick<StreamFacts, 'name' | 'fileName'>;
/** Which of some words or patterns a name holds. */
export type NameWords = { has(facts: Named, word: string): boolean };

/** The same words in another spelling: `WEB-DL`, `web.dl`, `Web DL`. */
function spaced(text: string): string {
  return ` ${text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `;
}

/** Whole words, so that `cam` does not find `Camera`. A word of nothing but signs is looked for as it is. */
export function keywordsOf(words: readonly string[]): NameWords {
  const sought = new Map(words.map((word) => [word, spaced(word)]));
  return {
    has(facts, word) {
      const plain = sought.get(word) ?? spaced(word);
      const names = namesOf(facts);
      return plain === '  ' ? names.includes(word) : spaced(names).includes(plain);
    },
  };
}

const MAX_NAMES = 2000;

/** Regular expressions. A name costs up to a millisecond, so what was found is kept for the next answer. */
export function patternsOf(sources: readonly string[]): NameWords {
  const patterns = sources.map((source) => ({ source, pattern: compilePattern(source) }));
  const found = new LRUCache<string, ReadonlySet<string>>({ max: MAX_NAMES });
  return {
    has(facts, source) {
      const names = namesOf(facts);
      const known =
        found.get(names) ??
        new Set(patterns.flatMap((each) => (each.pattern.find(names) ? each.source : [])));
      found.set(names, known);
      return known.has(source);
    },
  };
}
