import { setImmediate as nextTurn } from 'node:timers/promises';
import { torrentScore } from '../../kit/quality-rank.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import type { Db } from '../../platform/db.ts';
import { type ScoredFacts, scoredFacts, setScores } from './queries/scores.ts';

/** A millisecond or two of reading names: whoever waits for an answer meanwhile does not wait for 500 of them. */
const NAMES_A_TURN = 20;

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
  const changed: { streamId: number; score: number }[] = [];
  for (const [n, stream] of (await scoredFacts(db, streamIds)).entries()) {
    if (n % NAMES_A_TURN === NAMES_A_TURN - 1) await nextTurn();
    const score = scoreOf(stream, now);
    if (score !== stream.score) changed.push({ streamId: stream.streamId, score });
  }
  if (changed.length > 0) await setScores(db, changed);
}

function scoreOf(facts: ScoredFacts, now: Date): number {
  const { threeD, bitDepth } = parseReleaseName(facts.name);
  return torrentScore(
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
}
