import { languageOf } from '../../kit/language.ts';
import { hdrRank, soundRank, sourceRank, speakersIn } from '../../kit/quality-rank.ts';
import { hdrOf, resolutionOf, type StreamFacts } from './stream-facts.ts';
import { VOCABULARY } from './vocabulary.ts';

/** One thing of a stream that is a word of a list, or some of them. */
export type Criterion = {
  name:
    | 'resolution'
    | 'quality'
    | 'codec'
    | 'hdr'
    | 'picture'
    | 'audio'
    | 'channels'
    | 'language'
    | 'subtitles'
    | 'kind'
    | 'source';
  /** In a sentence: "its codec". */
  words: string;
  /** None: not known. */
  of(facts: StreamFacts): readonly string[];
  /** `any`: one excluded word hides it; `all`: only where it has no other. */
  excludedBy: 'any' | 'all';
  /** Its order where no word is preferred: more is better; null: not known, or no word is better than another. */
  rank(facts: StreamFacts): number | null;
  /** A word as people say it. */
  say(word: string): string;
};

const one = (value: string | null) => (value === null ? [] : [value]);
const same = (word: string) => word;
const known = (rank: number) => (rank === 0 ? null : rank);
const languageName = (code: string) => languageOf(code)?.name ?? code;

/** Place in a list that begins with the best, from below. */
function placeIn(words: readonly string[], word: string | null): number | null {
  const place = word === null ? -1 : words.indexOf(word);
  return place === -1 ? null : words.length - place;
}

/** In this order preferences count where no order is told. */
export const CRITERIA: readonly Criterion[] = [
  {
    ...{ name: 'language', words: 'language', excludedBy: 'all', say: languageName },
    of: ({ languages }) => languages,
    rank: () => null,
  },
  {
    ...{ name: 'subtitles', words: 'subtitles', excludedBy: 'all', say: languageName },
    of: ({ subtitleLanguages }) => subtitleLanguages,
    rank: () => null,
  },
  {
    ...{ name: 'resolution', words: 'resolution', excludedBy: 'any', say: same },
    of: (facts) => one(resolutionOf(facts)),
    rank: (facts) => placeIn(VOCABULARY.resolution, resolutionOf(facts)),
  },
  {
    ...{ name: 'quality', words: 'quality', excludedBy: 'any', say: same },
    of: ({ quality }) => one(quality),
    rank: ({ quality }) => sourceRank(quality),
  },
  {
    ...{ name: 'hdr', words: 'HDR', excludedBy: 'any', say: same },
    of: hdrOf,
    rank: ({ hdrFormats }) => known(hdrRank(hdrFormats)),
  },
  {
    ...{ name: 'codec', words: 'codec', excludedBy: 'any', say: same },
    of: ({ codec }) => one(codec),
    rank: ({ codec }) => placeIn(VOCABULARY.codec, codec),
  },
  {
    ...{ name: 'picture', words: 'picture', excludedBy: 'any', say: same },
    of: ({ visualTags }) => visualTags,
    rank: () => null,
  },
  {
    ...{ name: 'audio', words: 'sound', excludedBy: 'any', say: same },
    of: ({ audio }) => audio,
    rank: ({ audio }) => known(soundRank(audio)),
  },
  {
    ...{ name: 'channels', words: 'channels', excludedBy: 'any', say: same },
    of: ({ channels }) => channels,
    rank: ({ channels }) => known(speakersIn(channels)),
  },
  {
    ...{ name: 'kind', words: 'kind', excludedBy: 'any', say: same },
    of: ({ kind }) => [kind],
    rank: ({ kind }) => placeIn(VOCABULARY.kind, kind),
  },
  {
    ...{ name: 'source', words: 'source', excludedBy: 'any', say: same },
    of: ({ source = null }) => one(source),
    rank: () => null,
  },
];
