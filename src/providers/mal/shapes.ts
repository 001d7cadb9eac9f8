import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import {
  day,
  distinct,
  endAfter,
  imageOf,
  line,
  listOf,
  maybe,
  number,
  prose,
  ratingOf,
  webUrl,
  wholeListOf,
  wholeMinutes,
  yearOf,
  youtubeOf,
} from '../fields.ts';
import type { ProvidedEpisode, ProvidedTitle, SearchHit } from '../provider.ts';

const Named = z.object({ name: line(300) });
const Format = maybe(z.object({ image_url: webUrl(), large_image_url: webUrl() }));

const Anime = z.object({
  mal_id: z.int().positive(),
  title: z.string().min(1),
  title_english: line(),
  title_japanese: line(),
  title_synonyms: listOf(z.string()),
  titles: listOf(z.object({ type: line(), title: line() })),
  type: line(),
  status: line(100),
  aired: maybe(z.object({ from: day(), to: day() })),
  duration: line(),
  rating: line(),
  score: number(),
  scored_by: number(),
  synopsis: prose(),
  year: number(),
  images: maybe(z.object({ jpg: Format, webp: Format })),
  trailer: maybe(z.object({ youtube_id: line(), embed_url: webUrl() })),
  studios: listOf(Named),
  genres: listOf(Named),
  explicit_genres: listOf(Named),
  themes: listOf(Named),
  demographics: listOf(Named),
});
type Anime = z.infer<typeof Anime>;

/** `/anime?q=`. */
export const Found = z.object({ data: wholeListOf(Anime) });
/** `/anime/:id/full`. */
export const WholeAnime = z.object({ data: Anime });
/** `/anime/:id/episodes`; an episode's id is its number. */
export const Episodes = z.object({
  data: wholeListOf(z.object({ mal_id: z.int().min(0), title: line(), aired: day() })),
});

/** TMDB's words for how a title is. */
const STATUS: Readonly<Record<string, string>> = {
  'Finished Airing': 'Ended',
  'Currently Airing': 'Returning Series',
  'Not yet aired': 'Planned',
};

export function kindOf({ type }: Anime): 'movie' | 'series' {
  return type === 'Movie' ? 'movie' : 'series';
}

export function hitOf(anime: Anime): SearchHit {
  return knownFields({
    kind: kindOf(anime),
    ids: { mal: String(anime.mal_id) },
    title: shownTitle(anime),
    originalTitle: anime.title_japanese,
    aliases: aliasesOf(anime),
    year: yearOf(String(anime.year)) ?? yearOf(anime.aired?.from),
    adult: isAdult(anime),
    poster: posterOf(anime),
  });
}

function posterOf({ images }: Anime): string | undefined {
  const poster = images?.jpg ?? images?.webp;
  return poster?.large_image_url ?? poster?.image_url;
}

export function titleOf(anime: Anime, episodes: readonly ProvidedEpisode[]): ProvidedTitle {
  const kind = kindOf(anime);
  return knownFields({
    kind,
    title: shownTitle(anime),
    ids: { mal: String(anime.mal_id) },
    originalTitle: anime.title_japanese,
    aliases: aliasesOf(anime),
    year: yearOf(String(anime.year)) ?? yearOf(anime.aired?.from),
    releaseDate: anime.aired?.from,
    endDate: kind === 'series' ? endAfter(anime.aired?.from, anime.aired?.to) : undefined,
    runtimeMinutes: durationOf(anime.duration),
    status: kind === 'movie' && anime.status === 'Finished Airing' ? 'Released' : STATUS[anime.status ?? ''],
    overview: anime.synopsis,
    subkind: 'anime' as const,
    // What it calls popularity is a rank: 1 is the most popular.
    ratings: ratingOf('mal', anime.score, { max: 10, votes: anime.scored_by }),
    genres: distinct(namesOf(anime.genres, anime.explicit_genres), { max: 50 }),
    keywords: distinct(namesOf(anime.themes, anime.demographics)),
    companies: distinct(namesOf(anime.studios)),
    images: imageOf('poster', posterOf(anime)),
    // Some trailers have only the address of the player.
    trailer: youtubeOf(anime.trailer?.youtube_id) ?? youtubeOf(anime.trailer?.embed_url),
    adult: isAdult(anime),
    nudity: nudityOf(anime),
    // One entry is one season of what others call a series.
    seasons: kind === 'series' && episodes.length > 0 ? [{ number: 1, episodes: [...episodes] }] : undefined,
  });
}

export function episodesOf({ data }: z.infer<typeof Episodes>): ProvidedEpisode[] {
  return data.map(({ mal_id, title, aired }) => knownFields({ number: mal_id, title, airDate: aired }));
}

function namesOf(...lists: readonly { name?: string | undefined }[][]): (string | undefined)[] {
  return lists.flat().map(({ name }) => name);
}

/** `Rx - Hentai`; R+ is mild nudity, which is no reason to hide a title. */
function isAdult({ rating, explicit_genres }: Anime): boolean {
  return rating?.startsWith('Rx') === true || explicit_genres.some(({ name }) => name === 'Hentai');
}

function nudityOf(anime: Anime): ProvidedTitle['nudity'] {
  if (isAdult(anime)) return 'severe';
  return anime.rating?.startsWith('R+') === true ? 'mild' : undefined;
}

function shownTitle({ title, title_english }: Anime): string {
  return title_english ?? title;
}

function aliasesOf(anime: Anime): string[] {
  const titles = anime.titles.map(({ title }) => title);
  return distinct([anime.title, ...titles, ...anime.title_synonyms], {
    without: [shownTitle(anime), anime.title_japanese],
  });
}

/** `24 min per ep`, `1 hr 55 min`, `2 hr`; seconds alone are under a minute. */
function durationOf(text = ''): number | undefined {
  const [, hours = '0'] = /(\d{1,2}) hr/.exec(text) ?? [];
  const [, minutes = '0'] = /(\d{1,3}) min/.exec(text) ?? [];
  return wholeMinutes(Number(hours) * 60 + Number(minutes));
}
