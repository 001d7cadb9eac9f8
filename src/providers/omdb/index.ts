import { UpstreamFailed } from '../../kit/errors.ts';
import { address, imdbId } from '../address.ts';
import type { MetadataProvider, ProviderDeps, ProviderPlug } from '../provider.ts';
import { Found, hitOf, isNotFound, isUsedUp, titleOf, WholeTitle } from './shapes.ts';

const API = 'https://www.omdbapi.com';

/**
 * OMDb, with a key: https://www.omdbapi.com. A free key has 1,000 requests a day, so seasons, a request each, are left to others; it tells no
 * changes. Ratings of IMDb, Rotten Tomatoes and Metacritic are what it is asked for.
 */
export const omdb: ProviderPlug = {
  name: 'omdb',
  limits: { perSecond: 2, burst: 5 },
  needsKey: true,
  open: openOmdb,
};

function openOmdb({ api, apiKey }: ProviderDeps): MetadataProvider {
  return {
    name: 'omdb',
    idProviders: ['imdb'],
    keepDays: 14,

    async search({ kind, title, year }, signal) {
      const found = await ask({ s: title, type: kind, y: year }, (body) => Found.parse(body), signal);
      return found?.Response === 'True' ? found.Search.flatMap(hitOf) : [];
    },

    async byId({ provider, value }, _about, signal) {
      const id = provider === 'imdb' ? imdbId(value) : null;
      if (id === null) return null;
      const found = await ask({ i: id, plot: 'full' }, (body) => WholeTitle.parse(body), signal);
      return found?.Response === 'True' ? titleOf(found) : null;
    },
  };

  /** Null: not found. It knows no header for the key, which therefore stands in the address. */
  async function ask<T extends { Response: 'True' } | { Response: 'False'; Error: string }>(
    query: Readonly<Record<string, string | number | undefined>>,
    parse: (body: unknown) => T,
    signal: AbortSignal,
  ): Promise<T | null> {
    const url = address(API, '/', { apikey: apiKey, ...query });
    const found = await api.get({ url, parse, isUsedUp, signal });
    if (found?.Response === 'False') {
      if (isNotFound(found)) return null;
      throw new UpstreamFailed('omdb says that it failed.', { retryable: true });
    }
    return found;
  }
}
