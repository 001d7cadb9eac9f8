import type { Net } from '../platform/net.ts';
import type { Finder, FinderPlace, FindQuery, Found, FoundRelease, ReleaseIds } from './finder.ts';
import { FinderFailed } from './finder-failed.ts';
import type { NabCaps } from './nab-caps.ts';
import { createNabClient, type NabClient, type NabQuestion, type NabVocabulary } from './nab-client.ts';

export type FinderDeps = {
  net: Pick<Net, 'request'>;
  /** What an indexer said it can do, kept for a day: `ask` is called where that is over. */
  keepCaps(ask: (signal: AbortSignal) => Promise<NabCaps>, signal: AbortSignal): Promise<NabCaps>;
};

const MOVIES = 2000;
const TV = 5000;
/** The order in which ids are trusted: by how many indexers file under them. */
const ID_ORDER: Readonly<Record<FindQuery['kind'], readonly (keyof ReleaseIds)[]>> = {
  movie: ['imdb', 'tmdb'],
  series: ['tvdb', 'imdb', 'tmdb'],
};

/** An indexer as a finder: asked by id where it can be, by text where that finds nothing. */
export function nabFinder(deps: FinderDeps, place: FinderPlace, vocabulary: NabVocabulary): Finder {
  const client = createNabClient(deps.net, place, vocabulary);
  return {
    async find(query, signal) {
      const caps = await deps.keepCaps(client.caps, signal);
      const byId = await askAll(client, caps, questionsById(query, caps, place), signal);
      if (byId.releases.length > 0 || byId.restMs !== null) return byId;
      return await askAll(client, caps, questionsByText(query, caps, place), signal);
    },
    async test(signal) {
      const caps = await client.caps(signal);
      const question = { t: 'search', params: categoryOf([MOVIES, TV], caps, place) } as const;
      const { releases } = await client.search(question, caps, signal);
      const by = [...new Set([...caps.movie.params, ...caps.tv.params])].filter((param) =>
        param.endsWith('id'),
      );
      const ids = by.length === 0 ? 'by text only' : `by ${by.join(', ')}`;
      return `${caps.title ?? 'An indexer'}: ${caps.categories.length} categories, searched ${ids}, ${releases.length} releases just now.`;
    },
  };
}

/** One after the other, since most indexers count requests, until one says that it is enough. */
async function askAll(
  client: NabClient,
  caps: NabCaps,
  questions: readonly NabQuestion[],
  signal: AbortSignal,
): Promise<Found> {
  const releases = new Map<string, FoundRelease>();
  let restMs: number | null = null;
  for (const question of questions) {
    const found = await client.search(question, caps, signal).catch((error: unknown) => {
      if (error instanceof FinderFailed && (error.fault === 'request' || releases.size > 0))
        return { releases: [], restMs: error.restMs };
      throw error;
    });
    for (const release of found.releases) releases.set(release.guid, release);
    restMs = found.restMs;
    if (restMs !== null) break;
  }
  return { releases: [...releases.values()], restMs };
}

function questionsById(query: FindQuery, caps: NabCaps, place: FinderPlace): NabQuestion[] {
  const mode = query.kind === 'movie' ? caps.movie : caps.tv;
  const id = ID_ORDER[query.kind].find(
    (name) => mode.isAvailable && mode.params.includes(`${name}id`) && query.ids[name] !== undefined,
  );
  if (id === undefined) return [];
  // IMDb's number goes without its letters (Newznab), which Jackett and Prowlarr take as well.
  const named = { [`${id}id`]: query.ids[id]?.replace(/^tt/, '') ?? '' };
  if (query.kind === 'movie')
    return [{ t: 'movie', params: { ...named, ...categoryOf([MOVIES], caps, place) } }];
  const tv = { ...named, ...categoryOf([TV], caps, place) };
  return seasonsOf(query, mode.params).map((numbers) => ({ t: 'tvsearch', params: { ...tv, ...numbers } }));
}

/** The episode, then all of its season: the packs it is in stand under no episode. */
function seasonsOf({ season, episode }: FindQuery, params: readonly string[]): Record<string, string>[] {
  if (season === undefined || !params.includes('season')) return [{}];
  const whole = { season: `${season}` };
  return episode === undefined || !params.includes('ep') ? [whole] : [{ ...whole, ep: `${episode}` }, whole];
}

function questionsByText(query: FindQuery, caps: NabCaps, place: FinderPlace): NabQuestion[] {
  const [title = ''] = query.titles.map(plainText).filter((text) => text !== '');
  if (title === '') return [];
  if (query.kind === 'series') return seriesByText(query, title, caps, place);
  const q = query.year === null ? title : `${title} ${query.year}`;
  const params = { q, ...categoryOf([MOVIES], caps, place) };
  if (caps.movie.isAvailable && caps.movie.params.includes('q')) return [{ t: 'movie', params }];
  return caps.search.isAvailable ? [{ t: 'search', params }] : [];
}

function seriesByText(query: FindQuery, q: string, caps: NabCaps, place: FinderPlace): NabQuestion[] {
  const tv = { q, ...categoryOf([TV], caps, place) };
  if (caps.tv.isAvailable && caps.tv.params.includes('q'))
    return seasonsOf(query, caps.tv.params).map((numbers) => ({
      t: 'tvsearch',
      params: { ...tv, ...numbers },
    }));
  if (!caps.search.isAvailable) return [];
  const two = (number: number) => `${number}`.padStart(2, '0');
  const { season, episode } = query;
  if (season === undefined) return [{ t: 'search', params: tv }];
  const numbers = [...(episode === undefined ? [] : [`S${two(season)}E${two(episode)}`]), `S${two(season)}`];
  return numbers.map((number) => ({ t: 'search', params: { ...tv, q: `${q} ${number}` } }));
}

/** What the owner chose, else those of the standard that the indexer has; one that names none gets them all the same. */
function categoryOf(
  wanted: readonly number[],
  { categories }: NabCaps,
  place: FinderPlace,
): { cat?: string } {
  if (place.categories.length > 0) return { cat: place.categories.join(',') };
  const has = (tree: number) => categories.some(({ id }) => id >= tree && id < tree + 1000);
  const known = categories.length === 0 ? wanted : wanted.filter(has);
  return known.length === 0 ? {} : { cat: known.join(',') };
}

/** As indexers split words: an apostrophe joins, other marks part. */
function plainText(title: string): string {
  return title
    .replace(/['’`´]/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}
