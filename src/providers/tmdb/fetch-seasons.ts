import type { Ask } from './ask.ts';
import { AppendedSeasons, Season, type Series } from './shapes.ts';

/** What one request may append. */
const SEASONS_AT_ONCE = 20;
/** The most that any series has are some 70; daily shows count by years. */
const MAX_SEASONS = 200;

/** All seasons of a series with their episodes, twenty a request; one that is not understood is left out. */
export async function fetchSeasons(
  ask: Ask,
  path: string,
  series: Series,
  language: string,
  signal: AbortSignal,
): Promise<Season[]> {
  const numbers = [...new Set(series.seasons.map((season) => season.season_number))].slice(0, MAX_SEASONS);
  const seasons: Season[] = [];
  for (let from = 0; from < numbers.length; from += SEASONS_AT_ONCE) {
    const names = numbers.slice(from, from + SEASONS_AT_ONCE).map((number) => `season/${number}`);
    const query = { language, append_to_response: names.join(',') };
    const answer = await ask(path, query, (body) => AppendedSeasons.parse(body), signal);
    const parts = new Map(Object.entries(answer ?? {}));
    for (const name of names) {
      const season = Season.safeParse(parts.get(name));
      if (season.success) seasons.push(season.data);
    }
  }
  return seasons;
}
