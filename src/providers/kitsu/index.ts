import { address, numericId } from '../address.ts';
import { byNumber, pagesOf, untilOlder } from '../pages.ts';
import type {
  MetadataProvider,
  OutsideId,
  ProvidedEpisode,
  ProviderDeps,
  ProviderPlug,
} from '../provider.ts';
import {
  Changed,
  Episodes,
  episodesOf,
  Found,
  hitOf,
  kindOf,
  Mapped,
  titleOf,
  WholeAnime,
} from './shapes.ts';

const API = 'https://kitsu.app/api/edge';
const HEADERS = { accept: 'application/vnd.api+json' };
/** It gives no more at a time. */
const PAGE = 20;
/** 1,200 episodes, of which the longest that run have some. */
const MAX_EPISODE_PAGES = 60;
/** What changed more often than that is found when it is asked for. */
const MAX_CHANGE_PAGES = 100;
const SITES = new Map([
  ['mal', 'myanimelist/anime'],
  ['anilist', 'anilist/anime'],
]);

/** Kitsu, anime only, without a key: JSON:API, https://kitsu.docs.apiary.io. It names no quota; this is what its own page does. */
export const kitsu: ProviderPlug = {
  name: 'kitsu',
  limits: { perSecond: 2, burst: 5 },
  needsKey: false,
  open: ({ api }) => openKitsu(api),
};

function openKitsu(api: ProviderDeps['api']): MetadataProvider {
  return {
    name: 'kitsu',
    idProviders: ['kitsu', 'mal', 'anilist'],
    keepDays: 7,

    async search({ kind, title }, signal) {
      const url = address(API, '/anime', { 'filter[text]': title, 'page[limit]': PAGE });
      const found = await ask(url, (body) => Found.parse(body), signal);
      return (found?.data ?? []).filter((anime) => kindOf(anime) === kind).map(hitOf);
    },

    async byId(id, _about, signal) {
      const number = await ownId(id, signal);
      if (number === null) return null;
      const url = address(API, `/anime/${number}`, { include: 'categories,mappings' });
      const anime = await ask(url, (body) => WholeAnime.parse(body), signal);
      if (anime === null) return null;
      return titleOf(anime, kindOf(anime.data) === 'movie' ? [] : await episodes(number, signal));
    },

    changesSince(since, kind, signal) {
      const changes = pagesOf({ size: PAGE, max: MAX_CHANGE_PAGES }, async (page) => {
        const url = address(API, '/anime', {
          sort: '-updatedAt',
          'fields[anime]': 'updatedAt,subtype',
          'page[limit]': PAGE,
          'page[offset]': page * PAGE,
        });
        return (await ask(url, (body) => Changed.parse(body), signal))?.data ?? [];
      });
      return untilOlder(changes, since, (anime) => ({
        id: kindOf(anime) === kind ? { provider: 'kitsu', value: anime.id } : null,
        atMs: Date.parse(anime.attributes.updatedAt),
      }));
    },
  };

  function ask<T>(url: URL, parse: (body: unknown) => T, signal: AbortSignal): Promise<T | null> {
    return api.get({ url, parse, headers: HEADERS, signal });
  }

  async function ownId({ provider, value }: OutsideId, signal: AbortSignal): Promise<string | null> {
    const number = numericId(value);
    if (provider === 'kitsu' || number === null) return number;
    const site = SITES.get(provider);
    if (site === undefined) return null;
    const url = address(API, '/mappings', {
      'filter[externalSite]': site,
      'filter[externalId]': number,
      include: 'item',
    });
    const mapped = await ask(url, (body) => Mapped.parse(body), signal);
    return mapped?.included.find(({ type }) => type === 'anime')?.id ?? null;
  }

  function episodes(anime: string, signal: AbortSignal): Promise<ProvidedEpisode[]> {
    const pages = pagesOf({ size: PAGE, max: MAX_EPISODE_PAGES }, async (page) => {
      const url = address(API, `/anime/${anime}/episodes`, {
        sort: 'number',
        'page[limit]': PAGE,
        'page[offset]': page * PAGE,
      });
      return (await ask(url, (body) => Episodes.parse(body), signal))?.data ?? [];
    });
    return byNumber(episodesOf(pages));
  }
}
