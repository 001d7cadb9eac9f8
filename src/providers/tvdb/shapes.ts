import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import { languageOf } from '../../kit/language.ts';
import {
  countryCodes,
  day,
  distinct,
  endAfter,
  first,
  flag,
  idsOf,
  imageOf,
  languageCodes,
  line,
  listOf,
  maybe,
  minutes,
  number,
  prose,
  webUrl,
  wholeListOf,
  yearOf,
  youtubeOf,
} from '../fields.ts';
import type { ProvidedEpisode, ProvidedSeason, ProvidedTitle, SearchHit } from '../provider.ts';

type Kind = 'movie' | 'series';

const Remote = z.object({ id: line(100), sourceName: line() });
const Hit = z.object({
  tvdb_id: z.string().regex(/^[1-9]\d{0,8}$/),
  name: line(),
  type: line(),
  year: line(10),
  aliases: listOf(z.string()),
  translations: maybe(z.record(z.string(), maybe(z.string()))),
  remote_ids: listOf(Remote),
  image_url: webUrl(),
});

const Company = z.object({ name: line(200) });
const Title = z.object({
  id: z.int().positive(),
  name: line(),
  image: webUrl(),
  year: line(10),
  firstAired: day(),
  lastAired: day(),
  first_release: maybe(z.object({ date: day() })),
  runtime: minutes(),
  averageRuntime: minutes(),
  overview: prose(),
  status: maybe(z.object({ name: line(100) })),
  originalCountry: line(),
  originalLanguage: line(),
  originalNetwork: maybe(Company),
  latestNetwork: maybe(Company),
  aliases: listOf(z.object({ name: line() })),
  genres: listOf(z.object({ name: line(100) })),
  studios: listOf(Company),
  trailers: listOf(z.object({ url: line(2000) })),
  artworks: listOf(z.object({ image: webUrl(), type: number(), language: line(10), score: number() })),
  characters: listOf(
    z.object({ name: line(), personName: line(300), peopleType: line(200), sort: number() }),
  ),
  contentRatings: listOf(z.object({ name: line(30), country: line() })),
  remoteIds: listOf(Remote),
  seasons: listOf(
    z.object({ number: z.int().min(0), type: maybe(z.object({ type: line() })), image: webUrl() }),
  ),
  translations: maybe(
    z.object({
      nameTranslations: listOf(z.object({ name: line(), language: line(), isAlias: flag() })),
      overviewTranslations: listOf(z.object({ overview: prose(), language: line(), tagline: line(1000) })),
    }),
  ),
});
type Title = z.infer<typeof Title>;

const Episode = z.object({
  seasonNumber: z.int().min(0),
  number: z.int().min(0),
  name: line(),
  aired: day(),
  runtime: minutes(),
  overview: prose(),
  image: webUrl(),
});
export type Episode = z.infer<typeof Episode>;

/** `/search`. */
export const Found = z.object({ data: wholeListOf(Hit) });
/** `/series/:id/extended`, `/movies/:id/extended`. */
export const WholeTitle = z.object({ data: Title });
/** `/series/:id/episodes/default/:language`. */
export const Episodes = z.object({
  data: z.object({
    episodes: wholeListOf(Episode)
      .nullish()
      .transform((list) => list ?? []),
  }),
});
/** `/search/remoteid/:id`: people and episodes have ids of IMDb too. */
const Numbered = maybe(z.object({ id: z.int().positive() }));
export const Remotes = z.object({ data: listOf(z.object({ series: Numbered, movie: Numbered })) });
/** `/updates`. */
export const Updates = z.object({
  data: listOf(z.object({ recordId: z.int().positive(), method: line() })),
});

/** Kinds of artwork (`/artwork/types`): 2, 3 and 23 of series, 14, 15 and 25 of films. */
const ARTWORK = new Map<number, 'poster' | 'background' | 'logo'>([
  [2, 'poster'],
  [3, 'background'],
  [23, 'logo'],
  [14, 'poster'],
  [15, 'background'],
  [25, 'logo'],
]);
const IMAGES_EACH = 20;
const STATUS: Readonly<Record<string, string>> = { Continuing: 'Returning Series', Upcoming: 'Planned' };
const SUBKINDS: readonly [string, ProvidedTitle['subkind']][] = [
  ['Anime', 'anime'],
  ['Documentary', 'documentary'],
  ['Mini-Series', 'miniseries'],
  ['Sport', 'sport'],
];
/** Its `pt` is Brazil's, and `por` is Portugal's. */
const LANGUAGES: Readonly<Record<string, string>> = { pt: 'pt-BR', zhtw: 'zh-TW' };
const OWN_CODES: Readonly<Record<string, string>> = {
  fre: 'fra',
  ger: 'deu',
  pob: 'pt',
};

function languageFrom(code: string | undefined): string | undefined {
  return languageOf(LANGUAGES[code ?? ''] ?? code ?? '')?.code;
}

/** How it writes a language: three letters of ISO 639-2/T, but `pt` for Brazil and `zhtw`. */
export function ownLanguage(language: string): string {
  const found = languageOf(language);
  if (found?.code === 'zh-TW') return 'zhtw';
  const code = found?.iso6392 ?? 'eng';
  return OWN_CODES[code] ?? code;
}

export function hitOf(hit: z.infer<typeof Hit>, kind: Kind, language: string): SearchHit[] {
  const title = hit.translations?.[ownLanguage(language)] ?? hit.name;
  if (hit.type !== kind || !title) return [];
  return [
    knownFields({
      kind,
      ids: idsOf({ tvdb: hit.tvdb_id, ...remoteIds(hit.remote_ids) }),
      title,
      originalTitle: hit.name === title ? undefined : hit.name,
      aliases: distinct([...hit.aliases, ...Object.values(hit.translations ?? {})], {
        without: [title, hit.name],
      }),
      year: yearOf(hit.year),
      poster: hit.image_url,
    }),
  ];
}

export function titleOf(
  it: Title,
  { kind, language }: { kind: Kind; language: string },
  episodes: readonly Episode[],
): ProvidedTitle | null {
  const translations = translationsOf(it);
  const code = languageOf(language)?.code;
  const translated = translations.find((translation) => translation.language === code);
  const title = translated?.title ?? it.name;
  if (title === undefined) return null;
  const began = it.firstAired ?? it.first_release?.date;
  const genres = distinct(it.genres.map(({ name }) => name));
  return knownFields({
    kind,
    title,
    ids: idsOf({ tvdb: String(it.id), ...remoteIds(it.remoteIds) }),
    originalTitle: it.name === title ? undefined : it.name,
    year: yearOf(it.year) ?? yearOf(began),
    releaseDate: began,
    // Of one that goes on it is the latest episode's.
    endDate: it.status?.name === 'Ended' ? endAfter(began, it.lastAired) : undefined,
    runtimeMinutes: it.runtime ?? it.averageRuntime,
    status: STATUS[it.status?.name ?? ''] ?? it.status?.name,
    network: it.originalNetwork?.name ?? it.latestNetwork?.name,
    tagline: translated?.tagline,
    overview: translated?.overview ?? it.overview,
    subkind: SUBKINDS.find(([genre]) => genres.includes(genre))?.[1],
    languages: languageCodes([languageFrom(it.originalLanguage)]),
    countries: countryCodes([it.originalCountry]),
    genres,
    companies: distinct(it.studios.map(({ name }) => name)),
    aliases: aliasesOf(it, title),
    ...peopleOf(it.characters),
    certifications: it.contentRatings.flatMap(({ name, country }) =>
      name === undefined ? [] : countryCodes([country]).map((where) => ({ country: where, code: name })),
    ),
    images: imagesOf(it),
    trailer: it.trailers.map(({ url }) => youtubeOf(url)).find((trailer) => trailer !== undefined),
    translations,
    seasons: kind === 'series' ? seasonsOf(it, episodes) : undefined,
  });
}

function remoteIds(ids: readonly z.infer<typeof Remote>[]): Record<string, string | undefined> {
  const idAt = (source: RegExp, form: RegExp) =>
    ids.find(({ id, sourceName }) => source.test(sourceName ?? '') && form.test(id ?? ''))?.id;
  return {
    imdb: idAt(/^imdb$/i, /^tt\d{5,12}$/),
    tmdb: idAt(/^themoviedb/i, /^[1-9]\d{0,8}$/),
  };
}

function aliasesOf({ name, aliases, translations }: Title, title: string): string[] {
  const others = (translations?.nameTranslations ?? []).filter(({ isAlias }) => isAlias === true);
  return distinct(
    [...aliases, ...others].map((alias) => alias.name),
    { without: [title, name] },
  );
}

function translationsOf({ translations }: Title): NonNullable<ProvidedTitle['translations']> {
  const found = new Map<string, { language: string; title?: string; overview?: string; tagline?: string }>();
  const of = (language: string) => found.get(language) ?? { language };
  for (const { name, language, isAlias } of translations?.nameTranslations ?? []) {
    const code = languageFrom(language);
    if (code !== undefined && name !== undefined && isAlias !== true)
      found.set(code, { ...of(code), title: name });
  }
  for (const { overview, language, tagline } of translations?.overviewTranslations ?? []) {
    const code = languageFrom(language);
    if (code !== undefined && (overview ?? tagline) !== undefined)
      found.set(code, { ...of(code), ...knownFields({ overview, tagline }) });
  }
  return [...found.values()];
}

function peopleOf(characters: Title['characters']): Pick<ProvidedTitle, 'cast' | 'crew'> {
  const sorted = [...characters].sort((a, b) => (a.sort ?? 9999) - (b.sort ?? 9999));
  const isActor = ({ peopleType }: { peopleType?: string | undefined }) =>
    peopleType === 'Actor' || peopleType === 'Guest Star';
  return knownFields({
    cast: first(sorted.filter(isActor)).flatMap(({ personName, name }) =>
      personName === undefined ? [] : [knownFields({ name: personName, character: name })],
    ),
    crew: first(sorted.filter((person) => !isActor(person))).flatMap(({ personName, peopleType }) =>
      personName === undefined || peopleType === undefined ? [] : [{ name: personName, job: peopleType }],
    ),
  });
}

/** Best first; its own first choice stands before all. */
function imagesOf({ image, artworks }: Title): NonNullable<ProvidedTitle['images']> {
  const sorted = [...artworks].sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const chosen = ['poster', 'background', 'logo'] as const;
  return [
    ...imageOf('poster', image),
    ...chosen.flatMap((use) =>
      sorted
        .filter(({ type, image: url }) => ARTWORK.get(type ?? 0) === use && url !== image)
        .slice(0, IMAGES_EACH)
        .flatMap((art) => imageOf(use, art.image, languageFrom(art.language))),
    ),
  ];
}

function seasonsOf(it: Title, episodes: readonly Episode[]): ProvidedSeason[] {
  const byNumber = new Map<number, ProvidedSeason & { episodes: ProvidedEpisode[] }>();
  for (const { number, type, image } of it.seasons)
    if (type?.type === 'official')
      byNumber.set(number, { ...knownFields({ number, poster: image }), episodes: [] });
  for (const { seasonNumber, number, name, aired, runtime, overview, image } of episodes) {
    const season = byNumber.get(seasonNumber) ?? { number: seasonNumber, episodes: [] };
    byNumber.set(seasonNumber, season);
    season.episodes.push(
      knownFields({
        number,
        title: name,
        airDate: aired,
        runtimeMinutes: runtime,
        overview,
        thumbnail: image,
      }),
    );
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}
