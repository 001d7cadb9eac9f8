import { numericId } from '../address.ts';
import { pagesOf, untilOlder } from '../pages.ts';
import type { MetadataProvider, ProviderDeps, ProviderPlug } from '../provider.ts';
import {
  BY_ID,
  CHANGED,
  Changed,
  Found,
  hitOf,
  kindOf,
  SEARCH,
  TRENDING,
  TRENDING_FILMS,
  titleOf,
  WholeMedia,
} from './shapes.ts';

const API = new URL('https://graphql.anilist.co/');
/** It goes no further than 5,000 entries. */
const MAX_CHANGE_PAGES = 100;
const PAGE = 50;

/** AniList, anime only, without a key: GraphQL, https://docs.anilist.co. 90 requests a minute, and 30 while it is short of machines. */
export const anilist: ProviderPlug = {
  name: 'anilist',
  limits: { perSecond: 0.45, burst: 3 },
  needsKey: false,
  open: ({ api }) => openAnilist(api),
};

function openAnilist(api: ProviderDeps['api']): MetadataProvider {
  return {
    name: 'anilist',
    idProviders: ['anilist', 'mal'],
    keepDays: 7,

    async search({ kind, title }, signal) {
      const found = await ask(SEARCH, { search: title }, (body) => Found.parse(body), signal);
      return (found?.data.Page.media ?? []).filter((hit) => kindOf(hit) === kind).flatMap(hitOf);
    },

    lists: (['movie', 'series'] as const).map((kind) => ({
      slug: 'trending',
      name: 'Trending on AniList',
      kind,
      async titles(signal) {
        const isFilm = kind === 'movie';
        const found = await ask(isFilm ? TRENDING_FILMS : TRENDING, {}, (body) => Found.parse(body), signal);
        return (found?.data.Page.media ?? []).filter((hit) => kindOf(hit) === kind).flatMap(hitOf);
      },
    })),

    async byId({ provider, value }, _about, signal) {
      const number = numericId(value);
      if (number === null || !['anilist', 'mal'].includes(provider)) return null;
      const wanted = provider === 'mal' ? { idMal: Number(number) } : { id: Number(number) };
      // It answers 404 for what it does not know.
      const found = await ask(BY_ID, wanted, (body) => WholeMedia.parse(body), signal);
      return found?.data.Media ? titleOf(found.data.Media) : null;
    },

    changesSince(since, kind, signal) {
      const changes = pagesOf({ size: PAGE, max: MAX_CHANGE_PAGES }, async (page) => {
        const answer = await ask(CHANGED, { page: page + 1 }, (body) => Changed.parse(body), signal);
        return answer?.data.Page.media ?? [];
      });
      return untilOlder(changes, since, (media) => ({
        id: kindOf(media) === kind ? { provider: 'anilist', value: String(media.id) } : null,
        atMs: media.updatedAt * 1000,
      }));
    },
  };

  function ask<T>(
    query: string,
    variables: Readonly<Record<string, string | number>>,
    parse: (body: unknown) => T,
    signal: AbortSignal,
  ): Promise<T | null> {
    return api.get({ url: API, method: 'POST', body: { query, variables }, parse, signal });
  }
}
