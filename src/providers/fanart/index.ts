import { address, imdbId, numericId } from '../address.ts';
import type { MetadataProvider, OutsideId, ProviderDeps, ProviderPlug } from '../provider.ts';
import { Film, filmOf, LatestFilms, LatestShows, Show, showOf } from './shapes.ts';

const API = 'https://webservice.fanart.tv/v3';

/** fanart.tv, images only, with a key: https://fanart.tv/api-docs. It names no quota. It has no ids of its own and is not searched. */
export const fanart: ProviderPlug = {
  name: 'fanart',
  limits: { perSecond: 4, burst: 10 },
  needsKey: true,
  open: openFanart,
};

function openFanart({ api, apiKey = '' }: ProviderDeps): MetadataProvider {
  const headers = { 'api-key': apiKey };
  return {
    name: 'fanart',
    idProviders: ['tmdb', 'imdb', 'tvdb'],
    keepDays: 14,

    async byId(id, { kind }, signal) {
      const path = kind === 'movie' ? filmPath(id) : showPath(id);
      if (path === null) return null;
      const parse = (body: unknown) =>
        kind === 'movie' ? filmOf(Film.parse(body)) : showOf(Show.parse(body));
      return await api.get({ url: address(API, path), headers, parse, signal });
    },

    async *changesSince(since, kind, signal) {
      const folder = kind === 'movie' ? 'movies' : 'tv';
      const url = address(API, `/${folder}/latest`, { date: Math.floor(since.getTime() / 1000) });
      const parse = (body: unknown) =>
        kind === 'movie' ? LatestFilms.parse(body).flatMap(filmId) : LatestShows.parse(body).flatMap(showId);
      const told = new Set<string>();
      for (const id of (await api.get({ url, headers, parse, signal })) ?? []) {
        if (told.has(id.value)) continue;
        told.add(id.value);
        yield id;
      }
    },
  };
}

/** Films are asked for by the id of TMDB or IMDb, shows by that of TVDB. */
function filmPath({ provider, value }: OutsideId): string | null {
  const id = provider === 'tmdb' ? numericId(value) : provider === 'imdb' ? imdbId(value) : null;
  return id === null ? null : `/movies/${id}`;
}

function showPath({ provider, value }: OutsideId): string | null {
  const id = provider === 'tvdb' ? numericId(value) : null;
  return id === null ? null : `/tv/${id}`;
}

function filmId({
  tmdb_id,
  imdb_id,
}: {
  tmdb_id?: string | undefined;
  imdb_id?: string | undefined;
}): OutsideId[] {
  if (tmdb_id !== undefined) return [{ provider: 'tmdb', value: tmdb_id }];
  return imdb_id === undefined ? [] : [{ provider: 'imdb', value: imdb_id }];
}

function showId({ id }: { id?: string | undefined }): OutsideId[] {
  return id === undefined ? [] : [{ provider: 'tvdb', value: id }];
}
