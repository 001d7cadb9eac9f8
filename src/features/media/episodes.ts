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

/** Two hundred series of a thousand episodes. */
const MAX_EPISODES = 200_000;

/** Season and number of every episode known of some titles, in order. */
export function episodeNumbersOf(db: Db, mediaIds: readonly number[]): Promise<readonly KnownNumber[]> {
  return episodeNumbers(db, mediaIds, MAX_EPISODES);
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
