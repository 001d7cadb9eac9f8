import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import {
  countryCodes,
  day,
  distinct,
  endAfter,
  first,
  idNumber,
  idsOf,
  imageOf,
  imdbTitle,
  languageCodes,
  line,
  listOf,
  maybe,
  minutes,
  number,
  prose,
  ratingOf,
  webUrl,
  wholeListOf,
  yearOf,
} from '../fields.ts';
import type { ProvidedEpisode, ProvidedSeason, ProvidedTitle, SearchHit } from '../provider.ts';

const Image = maybe(z.object({ medium: webUrl(), original: webUrl() }));
const Network = maybe(
  z.object({ name: line(200), country: maybe(z.object({ name: line(), code: line(2) })) }),
);

const Show = z.object({
  id: z.int().positive(),
  name: z.string().min(1),
  type: line(),
  language: line(),
  genres: listOf(z.string()),
  status: line(100),
  runtime: minutes(),
  averageRuntime: minutes(),
  premiered: day(),
  ended: day(),
  rating: maybe(z.object({ average: number() })),
  weight: number(),
  network: Network,
  webChannel: Network,
  externals: maybe(z.object({ thetvdb: idNumber(), imdb: imdbTitle() })),
  image: Image,
  summary: prose(),
});
type Show = z.infer<typeof Show>;

const Season = z.object({
  number: z.int().min(0),
  name: line(),
  premiereDate: day(),
  image: Image,
  summary: prose(),
});

const Episode = z.object({
  season: z.int().min(0),
  /** Null: a special, which has no place in its season. */
  number: z.int().min(0).nullish(),
  name: line(),
  airdate: day(),
  runtime: minutes(),
  image: Image,
  summary: prose(),
});
type Episode = z.infer<typeof Episode>;

const Person = z.object({ name: line(300) });
const Embedded = z.object({
  seasons: listOf(Season),
  episodes: listOf(Episode),
  cast: listOf(z.object({ person: Person, character: maybe(z.object({ name: line() })) })),
  crew: listOf(z.object({ type: line(200), person: Person })),
  akas: listOf(z.object({ name: line() })),
  images: listOf(
    z.object({
      type: line(),
      resolutions: maybe(z.object({ original: maybe(z.object({ url: webUrl() })) })),
    }),
  ),
});

/** `/search/shows`. */
export const Found = wholeListOf(z.object({ show: Show }));
/** `/shows/:id` with what is embedded. */
export const WholeShow = Show.extend({ _embedded: maybe(Embedded) });
/** `/lookup/shows`, which redirects to the show. */
export const ShowId = z.object({ id: z.int().positive() });
/** `/updates/shows`: seconds since 1970 by id. */
export const Updates = z.record(z.string().regex(/^\d{1,9}$/), z.int());

/** TMDB's words for how a series is. */
const STATUS: Readonly<Record<string, string>> = {
  Running: 'Returning Series',
  'In Development': 'In Production',
  'To Be Determined': 'Returning Series',
};
const SUBKIND: Readonly<Record<string, ProvidedTitle['subkind']>> = {
  Documentary: 'documentary',
  Sports: 'sport',
};
const IMAGE_TYPE: Readonly<Record<string, 'poster' | 'background'>> = {
  poster: 'poster',
  background: 'background',
};

export function hitOf(show: Show): SearchHit {
  return knownFields({
    kind: 'series' as const,
    ids: showIds(show),
    title: show.name,
    year: yearOf(show.premiered),
    poster: posterOf(show),
  });
}

function posterOf({ image }: Show): string | undefined {
  return image?.original ?? image?.medium;
}

export function titleOf(show: z.infer<typeof WholeShow>): ProvidedTitle {
  const { seasons = [], episodes = [], cast = [], crew = [], akas = [], images = [] } = show._embedded ?? {};
  const made = show.network ?? show.webChannel;
  return knownFields({
    kind: 'series' as const,
    title: show.name,
    ids: showIds(show),
    year: yearOf(show.premiered),
    releaseDate: show.premiered,
    endDate: endAfter(show.premiered, show.ended),
    runtimeMinutes: show.averageRuntime ?? show.runtime,
    status: STATUS[show.status ?? ''] ?? show.status,
    network: made?.name,
    overview: show.summary,
    subkind: isAnime(show) ? 'anime' : SUBKIND[show.type ?? ''],
    popularity: show.weight !== undefined && show.weight >= 0 ? show.weight : undefined,
    ratings: ratingOf('tvmaze', show.rating?.average, { max: 10 }),
    languages: languageCodes([show.language]),
    countries: countryCodes([made?.country?.code]),
    genres: distinct(show.genres, { max: 50 }),
    aliases: distinct(
      akas.map(({ name }) => name),
      { without: [show.name] },
    ),
    cast: first(cast).flatMap(({ person, character }) =>
      person.name === undefined ? [] : [knownFields({ name: person.name, character: character?.name })],
    ),
    crew: first(crew).flatMap(({ type, person }) =>
      person.name === undefined || type === undefined ? [] : [{ name: person.name, job: type }],
    ),
    images: [
      ...imageOf('poster', posterOf(show)),
      ...images.flatMap(({ type, resolutions }) => {
        const use = IMAGE_TYPE[type ?? ''];
        return use === undefined ? [] : imageOf(use, resolutions?.original?.url);
      }),
    ],
    seasons: seasonsOf(seasons, episodes),
  });
}

function isAnime({ type, genres, language }: Show): boolean {
  return genres.includes('Anime') || (type === 'Animation' && language === 'Japanese');
}

function showIds({ id, externals }: Show): Record<string, string> {
  return idsOf({ tvmaze: String(id), imdb: externals?.imdb, tvdb: externals?.thetvdb });
}

/** Seasons that are announced are there without episodes; some old shows have episodes whose season is not listed. */
function seasonsOf(
  seasons: readonly z.infer<typeof Season>[],
  episodes: readonly Episode[],
): ProvidedSeason[] {
  const byNumber = new Map<number, ProvidedSeason>();
  for (const { number, name, premiereDate, image, summary } of seasons)
    byNumber.set(number, {
      ...knownFields({
        number,
        title: name,
        airDate: premiereDate,
        overview: summary,
        poster: image?.original,
      }),
      episodes: [],
    });
  for (const episode of episodes) {
    if (typeof episode.number !== 'number') continue;
    const season = byNumber.get(episode.season) ?? { number: episode.season };
    byNumber.set(episode.season, season);
    season.episodes = [...(season.episodes ?? []), episodeOf(episode, episode.number)];
  }
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

function episodeOf({ name, airdate, runtime, image, summary }: Episode, number: number): ProvidedEpisode {
  return knownFields({
    number,
    title: name,
    airDate: airdate,
    runtimeMinutes: runtime,
    overview: summary,
    thumbnail: image?.original ?? image?.medium,
  });
}
