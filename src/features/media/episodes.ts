import type { Db } from '../../platform/db.ts';
import {
  type EpisodeId,
  episodeIds,
  episodeNumbers,
  insertMissingEpisodes,
  insertMissingSeasons,
  type KnownNumber,
} from './queries/seasons.ts';

type Numbered = { mediaId: number; season: number; episode: number };

/** The episodes with these numbers; an unknown one is left out. */
export async function episodesOf(db: Db, wanted: readonly Numbered[]): Promise<readonly EpisodeId[]> {
  return wanted.length === 0 ? [] : episodeIds(db, wanted);
}

/** Longer than any series runs. */
const MAX_EPISODES = 50_000;

/** Season and number of every episode known of a title, in order. */
export function episodeNumbersOf(db: Db, mediaId: number): Promise<readonly KnownNumber[]> {
  return episodeNumbers(db, mediaId, MAX_EPISODES);
}

/** As `episodesOf`, but seasons and episodes nobody told us of are made, without a title or a date. */
export async function ensureEpisodes(db: Db, wanted: readonly Numbered[]): Promise<readonly EpisodeId[]> {
  const known = await episodesOf(db, wanted);
  const isKnown = new Set(known.map(keyOf));
  const missing = wanted.filter((episode) => !isKnown.has(keyOf(episode)));
  if (missing.length === 0) return known;
  await insertMissingSeasons(db, missing);
  await insertMissingEpisodes(db, missing);
  return episodeIds(db, wanted);
}

function keyOf({ mediaId, season, episode }: Numbered): string {
  return `${mediaId} ${season} ${episode}`;
}
