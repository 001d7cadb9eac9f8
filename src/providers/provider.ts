import type { JsonApi } from '../platform/json-api.ts';

export type { JsonApi, JsonRequest, OpenJsonApi } from '../platform/json-api.ts';

/** An outside id: `{provider: 'imdb', value: 'tt0063350'}`, `{provider: 'tmdb', value: '603'}` (its namespace follows from the kind). */
export type OutsideId = { provider: string; value: string };

export type ProvidedImage = {
  type: 'poster' | 'background' | 'logo' | 'still';
  url: string;
  language?: string;
};
export type ProvidedEpisode = {
  number: number;
  title?: string;
  overview?: string;
  /** ISO date; left out where it is unknown, never invented. */
  airDate?: string;
  runtimeMinutes?: number;
  thumbnail?: string;
};
export type ProvidedSeason = {
  number: number;
  title?: string;
  overview?: string;
  airDate?: string;
  poster?: string;
  episodes?: ProvidedEpisode[];
};

/** What a provider knows of a title, in the words of the import format (`docs/import-format.md`); what it does not know is left out. */
export type ProvidedTitle = {
  kind: 'movie' | 'series';
  title: string;
  /** By provider. */
  ids: Record<string, string>;
  originalTitle?: string;
  year?: number;
  releaseDate?: string;
  endDate?: string;
  runtimeMinutes?: number;
  status?: string;
  network?: string;
  tagline?: string;
  overview?: string;
  subkind?: 'anime' | 'documentary' | 'short' | 'miniseries' | 'sport' | 'concert';
  popularity?: number;
  ratings?: { provider: string; rating: number; votes?: number; type?: 'user' | 'critic' }[];
  languages?: string[];
  countries?: string[];
  genres?: string[];
  keywords?: string[];
  companies?: string[];
  aliases?: string[];
  cast?: { name: string; character?: string; imdb?: string; tmdb?: string }[];
  crew?: { name: string; job: string; department?: string; imdb?: string; tmdb?: string }[];
  certifications?: { country: string; code: string }[];
  images?: ProvidedImage[];
  trailer?: { youtube: string };
  translations?: { language: string; title?: string; overview?: string; tagline?: string }[];
  seasons?: ProvidedSeason[];
  adult?: boolean;
  /** How much of it is seen. */
  nudity?: 'none' | 'mild' | 'moderate' | 'severe';
  /** Where it may be watched: ISO 3166-1 country, the service's name, how (subscription, rent, buy, free, ads), a page. */
  watch?: { country: string; service: string; offer: string; url?: string }[];
};

/** One title that a search found. */
export type SearchHit = {
  kind: 'movie' | 'series';
  ids: Record<string, string>;
  title: string;
  originalTitle?: string;
  aliases?: string[];
  year?: number;
  adult?: boolean;
  /** Address of its poster, for a person who has to choose. */
  poster?: string;
};

export type TitleQuery = {
  kind: 'movie' | 'series';
  title: string;
  year?: number;
  /** BCP 47. */
  language: string;
};

/** A list a provider keeps (popular, trending, this season). Those of one slug are one list here, whatever their kinds. */
export type ProviderList = {
  /** Small letters, digits and dashes; with the provider's name in front it is the slug of the list here. */
  readonly slug: string;
  /** As it stands on the board, the provider's name in it. */
  readonly name: string;
  readonly kind: 'movie' | 'series';
  /** In its order; at most `LIST_PAGES` pages are asked for. */
  titles(signal: AbortSignal): Promise<readonly SearchHit[]>;
};

/** More nobody scrolls through, and a list is asked for every hour. */
export const LIST_PAGES = 6;

/**
 * A source of metadata: one folder in `providers/`, one line in its registry. Rejects with UpstreamFailed where it is down, slow, changed its
 * shape or sends HTML; never with what it was sent. Quotas, Retry-After and the time-out are those of `ProviderDeps.getJson`.
 */
export type MetadataProvider = {
  /** Its row in `metadata_provider`. */
  readonly name: string;
  /** Outside ids by which it can be asked, its own first. */
  readonly idProviders: readonly string[];
  /** Days for which an answer is kept. */
  readonly keepDays: number;
  search?(query: TitleQuery, signal: AbortSignal): Promise<readonly SearchHit[]>;
  /** Null: it does not know it. */
  byId(
    id: OutsideId,
    about: { kind: 'movie' | 'series'; language: string },
    signal: AbortSignal,
  ): Promise<ProvidedTitle | null>;
  /** Lists that may be shown as catalogues. */
  readonly lists?: readonly ProviderList[];
  /** Its own ids of what changed since then, each once. */
  changesSince?(since: Date, kind: 'movie' | 'series', signal: AbortSignal): AsyncIterable<OutsideId>;
};

/** What a provider is made with. */
export type ProviderDeps = {
  /** Asks a JSON API by `got` over the guarded dialer and parses the answer; see `platform/json-api.ts`. */
  api: JsonApi;
  /** Its key from the settings; a provider that needs one is not made without. */
  apiKey?: string;
};

/** A plug as the registry opens it. */
export type ProviderPlug = {
  readonly name: string;
  /** What its API bears. */
  readonly limits: { perSecond: number; burst?: number };
  readonly needsKey: boolean;
  open(deps: ProviderDeps): MetadataProvider;
};
