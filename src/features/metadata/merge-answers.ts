import type { ProvidedTitle } from '../../providers/provider.ts';
import { mergeSeasons, type SeasonParts } from './merge-seasons.ts';
import type { WatchOffer } from './queries/origins.ts';
import {
  ONE_VALUE_FIELDS,
  type OwnedFields,
  type SoundFields,
  soundFields,
  soundIds,
} from './sound-fields.ts';

/** What one provider said of a title. */
export type Answer = { provider: string; title: ProvidedTitle };

type Translation = NonNullable<SoundFields['translations']>[number];

export type Merged = {
  /** One value each, with who gave it. */
  owned: ReadonlyMap<keyof OwnedFields, { value: unknown; provider: string }>;
  ids: Readonly<Record<string, string>>;
  aliases: readonly string[];
  translations: readonly Translation[];
  ratings: NonNullable<SoundFields['ratings']>;
  images: readonly { provider: string; images: NonNullable<SoundFields['images']> }[];
  seasons: readonly SeasonParts[];
  watch: readonly WatchOffer[];
  isAdult: boolean;
};

/** Ratings of these are out of ten and by many: one of them stands on the title's card. */
const SHOWN_RATINGS = ['imdb', 'tmdb', 'trakt', 'mal', 'tvmaze'];

/** The answers, given in the order in which their word counts, as one title. */
export function mergeAnswers(answers: readonly Answer[]): Merged {
  const sound = answers.map(({ provider, title }) => ({ provider, title, fields: soundFields(title) }));
  const owned = new Map<keyof OwnedFields, { value: unknown; provider: string }>();
  for (const field of ONE_VALUE_FIELDS) {
    const first = sound.find(({ fields }) => hasSomething(fields[field]));
    if (first !== undefined) owned.set(field, { value: first.fields[field], provider: first.provider });
  }
  const certified = sound.find(({ fields }) => hasSomething(fields.certifications));
  if (certified !== undefined)
    owned.set('certifications', { value: certifications(sound), provider: certified.provider });
  const ratings = firstOfEach(
    sound.flatMap(({ fields }) => fields.ratings ?? []),
    (rating) => `${rating.provider} ${rating.type ?? 'user'}`,
  );
  setShownRating(owned, ratings, sound);
  return {
    owned,
    ids: Object.assign({}, ...answers.map(({ title }) => soundIds(title.ids)).reverse()),
    aliases: [...new Set(sound.flatMap(({ fields }) => fields.aliases ?? []))],
    translations: translations(sound),
    ratings,
    images: sound.map(({ provider, fields }) => ({ provider, images: fields.images ?? [] })),
    seasons: mergeSeasons(sound.map(({ fields }) => fields.seasons ?? [])),
    watch: answers.flatMap(({ provider, title }) => offersOf(provider, title)),
    isAdult: answers.some(({ title }) => title.adult === true),
  };
}

type Sound = { provider: string; fields: SoundFields };

function hasSomething(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
}

function firstOfEach<T>(list: readonly T[], keyOf: (entry: T) => string): T[] {
  return [...new Map(list.map((entry) => [keyOf(entry), entry] as const).reverse()).values()].reverse();
}

/** Of each country what the first provider says that says anything of it. */
function certifications(sound: readonly Sound[]) {
  const seen = new Set<string>();
  return sound.flatMap(({ fields }) => {
    const fresh = (fields.certifications ?? []).filter(({ country }) => !seen.has(country));
    for (const { country } of fresh) seen.add(country);
    return fresh;
  });
}

/** Each text of a language from the first provider that has it. */
function translations(sound: readonly Sound[]): Translation[] {
  const byLanguage = new Map<string, Translation>();
  for (const { fields } of sound)
    for (const text of fields.translations ?? [])
      byLanguage.set(text.language, { ...text, ...byLanguage.get(text.language) });
  return [...byLanguage.values()];
}

function setShownRating(
  owned: Map<keyof OwnedFields, { value: unknown; provider: string }>,
  ratings: Merged['ratings'],
  sound: readonly Sound[],
): void {
  const users = ratings.filter(({ type = 'user' }) => type === 'user');
  const shown = SHOWN_RATINGS.flatMap((name) => users.filter(({ provider }) => provider === name))[0];
  if (shown === undefined) return;
  const provider = sound.find(({ fields }) => fields.ratings?.includes(shown))?.provider ?? shown.provider;
  owned.set('rating', { value: Math.round(shown.rating * 10) / 10, provider });
  if (shown.votes !== undefined) owned.set('ratingCount', { value: shown.votes, provider });
}

const REGION = /^[A-Z]{2}$/;
const OFFERS: ReadonlySet<string> = new Set(['subscription', 'rent', 'buy', 'free', 'ads']);

function offersOf(provider: string, { watch = [] }: ProvidedTitle): WatchOffer[] {
  return watch.flatMap(({ country, service, offer, url }) => {
    const name = service.trim();
    const isSound = REGION.test(country) && OFFERS.has(offer) && name !== '' && name.length <= 100;
    return isSound ? [{ provider, region: country, service: name, offer, url: webUrl(url) }] : [];
  });
}

function webUrl(url: string | undefined): string | null {
  return url !== undefined && /^https?:\/\//.test(url) && url.length <= 8192 && URL.canParse(url)
    ? url
    : null;
}
