import { imdbId, numericId } from '../address.ts';
import { allOf, pagesOf } from '../pages.ts';
import type { MetadataProvider, OutsideId, ProviderDeps, ProviderPlug } from '../provider.ts';
import { withToken } from './login.ts';
import {
  type Episode,
  Episodes,
  Found,
  hitOf,
  ownLanguage,
  Remotes,
  titleOf,
  Updates,
  WholeTitle,
} from './shapes.ts';

const MAX_HITS = 20;
/** 20 pages are 10,000 episodes, more than any soap has. */
const EPISODE_PAGES = { size: 500, max: 20 };
/** The size of these is not promised: an empty page is the end. */
const UPDATE_PAGES = { size: 1, max: 200 };

/** TheTVDB v4, with a key: https://thetvdb.github.io/v4-api. It names no quota; five a second is what its own clients do. */
export const tvdb: ProviderPlug = {
  name: 'tvdb',
  limits: { perSecond: 5, burst: 10 },
  needsKey: true,
  open: openTvdb,
};

function openTvdb({ api, apiKey = '' }: ProviderDeps): MetadataProvider {
  const ask = withToken(api, apiKey);
  return {
    name: 'tvdb',
    idProviders: ['tvdb', 'imdb'],
    keepDays: 7,

    async search({ kind, title, year, language }, signal) {
      const query = { query: title, type: kind, year, limit: MAX_HITS };
      const found = await ask({ path: '/search', query, parse: (body) => Found.parse(body), signal });
      return (found?.data ?? []).flatMap((hit) => hitOf(hit, kind, language));
    },

    async byId(id, about, signal) {
      const number = await ownId(id, about.kind, signal);
      if (number === null) return null;
      const path = `/${folderOf(about.kind)}/${number}/extended`;
      const query = { meta: 'translations' };
      const found = await ask({ path, query, parse: (body) => WholeTitle.parse(body), signal });
      if (found === null) return null;
      const isSeries = about.kind === 'series';
      return titleOf(found.data, about, isSeries ? await episodes(number, about.language, signal) : []);
    },

    async *changesSince(since, kind, signal) {
      const updates = pagesOf(UPDATE_PAGES, async (page) => {
        const query = { since: Math.floor(since.getTime() / 1000), type: folderOf(kind), page };
        const found = await ask({ path: '/updates', query, parse: (body) => Updates.parse(body), signal });
        return found?.data ?? [];
      });
      const told = new Set<number>();
      for await (const { recordId, method } of updates) {
        if (method === 'delete' || told.has(recordId)) continue;
        told.add(recordId);
        yield { provider: 'tvdb', value: String(recordId) };
      }
    },
  };

  async function ownId(
    { provider, value }: OutsideId,
    kind: 'movie' | 'series',
    signal: AbortSignal,
  ): Promise<string | null> {
    if (provider === 'tvdb') return numericId(value);
    const imdb = provider === 'imdb' ? imdbId(value) : null;
    if (imdb === null) return null;
    const path = `/search/remoteid/${imdb}`;
    const found = await ask({ path, parse: (body) => Remotes.parse(body), signal });
    const own = (found?.data ?? []).map((remote) => remote[kind]?.id).find((id) => id !== undefined);
    return own === undefined ? null : String(own);
  }

  /** In the order of their first showing, which is the one that releases count by. */
  async function episodes(series: string, language: string, signal: AbortSignal): Promise<Episode[]> {
    const translated = await episodesAt(
      `/series/${series}/episodes/default/${ownLanguage(language)}`,
      signal,
    );
    return translated.length > 0
      ? translated
      : await episodesAt(`/series/${series}/episodes/default`, signal);
  }

  function episodesAt(path: string, signal: AbortSignal): Promise<Episode[]> {
    return allOf(
      pagesOf(EPISODE_PAGES, async (page) => {
        const found = await ask({ path, query: { page }, parse: (body) => Episodes.parse(body), signal });
        return found?.data.episodes ?? [];
      }),
    );
  }
}

function folderOf(kind: 'movie' | 'series'): string {
  return kind === 'movie' ? 'movies' : 'series';
}
