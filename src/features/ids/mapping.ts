import type { Mapping } from './queries.ts';

export function emptyMapping(list: Mapping['list']): Mapping {
  return {
    ...{ list, entry: '', type: null, mal: null, anilist: null, kitsu: null, anidb: null, imdb: null },
    ...{ tmdb_movie: null, tmdb_tv: null, tvdb: null, trakt: null },
    ...{ tvdb_season: null, tvdb_absolute: false, tvdb_offset: null },
    ...{ tmdb_season: null, tmdb_absolute: false, tmdb_offset: null, rules: [] },
  };
}

const ANIME_IDS = ['anidb', 'mal', 'anilist', 'kitsu'] as const;
const SERIES_IDS = ['imdb', 'tmdb_movie', 'tmdb_tv', 'tvdb', 'trakt'] as const;

/** The entry under the name of its first anime id; null: it has none, or nothing beside it that could be learned. */
export function withoutNothing(mapping: Mapping): Mapping | null {
  const name = ANIME_IDS.find((id) => mapping[id] !== null);
  const known = [...ANIME_IDS, ...SERIES_IDS].filter((id) => mapping[id] !== null);
  return name === undefined || known.length < 2 ? null : { ...mapping, entry: `${name}:${mapping[name]}` };
}
