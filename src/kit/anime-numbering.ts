/** Some episodes of an entry stand elsewhere in the series than its season and offset say. */
export type EpisodeRule = {
  /** Whose numbering of the series this is. */
  scheme: 'tvdb' | 'tmdb';
  season: number;
  /** First and last episode of the entry it is for; left out: from the first, to the last. */
  from?: number;
  to?: number;
  /** Added to the entry's number. */
  offset?: number;
  /** The entry's number → the series' number; 0: the series does not have it. Only these when given. */
  pairs?: Readonly<Record<string, number>>;
};

/** How the episodes of one anime entry (a cour, an OVA, a film) stand in the seasons of its series. */
export type Numbering = {
  season: number | null;
  /** Counted through all seasons but the specials, from the series' first episode on. */
  isAbsolute: boolean;
  offset: number;
  rules: readonly EpisodeRule[];
};

export type Place = { season: number; episode: number } | { absolute: number };

/** Where episode `n` of the entry (1 = its first) stands in the series; null: nowhere, or nobody says. */
export function placeInSeries({ season, isAbsolute, offset, rules }: Numbering, n: number): Place | null {
  const paired = rules.find((rule) => rule.pairs?.[n] !== undefined);
  if (paired !== undefined) return placed(paired.season, paired.pairs?.[n] ?? 0);
  const ranged = rules.find(
    (rule) => rule.pairs === undefined && n >= (rule.from ?? 1) && n <= (rule.to ?? Number.POSITIVE_INFINITY),
  );
  if (ranged !== undefined) return placed(ranged.season, n + (ranged.offset ?? 0));
  if (isAbsolute) return n + offset > 0 ? { absolute: n + offset } : null;
  return season === null ? null : placed(season, n + offset);
}

/** The entry's number of an episode of the series; null when the entry does not hold it. A counted-through one is told by its rules alone. */
export function numberInEntry(
  numbering: Numbering,
  { season, episode }: { season: number; episode: number },
): number | null {
  const paired = numbering.rules.flatMap((rule) =>
    Object.entries(rule.pairs ?? {}).flatMap(([n, value]) => (value === episode ? [Number(n)] : [])),
  );
  const ranged = numbering.rules.map((rule) => episode - (rule.offset ?? 0));
  const wanted = [...paired, ...ranged, episode - numbering.offset].find((n) => {
    const place = n > 0 ? placeInSeries(numbering, n) : null;
    return place !== null && 'season' in place && place.season === season && place.episode === episode;
  });
  return wanted ?? null;
}

function placed(season: number, episode: number): Place | null {
  return episode > 0 ? { season, episode } : null;
}
