import { AppError } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { ensureEpisodes, episodeNumbersOf } from '../media/index.ts';
import { type FileMatch, type Inside, matchFiles } from './match-files.ts';
import type { LinkTarget } from './schemas.ts';

/** What was matched of one title. */
export type Matched = { mediaId: number; matches: readonly FileMatch[] };

/** Links as they are stored, for each title in its order; episodes nobody told us of are made. */
export async function linksOfMatches(db: Db, matched: readonly Matched[]): Promise<LinkTarget[][]> {
  const wanted = matched.flatMap(({ mediaId, matches }) =>
    matches.flatMap(({ season, episode }) =>
      season === null || episode === null ? [] : [{ mediaId, season, episode }],
    ),
  );
  const episodes = await ensureEpisodes(db, wanted);
  const ids = new Map(episodes.map((e) => [`${e.mediaId} ${e.season} ${e.episode}`, e.episodeId]));
  return matched.map(({ mediaId, matches }) =>
    matches.map(({ season, episode, fileIndex, isSaid }) => ({
      mediaId,
      episodeId: season === null ? null : ids.get(`${mediaId} ${season} ${episode}`),
      fileIndex,
      isVerified: isSaid,
      confidence: isSaid ? 1 : 0.9,
    })),
  );
}

/**
 * Links of whole packs that stand at a series: each file to the episode its name tells. None for a pack whose names tell
 * nothing. Three statements at most, however many packs.
 */
export async function linksOfPacks(
  db: Db,
  packs: readonly { mediaId: number; inside: Inside }[],
): Promise<LinkTarget[][]> {
  if (packs.length === 0) return [];
  const known = await episodeNumbersOf(db, [...new Set(packs.map(({ mediaId }) => mediaId))]);
  const catalogues = Map.groupBy(known, ({ mediaId }) => mediaId);
  return await linksOfMatches(
    db,
    packs.map(({ mediaId, inside }) => ({ mediaId, matches: matchPack(inside, catalogues.get(mediaId)) })),
  );
}

function matchPack(
  inside: Inside,
  catalogue: Parameters<typeof matchFiles>[0]['catalogue'] = [],
): FileMatch[] {
  try {
    return matchFiles(
      { kind: 'series', season: undefined, episode: undefined, fileIndex: undefined, catalogue },
      inside,
    );
  } catch (error) {
    if (error instanceof AppError && error.code === 'streams.which_episode') return [];
    throw error;
  }
}
