import type { Choice, StreamPreferences } from './preference-api.ts';

/** The few choices most people have. */
export type SimplePreferences = {
  /** Code of the only language wanted; empty: any. */
  language: string;
  isLanguageKnown: boolean;
  /** `1080p`; empty: any. */
  maxResolution: string;
  maxFilmGb: number | null;
  hidesHevc: boolean;
  hidesHdr: boolean;
  hidesFilmed: boolean;
  savesData: boolean;
};

const GB = 1_000_000_000;
const HDR = ['DV', 'HDR10+', 'HDR10', 'HDR', 'HLG'];
const FILMED = ['CAM', 'TS', 'TC', 'SCR', 'R5', 'WORKPRINT'];
/** 4 Mbit/s are 1.8 GB an hour, which 720p needs no more than. */
const SAVING_BITS_PER_SECOND = 4_000_000;
/** An episode is about as long as this share of a film. */
const EPISODE_SHARE = 0.4;

export function simpleOf(preferences: StreamPreferences): SimplePreferences {
  const { language, resolution, size, codec, hdr, quality, bitrate } = preferences;
  return {
    language: language?.only?.[0] ?? '',
    isLanguageKnown: language?.unknown === 'hide',
    maxResolution: resolution?.max ?? '',
    maxFilmGb: size?.film?.max === undefined ? null : size.film.max / GB,
    hidesHevc: holdsAll(codec, ['HEVC']),
    hidesHdr: holdsAll(hdr, HDR),
    hidesFilmed: holdsAll(quality, FILMED),
    savesData: bitrate?.max !== undefined && bitrate.max <= SAVING_BITS_PER_SECOND,
  };
}

/** Puts some of the simple choices into preferences; whatever else they hold stays. */
export function withSimple(
  preferences: StreamPreferences,
  change: Partial<SimplePreferences>,
): StreamPreferences {
  const simple = { ...simpleOf(preferences), ...change };
  const parts = Object.keys(change).map((field) =>
    WRITERS[field as keyof SimplePreferences](preferences, simple),
  );
  return tidy(Object.assign({}, preferences, ...parts));
}

type Writer = (preferences: StreamPreferences, simple: SimplePreferences) => StreamPreferences;

const WRITERS: Record<keyof SimplePreferences, Writer> = {
  language: (preferences, simple) => ({ language: languageOf(preferences, simple) }),
  isLanguageKnown: (preferences, simple) => ({ language: languageOf(preferences, simple) }),
  maxResolution({ resolution }, { maxResolution }) {
    const { max: _max, ...rest } = resolution ?? {};
    return { resolution: maxResolution === '' ? rest : { ...rest, max: maxResolution } };
  },
  maxFilmGb: (preferences, { maxFilmGb }) => ({ size: sizeOf(preferences, maxFilmGb) }),
  hidesHevc: ({ codec }, { hidesHevc }) => ({ codec: excluding(codec, ['HEVC'], hidesHevc) }),
  hidesHdr: ({ hdr }, { hidesHdr }) => ({ hdr: excluding(hdr, HDR, hidesHdr) }),
  hidesFilmed: ({ quality }, { hidesFilmed }) => ({ quality: excluding(quality, FILMED, hidesFilmed) }),
  savesData: (preferences, { savesData }) => saving(preferences, savesData),
};

function languageOf({ language = {} }: StreamPreferences, simple: SimplePreferences): Choice {
  const { only: _only, unknown: _unknown, ...rest } = language;
  if (simple.language === '') return rest;
  // What is wanted cannot be excluded too.
  const exclude = (rest.exclude ?? []).filter((code) => code !== simple.language);
  const known = simple.isLanguageKnown ? { unknown: 'hide' as const } : {};
  return { ...rest, exclude, only: [simple.language], ...known };
}

function sizeOf({ size = {} }: StreamPreferences, gb: number | null): StreamPreferences['size'] {
  const { max: _film, ...film } = size.film ?? {};
  const { max: _episode, ...episode } = size.episode ?? {};
  if (gb === null) return { ...size, film, episode };
  const max = Math.round(gb * GB);
  return { ...size, film: { ...film, max }, episode: { ...episode, max: Math.round(max * EPISODE_SHARE) } };
}

/** Data saver: a low bit rate, and the smallest first. */
function saving({ bitrate, sort = [] }: StreamPreferences, isOn: boolean): StreamPreferences {
  const { max: _max, ...rest } = bitrate ?? {};
  const others = sort.filter(({ key }) => key !== 'size');
  if (!isOn) return { bitrate: rest, sort: others };
  return {
    bitrate: { ...rest, max: SAVING_BITS_PER_SECOND },
    sort: [{ key: 'size', direction: 'ascending' }, ...others],
  };
}

function holdsAll(choice: Choice | undefined, words: readonly string[]): boolean {
  return words.every((word) => choice?.exclude?.includes(word));
}

function excluding(choice: Choice | undefined, words: readonly string[], isOn: boolean): Choice {
  const not = (list: readonly string[] | undefined) => (list ?? []).filter((word) => !words.includes(word));
  const exclude = isOn ? [...not(choice?.exclude), ...words] : not(choice?.exclude);
  // What is excluded cannot be wanted too.
  const wanted = isOn ? { only: not(choice?.only), prefer: not(choice?.prefer) } : {};
  return { ...choice, ...wanted, exclude };
}

/** Without empty lists and parts, so that no preferences are `{}`. */
export function tidy(preferences: StreamPreferences): StreamPreferences {
  return (withoutEmpty(preferences) ?? {}) as StreamPreferences;
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (typeof value !== 'object' || value === null) return value === '' ? undefined : value;
  const kept = Object.entries(value)
    .map(([key, part]) => [key, withoutEmpty(part)] as const)
    .filter(([, part]) => part !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
