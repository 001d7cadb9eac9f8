import { z } from 'zod';
import { day, idNumber, imdbTitle, line, listOf, maybe, prose, wholeListOf, youtubeId } from '../fields.ts';

const Id = z.int().positive();
const Count = maybe(z.number().nonnegative());
const Language = maybe(z.string().regex(/^[a-z]{2,3}$/));
const Country = maybe(z.string().regex(/^[A-Z]{2}$/));
/** `/abc.jpg`, a file of its image server. */
const ImagePath = maybe(z.string().regex(/^\/[\w.-]{1,200}$/));
const Named = z.object({ name: z.string().trim().min(1) });
const Image = z.object({ file_path: z.string().regex(/^\/[\w.-]{1,200}$/), iso_639_1: Language });
const Person = { id: Id, name: z.string().trim().min(1) };
const Services = listOf(z.object({ provider_name: z.string().trim().min(1) }));
const inResults = <T extends z.ZodType>(entry: T) => maybe(z.object({ results: listOf(entry) }));
const AlternativeTitle = z.object({ title: z.string().trim().min(1) });

/** What films and series answer alike, with all that is appended. */
const common = {
  id: Id,
  adult: maybe(z.boolean()),
  overview: prose(),
  tagline: line(1000),
  status: line(100),
  popularity: Count,
  vote_average: Count,
  vote_count: maybe(z.int().nonnegative()),
  original_language: Language,
  spoken_languages: listOf(z.object({ iso_639_1: z.string().regex(/^[a-z]{2,3}$/) })),
  production_countries: listOf(z.object({ iso_3166_1: z.string() })),
  genres: listOf(z.object({ id: Id, ...Named.shape })),
  production_companies: listOf(Named),
  poster_path: ImagePath,
  backdrop_path: ImagePath,
  external_ids: maybe(
    z.object({
      imdb_id: imdbTitle(),
      tvdb_id: idNumber(),
      wikidata_id: maybe(z.string().regex(/^Q[1-9]\d{0,11}$/)),
    }),
  ),
  translations: maybe(
    z.object({
      translations: listOf(
        z.object({
          iso_639_1: z.string(),
          iso_3166_1: Country,
          data: z.object({ title: line(), name: line(), overview: prose(), tagline: line(1000) }),
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
      cast: listOf(z.object({ ...Person, character: line() })),
      crew: listOf(z.object({ ...Person, job: z.string().trim().min(1), department: line(200) })),
    }),
  ),
  images: maybe(z.object({ posters: listOf(Image), backdrops: listOf(Image), logos: listOf(Image) })),
  videos: inResults(
    z.object({ site: z.string(), type: z.string(), key: youtubeId(), official: maybe(z.boolean()) }),
  ),
};

export const Film = z.object({
  ...common,
  title: z.string().trim().min(1),
  original_title: line(),
  release_date: day(),
  runtime: Count,
  imdb_id: imdbTitle(),
  keywords: maybe(z.object({ keywords: listOf(Named) })),
  alternative_titles: maybe(z.object({ titles: listOf(AlternativeTitle) })),
  release_dates: inResults(
    z.object({ iso_3166_1: z.string(), release_dates: listOf(z.object({ certification: line(30) })) }),
  ),
});
export type Film = z.infer<typeof Film>;

const SeasonHead = {
  season_number: z.int().min(0),
  name: line(),
  overview: prose(),
  air_date: day(),
  poster_path: ImagePath,
};

export const Series = z.object({
  ...common,
  name: z.string().trim().min(1),
  original_name: line(),
  first_air_date: day(),
  last_air_date: day(),
  episode_run_time: listOf(z.number().positive()),
  origin_country: listOf(z.string().regex(/^[A-Z]{2}$/)),
  networks: listOf(Named),
  created_by: listOf(z.object(Person)),
  type: line(),
  seasons: listOf(z.object(SeasonHead)),
  keywords: inResults(Named),
  alternative_titles: inResults(AlternativeTitle),
  content_ratings: inResults(z.object({ iso_3166_1: z.string(), rating: line(30) })),
});
export type Series = z.infer<typeof Series>;

export const Season = z.object({
  ...SeasonHead,
  episodes: listOf(
    z.object({
      episode_number: z.int().min(0),
      name: line(),
      overview: prose(),
      air_date: day(),
      runtime: Count,
      still_path: ImagePath,
    }),
  ),
});
export type Season = z.infer<typeof Season>;

/** Seasons as they are appended: `season/1`, `season/2`, … */
export const AppendedSeasons = z.looseObject({ id: Id });

export const SearchAnswer = z.object({
  results: wholeListOf(
    z.object({
      id: Id,
      title: line(),
      name: line(),
      original_title: line(),
      original_name: line(),
      release_date: day(),
      first_air_date: day(),
      adult: maybe(z.boolean()),
      poster_path: ImagePath,
    }),
  ),
});

const Found = wholeListOf(z.object({ id: Id }));
export const FindAnswer = z.object({
  movie_results: Found,
  tv_results: Found,
});

export const ChangesAnswer = z.object({
  results: wholeListOf(z.object({ id: Id })),
  total_pages: z.int().min(0),
});
