import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import {
  countryCodes,
  day,
  distinct,
  first,
  idNumber,
  idsOf,
  imdbTitle,
  languageCodes,
  line,
  listOf,
  maybe,
  minutes,
  number,
  prose,
  ratingOf,
  wholeListOf,
  yearOf,
  youtubeOf,
} from '../fields.ts';
import type { ProvidedSeason, ProvidedTitle, SearchHit } from '../provider.ts';

type Kind = 'movie' | 'series';

const Ids = z.object({
  trakt: z.int().positive(),
  imdb: imdbTitle(),
  tmdb: idNumber(),
  tvdb: idNumber(),
});

const Title = z.object({
  title: z.string().min(1),
  year: number(),
  ids: Ids,
  tagline: line(1000),
  overview: prose(),
  released: day(),
  first_aired: day(),
  runtime: minutes(),
  certification: line(30),
  network: line(200),
  country: line(),
  trailer: line(2000),
  status: line(100),
  rating: number(),
  votes: number(),
  language: line(),
  languages: listOf(z.string()),
  genres: listOf(z.string()),
});
type Title = z.infer<typeof Title>;

const Person = z.object({
  name: line(300),
  ids: maybe(z.object({ imdb: line(), tmdb: idNumber() })),
});

/** `/search/…`. */
export const Found = wholeListOf(z.object({ movie: Title.nullish(), show: Title.nullish() }));
/** `/movies/:id`, `/shows/:id`. */
export const WholeTitle = Title;
/** `/shows/:id/seasons?extended=full,episodes`. */
export const Seasons = wholeListOf(
  z.object({
    number: z.int().min(0),
    title: line(),
    overview: prose(),
    first_aired: day(),
    episodes: listOf(
      z.object({
        number: z.int().min(0),
        title: line(),
        overview: prose(),
        first_aired: day(),
        runtime: minutes(),
      }),
    ),
  }),
);
/** `/movies/:id/people`, `/shows/:id/people`. */
export const People = z.object({
  cast: listOf(z.object({ characters: listOf(z.string()), person: Person })),
  crew: maybe(z.record(z.string(), listOf(z.object({ jobs: listOf(z.string()), person: Person })))),
});
/** `/movies/:id/translations/:language`. */
export const Translations = wholeListOf(
  z.object({ title: line(), overview: prose(), tagline: line(1000), language: line() }),
);
/** `/movies/updates/id/:since`. */
export const UpdatedIds = wholeListOf(z.int().positive());

const STATUS: Readonly<Record<string, string>> = {
  'returning series': 'Returning Series',
  continuing: 'Returning Series',
  pilot: 'Pilot',
  ended: 'Ended',
  canceled: 'Canceled',
  released: 'Released',
  'in production': 'In Production',
  'post production': 'Post Production',
  planned: 'Planned',
  upcoming: 'Planned',
  rumored: 'Rumored',
};

export function hitOf(it: Title, kind: Kind): SearchHit {
  return knownFields({ kind, ids: titleIds(it), title: cut(it.title), year: yearOf(String(it.year)) });
}

export function titleOf(
  it: Title,
  kind: Kind,
  beside: {
    seasons: z.infer<typeof Seasons>;
    people: z.infer<typeof People> | null;
    translations: z.infer<typeof Translations>;
  },
): ProvidedTitle {
  const translations = translationsOf(beside.translations);
  const began = kind === 'movie' ? it.released : it.first_aired;
  const country = countryCodes([it.country]);
  return knownFields({
    kind,
    title: cut(it.title),
    ids: titleIds(it),
    year: yearOf(String(it.year)) ?? yearOf(began),
    releaseDate: began,
    runtimeMinutes: it.runtime,
    status: STATUS[it.status ?? ''] ?? it.status,
    network: it.network,
    tagline: it.tagline,
    overview: it.overview,
    subkind: subkindOf(it.genres),
    ratings: ratingOf('trakt', it.rating, { max: 10, votes: it.votes }),
    languages: languageCodes(it.languages.length > 0 ? it.languages : [it.language]),
    countries: country,
    genres: distinct(it.genres.map(nameOfGenre), { max: 50 }),
    ...peopleOf(beside.people),
    // It tells the rating of the United States alone.
    certifications: it.certification === undefined ? [] : [{ country: 'US', code: it.certification }],
    trailer: youtubeOf(it.trailer),
    translations,
    seasons: kind === 'series' ? seasonsOf(beside.seasons) : undefined,
  });
}

const cut = (title: string) => title.trim().slice(0, 500);

function titleIds({ ids }: Title): Record<string, string> {
  return idsOf({ trakt: String(ids.trakt), imdb: ids.imdb, tmdb: ids.tmdb, tvdb: ids.tvdb });
}

function subkindOf(genres: readonly string[]): ProvidedTitle['subkind'] {
  if (genres.includes('anime')) return 'anime';
  if (genres.includes('documentary')) return 'documentary';
  if (genres.includes('mini-series')) return 'miniseries';
  return genres.includes('sporting-event') ? 'sport' : undefined;
}

/** `science-fiction` is Science Fiction. */
function nameOfGenre(slug: string): string {
  return slug
    .slice(0, 100)
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join(' ');
}

function translationsOf(
  translations: z.infer<typeof Translations>,
): NonNullable<ProvidedTitle['translations']> {
  const found = new Map<string, { language: string; title?: string; overview?: string; tagline?: string }>();
  for (const { language, title, overview, tagline } of translations) {
    const [code] = languageCodes([language]);
    // The same language may be there for two countries, and the first is the larger.
    if (code === undefined || found.has(code) || (title ?? overview ?? tagline) === undefined) continue;
    found.set(code, knownFields({ language: code, title, overview, tagline }));
  }
  return [...found.values()];
}

function peopleOf(people: z.infer<typeof People> | null): Pick<ProvidedTitle, 'cast' | 'crew'> {
  const crew = Object.entries(people?.crew ?? {}).flatMap(([department, members]) =>
    members.flatMap(({ jobs, person }) =>
      jobs.slice(0, 5).flatMap((job) => {
        const named = personOf(person);
        return named === null
          ? []
          : [{ ...named, job: job.slice(0, 200), department: nameOfGenre(department) }];
      }),
    ),
  );
  return knownFields({
    cast: first(people?.cast ?? []).flatMap(({ characters, person }) => {
      const named = personOf(person);
      const character = characters.join(' / ').slice(0, 500) || undefined;
      return named === null ? [] : [{ ...named, ...knownFields({ character }) }];
    }),
    crew: first(crew),
  });
}

function personOf({
  name,
  ids,
}: z.infer<typeof Person>): { name: string; imdb?: string; tmdb?: string } | null {
  if (name === undefined) return null;
  const imdb = /^nm\d{5,12}$/.test(ids?.imdb ?? '') ? ids?.imdb : undefined;
  return knownFields({ name, imdb, tmdb: ids?.tmdb });
}

function seasonsOf(seasons: z.infer<typeof Seasons>): ProvidedSeason[] {
  return seasons.map(({ number: season, title, overview, first_aired: airDate, episodes }) => ({
    ...knownFields({ number: season, title, overview, airDate }),
    episodes: episodes.map(({ number: episode, title: name, overview: about, first_aired: aired, runtime }) =>
      knownFields({ number: episode, title: name, overview: about, airDate: aired, runtimeMinutes: runtime }),
    ),
  }));
}
