import { formatBytes } from '../../kit/bytes.ts';
import { CRITERIA, type Criterion } from './criteria.ts';
import { keywordsOf, type NameWords, patternsOf } from './name-words.ts';
import type { StreamPreferences } from './schema.ts';
import { resolutionOf, type StreamFacts } from './stream-facts.ts';
import { VOCABULARY } from './vocabulary.ts';

/** For what it is offered: sizes are other ones for a film than for an episode. */
export type Place = { isEpisode: boolean };

/** One preference that may hide a stream. */
export type HideRule = {
  /** `language.only`: the field of the preferences. */
  rule: string;
  /** Why this one is hidden; null: it is not. */
  hides(facts: StreamFacts, place: Place): string | null;
};

type Choice = NonNullable<StreamPreferences['codec'] | StreamPreferences['language']>;
type Text = readonly string[];

/** Every preference that hides, in the order of the page; the first that does names the reason. */
export function hideRulesOf(preferences: StreamPreferences): HideRule[] {
  const { keywords = {}, patterns = {} } = preferences;
  const allPatterns = [...(patterns.only ?? []), ...(patterns.exclude ?? [])];
  return [
    ...CRITERIA.flatMap((criterion) => choiceRules(criterion, preferences[criterion.name] ?? {})),
    ...resolutionRules(preferences.resolution ?? {}),
    ...nameRules('keywords', 'holds none of the words', 'holds the word', keywords, keywordsOf([])),
    ...(allPatterns.length === 0
      ? []
      : nameRules(
          'patterns',
          'fits none of the patterns',
          'fits the pattern',
          patterns,
          patternsOf(allPatterns),
        )),
    ...sizeRules(preferences.size ?? {}),
    ...bitrateRules(preferences.bitrate ?? {}),
    ...seederRules(preferences.seeders ?? {}),
  ];
}

function choiceRules(
  criterion: Criterion,
  { only = [], exclude = [], unknown = 'keep' }: Partial<Choice>,
): HideRule[] {
  const { name, words } = criterion;
  const rules: HideRule[] = [];
  if (only.length > 0)
    rules.push(
      rule(`${name}.only`, (facts) => notAmong(criterion, criterion.of(facts), sourced(name, only))),
    );
  if (exclude.length > 0)
    rules.push(
      rule(`${name}.exclude`, (facts) => excluded(criterion, criterion.of(facts), sourced(name, exclude))),
    );
  if (unknown === 'hide')
    rules.push(
      rule(`${name}.unknown`, (facts) =>
        criterion.of(facts).length === 0 ? `Its ${words} is not known, and such are hidden.` : null,
      ),
    );
  return rules;
}

/** Names of sources are found whatever their capitals. */
function sourced(name: Criterion['name'], words: Text): (word: string) => boolean {
  if (name !== 'source') return (word) => words.includes(word);
  const small = new Set(words.map((word) => word.toLowerCase()));
  return (word) => small.has(word.toLowerCase());
}

function notAmong(
  { name, words, say }: Criterion,
  found: Text,
  isWanted: (word: string) => boolean,
): string | null {
  if (found.length === 0 || found.some(isWanted)) return null;
  // A source's name is its owner's affair.
  const which = name === 'source' ? '' : ` (${found.map(say).join(', ')})`;
  return `Its ${words}${which} is not among those wanted.`;
}

function excluded(
  { words, say, excludedBy }: Criterion,
  found: Text,
  isOut: (word: string) => boolean,
): string | null {
  const out = found.filter(isOut);
  const isHidden = excludedBy === 'any' ? out.length > 0 : found.length > 0 && out.length === found.length;
  return isHidden ? `Its ${words} (${out.map(say).join(', ')}) is excluded.` : null;
}

function resolutionRules({ min, max }: NonNullable<StreamPreferences['resolution']>): HideRule[] {
  const order: readonly string[] = VOCABULARY.resolution;
  const placeOf = (word: string) => order.indexOf(word);
  const rules: HideRule[] = [];
  const compare = (limit: string, facts: StreamFacts) => {
    const found = placeOf(resolutionOf(facts) ?? '');
    return found === -1 ? 0 : placeOf(limit) - found;
  };
  if (max !== undefined)
    rules.push(
      rule('resolution.max', (facts) =>
        compare(max, facts) > 0
          ? `${resolutionOf(facts)} is sharper than ${max}, the most that is wanted.`
          : null,
      ),
    );
  if (min !== undefined)
    rules.push(
      rule('resolution.min', (facts) =>
        compare(min, facts) < 0
          ? `${resolutionOf(facts)} is less than ${min}, the least that is wanted.`
          : null,
      ),
    );
  return rules;
}

function nameRules(
  name: 'keywords' | 'patterns',
  none: string,
  holds: string,
  { only = [], exclude = [] }: { only?: Text | undefined; exclude?: Text | undefined },
  words: NameWords,
): HideRule[] {
  const rules: HideRule[] = [];
  if (only.length > 0)
    rules.push(
      rule(`${name}.only`, (facts) =>
        only.some((word) => words.has(facts, word)) ? null : `Its name ${none} that are wanted.`,
      ),
    );
  if (exclude.length > 0)
    rules.push(
      rule(`${name}.exclude`, (facts) => {
        const found = exclude.find((word) => words.has(facts, word));
        return found === undefined ? null : `Its name ${holds} “${found}”, which is excluded.`;
      }),
    );
  return rules;
}

type Limits = { min?: number | undefined; max?: number | undefined };

function sizeRules({ film = {}, episode = {}, unknown }: NonNullable<StreamPreferences['size']>): HideRule[] {
  const limitsOf = ({ isEpisode }: Place): Limits => (isEpisode ? episode : film);
  const isSet = [film, episode].some(({ min, max }) => min !== undefined || max !== undefined);
  return [
    ...(isSet
      ? [
          rule('size', ({ sizeBytes }, place) =>
            outside(sizeBytes, limitsOf(place), (bytes) => formatBytes(bytes), 'It'),
          ),
        ]
      : []),
    ...unknownRule('size.unknown', 'size', unknown, ({ sizeBytes }) => sizeBytes === null),
  ];
}

function bitrateRules({ min, max, unknown }: NonNullable<StreamPreferences['bitrate']>): HideRule[] {
  return [
    ...(min === undefined && max === undefined
      ? []
      : [
          rule('bitrate', ({ bitsPerSecond = null }) =>
            outside(bitsPerSecond, { min, max }, sayBitrate, 'Its bit rate'),
          ),
        ]),
    ...unknownRule(
      'bitrate.unknown',
      'bit rate',
      unknown,
      ({ bitsPerSecond = null }) => bitsPerSecond === null,
    ),
  ];
}

/** Only torrents have seeders. */
function seederRules({ min, unknown }: NonNullable<StreamPreferences['seeders']>): HideRule[] {
  const isTorrent = ({ kind }: StreamFacts) => kind === 'torrent';
  return [
    ...(min === undefined
      ? []
      : [
          rule('seeders.min', (facts) =>
            isTorrent(facts) && facts.seeders !== null && facts.seeders < min
              ? `It has ${facts.seeders} seeders, and at least ${min} are wanted.`
              : null,
          ),
        ]),
    ...unknownRule(
      'seeders.unknown',
      'number of seeders',
      unknown,
      (facts) => isTorrent(facts) && facts.seeders === null,
    ),
  ];
}

function unknownRule(
  name: string,
  words: string,
  unknown: 'keep' | 'hide' | undefined,
  isUnknown: (facts: StreamFacts) => boolean,
): HideRule[] {
  if (unknown !== 'hide') return [];
  return [
    rule(name, (facts) => (isUnknown(facts) ? `Its ${words} is not known, and such are hidden.` : null)),
  ];
}

/** A value that is not known is within. */
function outside(
  value: number | null,
  { min = 0, max = Number.POSITIVE_INFINITY }: Limits,
  say: (value: number) => string,
  what: string,
): string | null {
  if (value === null || (value >= min && value <= max)) return null;
  return value > max
    ? `${what} is ${say(value)}, more than the ${say(max)} wanted.`
    : `${what} is ${say(value)}, less than the ${say(min)} wanted.`;
}

/** `4.2 Mbit/s`. */
export function sayBitrate(bitsPerSecond: number): string {
  const mbit = bitsPerSecond / 1_000_000;
  return `${mbit < 10 ? Math.round(mbit * 10) / 10 : Math.round(mbit)} Mbit/s`;
}

function rule(name: string, hides: HideRule['hides']): HideRule {
  return { rule: name, hides };
}
