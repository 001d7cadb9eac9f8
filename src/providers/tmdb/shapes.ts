import { z } from 'zod';
import { Count, Day, entries, ImdbId, maybe, NumberedId, Words, YoutubeId } from '../answer-shapes.ts';

const Id = z.int().positive();
const Language = maybe(z.string().regex(/^[a-z]{2,3}$/));
const Country = maybe(z.string().regex(/^[A-Z]{2}$/));
/** `/abc.jpg`, a file of its image server. */
const ImagePath = maybe(z.string().regex(/^\/[\w.-]{1,200}$/));
const Named = z.object({ name: z.string().trim().min(1) });
const Image = z.object({ file_path: z.string().regex(/^\/[\w.-]{1,200}$/), iso_639_1: Language });
const Person = { id: Id, name: z.string().trim().min(1) };
const Services = entries(z.object({ provider_name: z.string().trim().min(1) }));
const inResults = <T extends z.ZodType>(entry: T) => maybe(z.object({ results: entries(entry) }));
const AlternativeTitle = z.object({ title: z.string().trim().min(1) });

/** What films and series answer alike, with all that is appended. */
const common = {
  id: Id,
  adult: maybe(z.boolean()),
  overview: Words,
  tagline: Words,
  status: Words,
  popularity: Count,
  vote_average: Count,
  vote_count: maybe(z.int().nonnegative()),
  original_language: Language,
  spoken_languages: entries(z.object({ iso_639_1: z.string().regex(/^[a-z]{2,3}$/) })),
  production_countries: entries(z.object({ iso_3166_1: z.string() })),
  genres: entries(z.object({ id: Id, ...Named.shape })),
  production_companies: entries(Named),
  poster_path: ImagePath,
  backdrop_path: ImagePath,
  external_ids: maybe(
    z.object({
      imdb_id: ImdbId,
      tvdb_id: NumberedId,
      wikidata_id: maybe(z.string().regex(/^Q[1-9]\d{0,11}$/)),
    }),
  ),
  translations: maybe(
    z.object({
      translations: entries(
        z.object({
          iso_639_1: z.string(),
          iso_3166_1: Country,
          data: z.object({ title: Words, name: Words, overview: Words, tagline: Words }),
        }),
      ),
    }),
  ),
  'watch/providers': maybe(
    z.object({
      results: maybe(
        z.record(
          z.string(),
          z.object({
            link: maybe(z.url({ protocol: /^https?$/ })),
            flatrate: Services,
            rent: Services,
            buy: Services,
            free: Services,
            ads: Services,
          }),
        ),
      ),
    }),
  ),
  credits: maybe(
    z.object({
      cast: entries(z.object({ ...Person, character: Words })),
      crew: entries(z.object({ ...Person, job: z.string().trim().min(1), department: Words })),
    }),
  ),
  images: maybe(z.object({ posters: entries(Image), backdrops: entries(Image), logos: entries(Image) })),
  videos: inResults(
    z.object({ site: z.string(), type: z.string(), key: YoutubeId, official: maybe(z.boolean()) }),
  ),
};

export const Film = z.object({
  ...common,
  title: z.string().trim().min(1),
  original_title: Words,
  release_date: Day,
  runtime: Count,
  imdb_id: ImdbId,
  keywords: maybe(z.object({ keywords: entries(Named) })),
  alternative_titles: maybe(z.object({ titles: entries(AlternativeTitle) })),
  release_dates: inResults(
    z.object({ iso_3166_1: z.string(), release_dates: entries(z.object({ certification: Words })) }),
  ),
});
export type Film = z.infer<typeof Film>;

const SeasonHead = {
  season_number: z.int().min(0),
  name: Words,
  overview: Words,
  air_date: Day,
  poster_path: ImagePath,
};

export const Series = z.object({
  ...common,
  name: z.string().trim().min(1),
  original_name: Words,
  first_air_date: Day,
  last_air_date: Day,
  episode_run_time: entries(z.number().positive()),
  origin_country: entries(z.string().regex(/^[A-Z]{2}$/)),
  networks: entries(Named),
  created_by: entries(z.object(Person)),
  type: Words,
  seasons: entries(z.object(SeasonHead)),
  keywords: inResults(Named),
  alternative_titles: inResults(AlternativeTitle),
  content_ratings: inResults(z.object({ iso_3166_1: z.string(), rating: Words })),
});
export type Series = z.infer<typeof Series>;

export const Season = z.object({
  ...SeasonHead,
  episodes: entries(
    z.object({
      episode_number: z.int().min(0),
      name: Words,
      overview: Words,
      air_date: Day,
      runtime: Count,
      still_path: ImagePath,
    }),
  ),
});
export type Season = z.infer<typeof Season>;

/** Seasons as they are appended: `season/1`, `season/2`, … */
export const AppendedSeasons = z.looseObject({ id: Id });

export const SearchAnswer = z.object({
  results: z.array(z.unknown()).pipe(
    entries(
      z.object({
        id: Id,
        title: Words,
        name: Words,
        original_title: Words,
        original_name: Words,
        release_date: Day,
        first_air_date: Day,
        adult: maybe(z.boolean()),
        poster_path: ImagePath,
      }),
    ),
  ),
});

const Found = entries(z.object({ id: Id }));
export const FindAnswer = z.object({
  movie_results: z.array(z.unknown()).pipe(Found),
  tv_results: z.array(z.unknown()).pipe(Found),
});

export const ChangesAnswer = z.object({
  results: z.array(z.unknown()).pipe(entries(z.object({ id: Id }))),
  total_pages: z.int().min(0),
});
