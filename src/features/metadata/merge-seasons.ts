import type { SoundFields } from './sound-fields.ts';

export type SeasonParts = NonNullable<SoundFields['seasons']>[number];
export type EpisodeParts = NonNullable<SeasonParts['episodes']>[number];

/**
 * The first list that has any says which seasons and episodes there are; the others only fill what it leaves open, since two sources may
 * number one series differently.
 */
export function mergeSeasons(lists: readonly (readonly SeasonParts[])[]): SeasonParts[] {
  const [first = [], ...others] = lists.filter((list) => list.length > 0);
  return first.map((season) => {
    const alike = others.flatMap((list) => list.filter(({ number }) => number === season.number));
    const filled: SeasonParts = Object.assign({}, ...[season, ...alike].reverse());
    if (season.episodes === undefined && filled.episodes === undefined) return filled;
    return { ...filled, episodes: mergeEpisodes(season.episodes ?? filled.episodes ?? [], alike) };
  });
}

function mergeEpisodes(first: readonly EpisodeParts[], seasons: readonly SeasonParts[]): EpisodeParts[] {
  const others = new Map<number, EpisodeParts>();
  for (const { episodes = [] } of seasons)
    for (const episode of episodes) others.set(episode.number, { ...episode, ...others.get(episode.number) });
  return first.map((episode) => ({ ...others.get(episode.number), ...episode }));
}

type StoredEpisode = {
  number: number;
  title: string | null;
  overview: string | null;
  airDate: string | null;
  runtimeMinutes: number | null;
  thumbnailUrl: string | null;
};
export type StoredSeason = {
  number: number;
  title: string | null;
  overview: string | null;
  airDate: string | null;
  posterUrl: string | null;
  episodes: readonly StoredEpisode[];
};

/**
 * What of the seasons is to be written: a field is filled where nothing stands, and changed where there stands what the providers said the last
 * time. What a person wrote stays.
 */
export function seasonsToWrite(
  stored: readonly StoredSeason[],
  next: readonly SeasonParts[],
  before: readonly SeasonParts[],
): SeasonParts[] {
  const [known, last] = [byNumber(stored), byNumber(before)];
  return next.map((season) => {
    const [now, then] = [known.get(season.number), last.get(season.number)];
    const heads = now && { ...now, poster: now.posterUrl };
    const [episodesNow, episodesThen] = [byNumber(now?.episodes ?? []), byNumber(then?.episodes ?? [])];
    const { episodes, ...head } = season;
    return {
      ...changes(head, heads, then),
      ...(episodes === undefined
        ? {}
        : {
            episodes: episodes.map((episode) => {
              const own = episodesNow.get(episode.number);
              const held = own && { ...own, thumbnail: own.thumbnailUrl };
              return changes(episode, held, episodesThen.get(episode.number));
            }),
          }),
    };
  });
}

function byNumber<T extends { number: number }>(list: readonly T[]): Map<number, T> {
  return new Map(list.map((entry) => [entry.number, entry]));
}

/** The fields that may be written, and the number. */
function changes<T extends { number: number }>(
  next: T,
  stored: object | undefined,
  before: object | undefined,
): T {
  const [now, then] = [new Map(Object.entries(stored ?? {})), new Map(Object.entries(before ?? {}))];
  const result = { ...next };
  for (const [field, value] of Object.entries(next)) {
    const held = now.get(field) ?? null;
    if (field === 'number' || held === null) continue;
    if (held === value || held !== then.get(field)) Reflect.deleteProperty(result, field);
  }
  return result;
}
