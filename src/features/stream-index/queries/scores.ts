import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const ScoredFacts = z.object({
  streamId: z.int(),
  name: z.string(),
  resolution: z.string().nullable(),
  quality: z.string().nullable(),
  codec: z.string().nullable(),
  score: z.number(),
  seeders: z.int().nullable(),
  leechers: z.int().nullable(),
  publishedAt: z.date().nullable(),
});
export type ScoredFacts = z.infer<typeof ScoredFacts>;

/** What the scores of those of these streams that are torrents are made of. */
export function scoredFacts(db: Db, streamIds: readonly number[]): Promise<readonly ScoredFacts[]> {
  return db.any(rows('streams.scored_facts', ScoredFacts)`
    SELECT s.id AS "streamId", s.name, s.resolution, s.quality, s.codec, s.score, t.seeders, t.leechers,
      t.published_at AS "publishedAt"
    FROM stream_torrent t JOIN stream s ON s.id = t.stream_id
    WHERE t.stream_id = ANY(${sql.array(streamIds, 'int8')})
  `);
}

export async function setScores(
  db: Db,
  scores: readonly { streamId: number; score: number }[],
): Promise<void> {
  const values = scores.map(({ streamId, score }) => [streamId, score]);
  await db.query(command('streams.set_scores')`
    UPDATE stream s SET score = g.score
    FROM ${sql.unnest(values, ['int8', 'numeric'])} AS g(stream_id, score)
    WHERE s.id = g.stream_id
  `);
}
