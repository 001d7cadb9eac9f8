import { languageOf } from '../../kit/language.ts';
import { address, imdbId, numericId } from '../address.ts';
import { pagesOf } from '../pages.ts';
import type { MetadataProvider, OutsideId, ProviderDeps, ProviderPlug } from '../provider.ts';
import { Found, hitOf, People, Seasons, Translations, titleOf, UpdatedIds, WholeTitle } from './shapes.ts';

type Kind = 'movie' | 'series';

const API = 'https://api.trakt.tv';
const MAX_HITS = 20;
const LIST_LENGTH = 100;
/** It remembers no further back. */
const LONGEST_SINCE_MS = 30 * 24 * 3600 * 1000;
const UPDATE_PAGES = { size: 100, max: 200 };
/** What it calls a kind: in its folders, and in a search. */
const WORDS = {
  movie: { folder: 'movies', type: 'movie' },
  series: { folder: 'shows', type: 'show' },
} as const;

/** Trakt, with the client id of an application: https://trakt.docs.apiary.io. 1,000 requests in five minutes. */
export const trakt: ProviderPlug = {
  name: 'trakt',
  limits: { perSecond: 3, burst: 10 },
  needsKey: true,
  open: openTrakt,
};

function openTrakt({ api, apiKey = '' }: ProviderDeps): MetadataProvider {
  const headers = { 'trakt-api-version': '2', 'trakt-api-key': apiKey };
  return {
    name: 'trakt',
    idProviders: ['trakt', 'imdb', 'tmdb', 'tvdb'],
    keepDays: 7,

    async search({ kind, title, year }, signal) {
      const query = { query: title, years: year, limit: MAX_HITS };
      return (await find(`/search/${WORDS[kind].type}`, query, kind, signal)).map((it) => hitOf(it, kind));
    },

    lists: (['movie', 'series'] as const).map((kind) => ({
      slug: 'trending',
      name: 'Trending on Trakt',
      kind,
      titles: async (signal) =>
        (await find(`/${WORDS[kind].folder}/trending`, { limit: LIST_LENGTH }, kind, signal)).map((it) =>
          hitOf(it, kind),
        ),
    })),

    async byId(id, { kind, language }, signal) {
      const own = await ownId(id, kind, signal);
      if (own === null) return null;
      const path = `/${WORDS[kind].folder}/${own}`;
      const url = address(API, path, { extended: 'full' });
      const it = await ask(url, (body) => WholeTitle.parse(body), signal);
      if (it === null) return null;
      return titleOf(it, kind, {
        seasons: kind === 'series' ? await seasons(path, signal) : [],
        people: await ask(address(API, `${path}/people`), (body) => People.parse(body), signal),
        translations: await translations(path, language, signal),
      });
    },

    async *changesSince(since, kind, signal) {
      const from = new Date(Math.max(since.getTime(), Date.now() - LONGEST_SINCE_MS));
      // Whole hours are answered from its cache, and any other time is refused.
      const hour = `${from.toISOString().slice(0, 13)}:00:00Z`;
      const ids = pagesOf(UPDATE_PAGES, async (page) => {
        const query = { page: page + 1, limit: UPDATE_PAGES.size };
        const url = address(API, `/${WORDS[kind].folder}/updates/id/${hour}`, query);
        return (await ask(url, (body) => UpdatedIds.parse(body), signal)) ?? [];
      });
      const told = new Set<number>();
      for await (const id of ids) {
        if (told.has(id)) continue;
        told.add(id);
        yield { provider: 'trakt', value: String(id) };
      }
    },
  };

  function ask<T>(url: URL, parse: (body: unknown) => T, signal: AbortSignal): Promise<T | null> {
    return api.get({ url, headers, parse, signal });
  }

  async function find(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    kind: Kind,
    signal: AbortSignal,
  ) {
    const found = await ask(address(API, path, query), (body) => Found.parse(body), signal);
    return (found ?? []).flatMap((hit) => hit[WORDS[kind].type] ?? []);
  }

  /** It takes its own ids and those of IMDb as they are; the others are looked up. */
  async function ownId(
    { provider, value }: OutsideId,
    kind: Kind,
    signal: AbortSignal,
  ): Promise<string | null> {
    if (provider === 'imdb') return imdbId(value);
    const number = numericId(value);
    if (number === null || provider === 'trakt') return number;
    if (provider !== 'tmdb' && provider !== 'tvdb') return null;
    const [it] = await find(`/search/${provider}/${number}`, { type: WORDS[kind].type }, kind, signal);
    return it === undefined ? null : String(it.ids.trakt);
  }

  async function seasons(path: string, signal: AbortSignal) {
    const url = address(API, `${path}/seasons`, { extended: 'full,episodes' });
    return (await ask(url, (body) => Seasons.parse(body), signal)) ?? [];
  }

  /** What it tells of a title is English. */
  async function translations(path: string, language: string, signal: AbortSignal) {
    const [code = 'en'] = languageOf(language)?.code.split('-') ?? [];
    if (code === 'en' || code.length !== 2) return [];
    const url = address(API, `${path}/translations/${code}`);
    return (await ask(url, (body) => Translations.parse(body), signal)) ?? [];
  }
}
