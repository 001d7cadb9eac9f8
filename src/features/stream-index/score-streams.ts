import { torrentScore } from '../../kit/quality-rank.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import type { Db } from '../../platform/db.ts';
import { scoredFacts, setScores } from './queries/scores.ts';

/**
 * Stores the scores of torrents anew, after their swarm or what is known of them changed. A swarm nobody was asked about
 * counts as empty. Other kinds have none: what is on a server is there or not.
 */
export async function scoreStreams(
  db: Db,
  streamIds: readonly number[],
  now: Date = new Date(),
): Promise<void> {
  if (streamIds.length === 0) return;
  const changed = (await scoredFacts(db, streamIds)).flatMap(({ streamId, score: stored, ...facts }) => {
    const { threeD, bitDepth } = parseReleaseName(facts.name);
    const score = torrentScore(
      {
        ...facts,
        seeders: facts.seeders ?? 0,
        leechers: facts.leechers ?? 0,
        bitDepth: bitDepth ?? null,
        is3d: threeD !== undefined,
        releasedAt: facts.publishedAt,
      },
      now,
    );
    return score === stored ? [] : [{ streamId, score }];
  });
  if (changed.length > 0) await setScores(db, changed);
}
