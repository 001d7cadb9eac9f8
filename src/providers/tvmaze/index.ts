import { address, imdbId, numericId } from '../address.ts';
import type { MetadataProvider, OutsideId, ProviderDeps, ProviderPlug } from '../provider.ts';
import { Found, hitOf, ShowId, titleOf, Updates, WholeShow } from './shapes.ts';

const API = 'https://api.tvmaze.com';
const DAY_MS = 24 * 3600 * 1000;
const EMBEDDED = ['seasons', 'episodes', 'cast', 'crew', 'akas', 'images'];
/** How each of them calls its id where a show is looked up. */
const LOOKUPS = new Map([
  ['imdb', { field: 'imdb', valid: imdbId }],
  ['tvdb', { field: 'thetvdb', valid: numericId }],
]);

/** TVmaze, series only, without a key: https://www.tvmaze.com/api. It bears 20 requests in 10 s from one address. */
export const tvmaze: ProviderPlug = {
  name: 'tvmaze',
  limits: { perSecond: 1.8, burst: 5 },
  needsKey: false,
  open: ({ api }) => openTvmaze(api),
};

function openTvmaze(api: ProviderDeps['api']): MetadataProvider {
  return {
    name: 'tvmaze',
    idProviders: ['tvmaze', 'imdb', 'tvdb'],
    keepDays: 3,

    async search({ kind, title }, signal) {
      if (kind === 'movie') return [];
      const url = address(API, '/search/shows', { q: title });
      const found = await api.get({ url, parse: (body) => Found.parse(body), signal });
      return (found ?? []).map(({ show }) => hitOf(show));
    },

    async byId(id, { kind }, signal) {
      const number = kind === 'movie' ? null : await ownId(id, signal);
      if (number === null) return null;
      const url = address(API, `/shows/${number}`);
      for (const what of EMBEDDED) url.searchParams.append('embed[]', what);
      return await api.get({ url, parse: (body) => titleOf(WholeShow.parse(body)), signal });
    },

    async *changesSince(since, kind, signal) {
      if (kind === 'movie') return;
      const url = address(API, '/updates/shows', { since: spanSince(since) });
      const updates = await api.get({ url, parse: (body) => Updates.parse(body), signal });
      for (const [value, seconds] of Object.entries(updates ?? {}))
        if (seconds * 1000 >= since.getTime()) yield { provider: 'tvmaze', value };
    },
  };

  async function ownId({ provider, value }: OutsideId, signal: AbortSignal): Promise<string | null> {
    if (provider === 'tvmaze') return numericId(value);
    const lookup = LOOKUPS.get(provider);
    const valid = lookup?.valid(value) ?? null;
    if (lookup === undefined || valid === null) return null;
    const url = address(API, '/lookup/shows', { [lookup.field]: valid });
    const found = await api.get({ url, parse: (body) => ShowId.parse(body), signal });
    return found === null ? null : String(found.id);
  }
}

/** It tells the changes of a day, a week, a month, or all. */
function spanSince(since: Date): string | undefined {
  const ageMs = Date.now() - since.getTime();
  if (ageMs < DAY_MS) return 'day';
  if (ageMs < 7 * DAY_MS) return 'week';
  return ageMs < 30 * DAY_MS ? 'month' : undefined;
}
