import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import { languageOf } from '../../kit/language.ts';
import {
  distinct,
  idNumber,
  idsOf,
  imageOf,
  imdbTitle,
  line,
  listOf,
  webUrl,
  wholeListOf,
} from '../fields.ts';
import type { ProvidedImage, ProvidedSeason, ProvidedTitle } from '../provider.ts';

const Art = z.object({ url: webUrl(), lang: line(10), likes: line(20), season: line(10) });
type Art = z.infer<typeof Art>;
const arts = () => listOf(Art);

/** `/movies/:id`. */
export const Film = z.object({
  name: z.string().min(1),
  tmdb_id: idNumber(),
  imdb_id: imdbTitle(),
  movieposter: arts(),
  moviebackground: arts(),
  hdmovielogo: arts(),
  movielogo: arts(),
});
/** `/tv/:id`. */
export const Show = z.object({
  name: z.string().min(1),
  thetvdb_id: idNumber(),
  tvposter: arts(),
  showbackground: arts(),
  hdtvlogo: arts(),
  clearlogo: arts(),
  seasonposter: arts(),
});
/** `/movies/latest`, `/tv/latest`. */
export const LatestFilms = wholeListOf(z.object({ tmdb_id: idNumber(), imdb_id: imdbTitle() }));
export const LatestShows = wholeListOf(z.object({ id: idNumber() }));

/** Of each use; the best liked. Some titles have hundreds. */
const IMAGES_EACH = 20;

export function filmOf(film: z.infer<typeof Film>): ProvidedTitle {
  return knownFields({
    kind: 'movie' as const,
    title: film.name.trim().slice(0, 500),
    ids: idsOf({ tmdb: film.tmdb_id, imdb: film.imdb_id }),
    images: [
      ...imagesOf('poster', film.movieposter),
      ...imagesOf('background', film.moviebackground),
      ...imagesOf('logo', [...film.hdmovielogo, ...film.movielogo]),
    ],
  });
}

export function showOf(show: z.infer<typeof Show>): ProvidedTitle {
  return knownFields({
    kind: 'series' as const,
    title: show.name.trim().slice(0, 500),
    ids: idsOf({ tvdb: show.thetvdb_id }),
    images: [
      ...imagesOf('poster', show.tvposter),
      ...imagesOf('background', show.showbackground),
      ...imagesOf('logo', [...show.hdtvlogo, ...show.clearlogo]),
    ],
    seasons: seasonsOf(show.seasonposter),
  });
}

function imagesOf(type: ProvidedImage['type'], art: readonly Art[]): ProvidedImage[] {
  return byLikes(art)
    .slice(0, IMAGES_EACH)
    .flatMap(({ url, lang }) => imageOf(type, url, languageFrom(lang)));
}

/** `00` is art without words. */
function languageFrom(lang = ''): string | undefined {
  return lang === '00' ? undefined : languageOf(lang)?.code;
}

function byLikes(art: readonly Art[]): Art[] {
  return [...art].sort((a, b) => (Number(b.likes) || 0) - (Number(a.likes) || 0));
}

/** The best liked poster of each; `all` is of the whole show. */
function seasonsOf(posters: readonly Art[]): ProvidedSeason[] {
  const numbers = distinct(posters.map(({ season }) => season)).filter((season) => /^\d{1,4}$/.test(season));
  return numbers
    .map((season) => {
      const best = byLikes(posters).find((art) => art.season === season && art.url !== undefined);
      return knownFields({ number: Number(season), poster: best?.url });
    })
    .sort((a, b) => a.number - b.number);
}
