import { knownFields } from '../../kit/known-fields.ts';
import { imdbId, numericId } from '../address.ts';
import { allOf, pagesOf } from '../pages.ts';
import {
  LIST_PAGES,
  type MetadataProvider,
  type OutsideId,
  type ProvidedTitle,
  type ProviderDeps,
  type ProviderPlug,
  type SearchHit,
} from '../provider.ts';
import { createAsker } from './ask.ts';
import { changesSince } from './changes.ts';
import { fetchSeasons } from './fetch-seasons.ts';
import { Film, FindAnswer, SearchAnswer, Series } from './shapes.ts';
import { filmOf, imageUrl, seriesOf } from './title.ts';

/** It asks for no more than "somewhere in the 50 requests a second"; a household needs a tenth of that. */
export const tmdb: ProviderPlug = {
  name: 'tmdb',
  limits: { perSecond: 10, burst: 20 },
  needsKey: true,
  open: createTmdb,
};

/** `external_source` of `/find`. */
const FOUND_BY = new Map([
  ['imdb', { source: 'imdb_id', valid: imdbId }],
  ['tvdb', { source: 'tvdb_id', valid: numericId }],
  ['wikidata', { source: 'wikidata_id', valid: wikidataId }],
]);
const LIST_PAGE = 20;
const LISTS = [
  { slug: 'popular', name: 'Popular on TMDB', kind: 'movie', path: '/movie/popular' },
  { slug: 'popular', name: 'Popular on TMDB', kind: 'series', path: '/tv/popular' },
  { slug: 'now', name: 'In cinemas and on air (TMDB)', kind: 'movie', path: '/movie/now_playing' },
  { slug: 'now', name: 'In cinemas and on air (TMDB)', kind: 'series', path: '/tv/on_the_air' },
  { slug: 'top-rated', name: 'Top rated on TMDB', kind: 'movie', path: '/movie/top_rated' },
  { slug: 'top-rated', name: 'Top rated on TMDB', kind: 'series', path: '/tv/top_rated' },
] as const;
const APPENDED =
  'external_ids,translations,alternative_titles,watch/providers,keywords,credits,images,videos';

/** The Movie Database, API version 3, with a key (v3) or a read access token (v4); films and series, all languages and regions in one answer. */
function createTmdb({ api, apiKey = '' }: ProviderDeps): MetadataProvider {
  const ask = createAsker(api, apiKey);
  return {
    name: 'tmdb',
    idProviders: ['tmdb', 'imdb', 'tvdb', 'wikidata'],
    // Its terms allow six months; what changed is told by `changesSince`.
    keepDays: 14,

    async search({ kind, title, year, language }, signal) {
      const path = kind === 'movie' ? '/search/movie' : '/search/tv';
      // Without the year, which leaves out what another source dates a year beside it.
      const query = { query: title.slice(0, 500), language, include_adult: 'true' };
      const answer = await ask(path, query, (body) => SearchAnswer.parse(body), signal);
      const hits = (answer?.results ?? []).flatMap((hit) => hitOf(kind, hit));
      return year === undefined ? hits : hits.toSorted((a, b) => distance(a, year) - distance(b, year));
    },

    async byId(id, { kind, language }, signal) {
      const number = await numberOf(id, kind, signal);
      if (number === null) return null;
      return kind === 'movie' ? film(number, language, signal) : series(number, language, signal);
    },

    changesSince: (since, kind, signal) => changesSince(ask, since, kind, signal),

    lists: LISTS.map(({ path, kind, ...list }) => ({
      ...list,
      kind,
      titles: (signal) => listed(path, kind, signal),
    })),
  };

  /** Its own number of a title; null: it does not know it, or not as this kind. */
  async function numberOf(
    id: OutsideId,
    kind: 'movie' | 'series',
    signal: AbortSignal,
  ): Promise<string | null> {
    if (id.provider === 'tmdb') return numericId(id.value);
    const by = FOUND_BY.get(id.provider);
    const value = by?.valid(id.value) ?? null;
    if (by === undefined || value === null) return null;
    const query = { external_source: by.source };
    const found = await ask(`/find/${value}`, query, (body) => FindAnswer.parse(body), signal);
    const [first] = (kind === 'movie' ? found?.movie_results : found?.tv_results) ?? [];
    return first === undefined ? null : String(first.id);
  }

  function listed(path: string, kind: 'movie' | 'series', signal: AbortSignal): Promise<SearchHit[]> {
    const hits = pagesOf({ size: LIST_PAGE, max: LIST_PAGES }, async (page) => {
      const query = { language: 'en', page: String(page + 1) };
      const answer = await ask(path, query, (body) => SearchAnswer.parse(body), signal);
      return (answer?.results ?? []).flatMap((hit) => hitOf(kind, hit));
    });
    return allOf(hits);
  }

  async function film(number: string, language: string, signal: AbortSignal): Promise<ProvidedTitle | null> {
    const query = { ...detailQuery(language), append_to_response: `${APPENDED},release_dates` };
    const answer = await ask(`/movie/${number}`, query, (body) => Film.parse(body), signal);
    return answer === null ? null : filmOf(answer);
  }

  async function series(
    number: string,
    language: string,
    signal: AbortSignal,
  ): Promise<ProvidedTitle | null> {
    const path = `/tv/${number}`;
    const query = { ...detailQuery(language), append_to_response: `${APPENDED},content_ratings` };
    const answer = await ask(path, query, (body) => Series.parse(body), signal);
    if (answer === null) return null;
    return seriesOf(answer, await fetchSeasons(ask, path, answer, language, signal));
  }
}

/** Images with no words on them, in the language and in English. */
function detailQuery(language: string) {
  const plain = language.split('-')[0] ?? 'en';
  return { language, include_image_language: [...new Set([plain, 'en', 'null'])].join(',') };
}

type Hit = ReturnType<typeof SearchAnswer.parse>['results'][number];

function hitOf(kind: 'movie' | 'series', hit: Hit): SearchHit[] {
  const title = hit.title ?? hit.name;
  if (title === undefined) return [];
  const day = hit.release_date ?? hit.first_air_date;
  return [
    {
      kind,
      ids: { tmdb: String(hit.id) },
      title,
      ...knownFields({
        originalTitle: hit.original_title ?? hit.original_name,
        year: day === undefined ? undefined : Number(day.slice(0, 4)),
        adult: hit.adult,
        poster: imageUrl('poster', hit.poster_path),
      }),
    },
  ];
}

function distance({ year }: SearchHit, wanted: number): number {
  return year === undefined ? 3 : Math.min(Math.abs(year - wanted), 3);
}

function wikidataId(value: string): string | null {
  return /^Q[1-9]\d{0,11}$/.test(value) ? value : null;
}
