import { knownFields } from '../../kit/known-fields.ts';
import type { ProvidedImage, ProvidedSeason, ProvidedTitle } from '../provider.ts';
import { certificationsOf, ratingsOf } from './ratings.ts';
import type { Film, Season, Series } from './shapes.ts';
import { whereToWatch } from './watch.ts';

const IMAGES = 'https://image.tmdb.org/t/p';
/** Widths of a poster, a background, a logo and a still that players show whole: 30–150 kB. */
const SIZES = { poster: 'w500', background: 'w1280', logo: 'w500', still: 'w300' } as const;
const IMAGES_OF_A_TYPE = 10;
const DOCUMENTARY = 99;

export function filmOf(film: Film): ProvidedTitle {
  return {
    kind: 'movie',
    title: film.title,
    ids: idsOf(film, film.imdb_id),
    ...commonOf(film),
    ...knownFields({
      originalTitle: film.original_title,
      releaseDate: film.release_date,
      year: yearOf(film.release_date),
      runtimeMinutes: minutes(film.runtime),
      subkind: film.genres.some(({ id }) => id === DOCUMENTARY)
        ? ('documentary' as const)
        : animeOf(film.keywords?.keywords),
      keywords: filled(namesOf(film.keywords?.keywords)),
      aliases: filled((film.alternative_titles?.titles ?? []).map(({ title }) => title)),
      certifications: filled(certificationsOf(film)),
      countries: filled(film.production_countries.map((country) => country.iso_3166_1)),
      crew: filled(crewOf(film)),
    }),
  };
}

export function seriesOf(series: Series, seasons: readonly Season[]): ProvidedTitle {
  const isOver = /^(ended|canceled|cancelled)$/i.test(series.status ?? '');
  return {
    kind: 'series',
    title: series.name,
    ids: idsOf(series, undefined),
    ...commonOf(series),
    ...knownFields({
      originalTitle: series.original_name,
      releaseDate: series.first_air_date,
      year: yearOf(series.first_air_date),
      endDate: isOver ? series.last_air_date : undefined,
      runtimeMinutes: minutes(series.episode_run_time[0]),
      network: series.networks[0]?.name,
      subkind: seriesKind(series),
      keywords: filled(namesOf(series.keywords?.results)),
      aliases: filled((series.alternative_titles?.results ?? []).map(({ title }) => title)),
      certifications: filled(
        (series.content_ratings?.results ?? []).flatMap(({ iso_3166_1: country, rating: code }) =>
          code === undefined ? [] : [{ country, code }],
        ),
      ),
      countries: filled(series.origin_country),
      crew: filled([
        ...series.created_by.map(({ id, name }) => ({ name, job: 'Creator', tmdb: String(id) })),
        ...crewOf(series),
      ]),
      seasons: filled(seasonsOf(series, seasons)),
    }),
  };
}

type Common = Film | Series;

function commonOf(title: Common) {
  return knownFields({
    adult: title.adult,
    overview: title.overview,
    tagline: title.tagline,
    status: title.status,
    popularity: title.popularity,
    ratings: ratingsOf(title),
    languages: filled(languagesOf(title)),
    genres: filled(namesOf(title.genres)),
    companies: filled(namesOf(title.production_companies)),
    cast: filled(
      (title.credits?.cast ?? []).map(({ id, name, character }) => ({
        name,
        tmdb: String(id),
        ...knownFields({ character }),
      })),
    ),
    images: filled(imagesOf(title)),
    trailer: trailerOf(title),
    translations: filled(translationsOf(title)),
    watch: filled(whereToWatch(title)),
  });
}

function idsOf(title: Common, imdb: string | undefined): Record<string, string> {
  const outside = title.external_ids;
  return knownFields({
    tmdb: String(title.id),
    imdb: imdb ?? outside?.imdb_id,
    tvdb: 'name' in title ? outside?.tvdb_id : undefined,
    wikidata: outside?.wikidata_id,
  });
}

function filled<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}

function namesOf(list: readonly { name: string }[] | undefined): string[] {
  return [...new Set((list ?? []).map(({ name }) => name))];
}

/** The original language first. */
function languagesOf({ original_language: first, spoken_languages: spoken }: Common): string[] {
  return [
    ...new Set([...(first === undefined ? [] : [first]), ...spoken.map((language) => language.iso_639_1)]),
  ];
}

function animeOf(keywords: readonly { name: string }[] | undefined): 'anime' | undefined {
  return keywords?.some(({ name }) => name.toLowerCase() === 'anime') ? 'anime' : undefined;
}

function seriesKind(series: Series): ProvidedTitle['subkind'] {
  if (series.type === 'Miniseries') return 'miniseries';
  if (series.type === 'Documentary' || series.genres.some(({ id }) => id === DOCUMENTARY))
    return 'documentary';
  return animeOf(series.keywords?.results);
}

function crewOf({ credits }: Common) {
  return (credits?.crew ?? []).map(({ id, name, job, department }) => ({
    name,
    job,
    tmdb: String(id),
    ...knownFields({ department }),
  }));
}

/** Undefined: there is none. */
export function imageUrl(type: ProvidedImage['type'], path: string | undefined): string | undefined {
  return path === undefined ? undefined : `${IMAGES}/${SIZES[type]}${path}`;
}

/** The ones it shows itself first, then the rest in its order, each once. */
function imagesOf({ poster_path: poster, backdrop_path: backdrop, images }: Common): ProvidedImage[] {
  return [
    ...imagesLike('poster', poster, images?.posters),
    ...imagesLike('background', backdrop, images?.backdrops),
    ...imagesLike('logo', undefined, images?.logos),
  ];
}

function imagesLike(
  type: ProvidedImage['type'],
  shown: string | undefined,
  list: readonly { file_path: string; iso_639_1?: string | undefined }[] = [],
): ProvidedImage[] {
  const languages = new Map(list.map((image) => [image.file_path, image.iso_639_1]));
  const paths = new Set([...(shown === undefined ? [] : [shown]), ...languages.keys()]);
  return [...paths].slice(0, IMAGES_OF_A_TYPE).map((path) => ({
    type,
    url: `${IMAGES}/${SIZES[type]}${path}`,
    ...knownFields({ language: languages.get(path) }),
  }));
}

function trailerOf({ videos }: Common): { youtube: string } | undefined {
  const trailers = (videos?.results ?? []).filter(
    ({ site, type, key }) => site === 'YouTube' && type === 'Trailer' && key !== undefined,
  );
  const youtube = (trailers.find(({ official }) => official === true) ?? trailers[0])?.key;
  return youtube === undefined ? undefined : { youtube };
}

/** Several regions of one language come as that: `pt-BR` and `pt-PT`. */
function translationsOf({ translations }: Common) {
  return (translations?.translations ?? []).flatMap(({ iso_639_1: language, iso_3166_1: country, data }) => {
    const texts = knownFields({
      title: data.title ?? data.name,
      overview: data.overview,
      tagline: data.tagline,
    });
    if (Object.keys(texts).length === 0) return [];
    return [{ language: country === undefined ? language : `${language}-${country}`, ...texts }];
  });
}

/** Seasons by their own answers; of those that failed what the series says of them. */
function seasonsOf(series: Series, seasons: readonly Season[]): ProvidedSeason[] {
  const full = new Map(seasons.map((season) => [season.season_number, season]));
  return series.seasons.map((head) => {
    const whole = full.get(head.season_number);
    const season = whole ?? head;
    return {
      number: season.season_number,
      ...knownFields({
        title: season.name,
        overview: season.overview,
        airDate: season.air_date,
        poster: imageUrl('poster', season.poster_path),
        episodes: whole === undefined ? undefined : episodesOf(whole),
      }),
    };
  });
}

function episodesOf({ episodes }: Season): NonNullable<ProvidedSeason['episodes']> {
  return episodes.map((episode) => ({
    number: episode.episode_number,
    ...knownFields({
      title: episode.name,
      overview: episode.overview,
      airDate: episode.air_date,
      runtimeMinutes: minutes(episode.runtime),
      thumbnail: imageUrl('still', episode.still_path),
    }),
  }));
}

/** It says 0 for what it does not know. */
function minutes(runtime: number | undefined): number | undefined {
  return runtime === undefined || runtime < 1 ? undefined : Math.round(runtime);
}

function yearOf(day: string | undefined): number | undefined {
  return day === undefined ? undefined : Number(day.slice(0, 4));
}
