import { formatBytes } from '../../kit/bytes.ts';
import { CRITERIA, type Criterion } from './criteria.ts';
import { sayBitrate } from './hide-rules.ts';
import { keywordsOf, type NameWords, patternsOf } from './name-words.ts';
import type { StreamPreferences } from './schema.ts';
import type { StreamFacts } from './stream-facts.ts';
import type { SortKeyName } from './vocabulary.ts';

/** One thing streams are ordered by; `descending`: what has more of it comes first. Not known comes last in both. */
export type OrderKey = {
  key: SortKeyName;
  direction: 'ascending' | 'descending';
  of(facts: StreamFacts): number | null;
  /** What it holds, as people say it; null: not known. */
  say(facts: StreamFacts): string | null;
  /** Which preferred word it has; null: none. */
  preferred(facts: StreamFacts): string | null;
};

type Measure = Omit<OrderKey, 'key' | 'direction'>;

/**
 * By what streams are ordered: first by what is preferred and not named in `sort`, then by `sort`. Empty: as everyone sees them.
 */
export function orderKeysOf(preferences: StreamPreferences): OrderKey[] {
  const { sort = [] } = preferences;
  const named = new Set(sort.map(({ key }) => key));
  const isPreferred = (key: PreferredKey) => (preferences[key]?.prefer ?? []).length > 0;
  return [
    ...PREFERRED_KEYS.filter((key) => isPreferred(key) && !named.has(key)).map((key) => ({
      ...{ key, direction: 'descending' as const },
      ...measureOf(key, preferences),
    })),
    ...sort.map(({ key, direction = 'descending' }) => ({ key, direction, ...measureOf(key, preferences) })),
  ];
}

type PreferredKey = Criterion['name'] | 'keywords' | 'patterns';
const PREFERRED_KEYS: readonly PreferredKey[] = [...CRITERIA.map(({ name }) => name), 'keywords', 'patterns'];

function measureOf(key: SortKeyName, preferences: StreamPreferences): Measure {
  if (key === 'keywords') return byName(preferences.keywords?.prefer ?? [], keywordsOf);
  if (key === 'patterns') return byName(preferences.patterns?.prefer ?? [], patternsOf);
  const criterion = CRITERIA.find(({ name }) => name === key);
  if (criterion !== undefined) return byCriterion(criterion, preferences[criterion.name]?.prefer ?? []);
  return NUMBERS[key] ?? NOTHING;
}

const NOTHING: Measure = { of: () => null, say: () => null, preferred: () => null };

function byCriterion(criterion: Criterion, prefer: readonly string[]): Measure {
  const words = (facts: StreamFacts) => criterion.of(facts);
  const say = (facts: StreamFacts) => words(facts).map(criterion.say).join(', ') || null;
  if (prefer.length === 0) return { of: criterion.rank, say, preferred: () => null };
  const small = prefer.map((word) => word.toLowerCase());
  const best = (facts: StreamFacts) => {
    const places = words(facts).map((word) => small.indexOf(word.toLowerCase()));
    return Math.min(...places.filter((place) => place !== -1), Number.POSITIVE_INFINITY);
  };
  return {
    // What is known and not preferred stands before what is not known.
    of: (facts) => (words(facts).length === 0 ? null : Math.max(0, prefer.length - best(facts))),
    say,
    preferred(facts) {
      const word = prefer[best(facts)];
      return word === undefined ? null : criterion.say(word);
    },
  };
}

function byName(prefer: readonly string[], wordsOf: (words: readonly string[]) => NameWords): Measure {
  const words = wordsOf(prefer);
  const best = (facts: StreamFacts) => prefer.findIndex((word) => words.has(facts, word));
  return {
    of(facts) {
      const place = best(facts);
      return place === -1 ? 0 : prefer.length - place;
    },
    say: (facts) => prefer[best(facts)] ?? 'none',
    preferred: (facts) => prefer[best(facts)] ?? null,
  };
}

const DAY_MS = 86_400_000;

function byNumber(of: (facts: StreamFacts) => number | null, say: (value: number) => string): Measure {
  return {
    of,
    say(facts) {
      const value = of(facts);
      return value === null ? null : say(value);
    },
    preferred: () => null,
  };
}

const NUMBERS: Readonly<Partial<Record<SortKeyName, Measure>>> = {
  size: byNumber(({ sizeBytes }) => sizeBytes, formatBytes),
  bitrate: byNumber(({ bitsPerSecond = null }) => bitsPerSecond, sayBitrate),
  seeders: byNumber(({ seeders }) => seeders, String),
  // Whole days, so that the order stays while people look. The newest is the most.
  age: byNumber(
    ({ post }) => (post?.postedAt == null ? null : Math.floor(post.postedAt / DAY_MS)),
    (day) => new Date(day * DAY_MS).toISOString().slice(0, 10),
  ),
  score: byNumber(({ score }) => score, String),
  verified: byNumber(
    ({ isVerified }) => Number(isVerified),
    (value) => (value === 1 ? 'yes' : 'no'),
  ),
};
