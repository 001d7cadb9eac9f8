import { address, numericId } from '../address.ts';
import { allOf, byNumber, pagesOf } from '../pages.ts';
import {
  LIST_PAGES,
  type MetadataProvider,
  type ProvidedEpisode,
  type ProviderDeps,
  type ProviderPlug,
} from '../provider.ts';
import { Episodes, episodesOf, Found, hitOf, kindOf, titleOf, WholeAnime } from './shapes.ts';

const API = 'https://api.jikan.moe/v4';
const MAX_HITS = 25;
const EPISODE_PAGE = 100;
const MAX_EPISODE_PAGES = 20;

/**
 * MyAnimeList by Jikan v4, anime only, without a key: https://docs.api.jikan.moe. 3 requests a second and 60 a minute from one address. It
 * tells no changes.
 */
export const mal: ProviderPlug = {
  name: 'mal',
  limits: { perSecond: 0.9, burst: 3 },
  needsKey: false,
  open: ({ api }) => openMal(api),
};

function openMal(api: ProviderDeps['api']): MetadataProvider {
  return {
    name: 'mal',
    idProviders: ['mal'],
    keepDays: 7,

    async search({ kind, title }, signal) {
      const type = kind === 'movie' ? 'movie' : undefined;
      const url = address(API, '/anime', { q: title, type, limit: MAX_HITS });
      const found = await api.get({ url, parse: (body) => Found.parse(body), signal });
      return (found?.data ?? []).filter((anime) => kindOf(anime) === kind).map(hitOf);
    },

    lists: [
      {
        slug: 'season',
        name: 'This season (MyAnimeList)',
        kind: 'series',
        async titles(signal) {
          const season = pagesOf({ size: MAX_HITS, max: LIST_PAGES }, async (page) => {
            const url = address(API, '/seasons/now', { page: page + 1 });
            return (await api.get({ url, parse: (body) => Found.parse(body), signal }))?.data ?? [];
          });
          return (await allOf(season)).filter((anime) => kindOf(anime) === 'series').map(hitOf);
        },
      },
    ],

    async byId({ provider, value }, _about, signal) {
      const number = provider === 'mal' ? numericId(value) : null;
      if (number === null) return null;
      const url = address(API, `/anime/${number}/full`);
      const found = await api.get({ url, parse: (body) => WholeAnime.parse(body), signal });
      if (found === null) return null;
      return titleOf(found.data, kindOf(found.data) === 'movie' ? [] : await episodes(number, signal));
    },
  };

  function episodes(anime: string, signal: AbortSignal): Promise<ProvidedEpisode[]> {
    const pages = pagesOf({ size: EPISODE_PAGE, max: MAX_EPISODE_PAGES }, async (page) => {
      const url = address(API, `/anime/${anime}/episodes`, { page: page + 1 });
      const answer = await api.get({ url, parse: (body) => Episodes.parse(body), signal });
      return answer === null ? [] : episodesOf(answer);
    });
    return byNumber(pages);
  }
}
