import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import type { ProvidedTitle } from '../../../providers/provider.ts';

const Priority = z.object({ name: z.string(), priority: z.int() });

/** Whose word counts first: the lower. */
export function providerPriorities(db: Db): Promise<readonly z.infer<typeof Priority>[]> {
  return db.any(rows('metadata.priorities', Priority)`SELECT p.name, p.priority FROM metadata_provider p`);
}

/** Written by this room from what a plug gave; each field is held to its rules again before it is written to a title. */
const Provided = z.custom<ProvidedTitle>(
  (value) =>
    z.looseObject({ title: z.string(), ids: z.record(z.string(), z.string()) }).safeParse(value).success,
);
const Kept = z.object({
  mediaId: z.int(),
  provider: z.string(),
  /** Null: it did not know the title. */
  data: Provided.nullable(),
  isFresh: z.boolean(),
});
export type KeptAnswer = z.infer<typeof Kept>;

/** What providers said of some titles the last time they were asked. */
export function keptAnswers(db: Db, mediaIds: readonly number[]): Promise<readonly KeptAnswer[]> {
  return db.any(rows('metadata.kept_answers', Kept)`
    SELECT a.media_id AS "mediaId", p.name AS provider, a.data, a.expires_at > now() AS "isFresh"
    FROM provider_metadata a JOIN metadata_provider p ON p.id = a.provider_id
    WHERE a.media_id = ANY(${sql.array(mediaIds, 'int8')})
  `);
}

export type FetchedAnswer = { provider: string; data: ProvidedTitle | null; days: number };

/** Keeps answers for so many days. */
export async function keepAnswers(
  db: Db,
  answers: readonly (FetchedAnswer & { mediaId: number })[],
): Promise<void> {
  const values = answers.map(({ mediaId, provider, data, days }) => [
    mediaId,
    provider,
    data === null ? null : JSON.stringify(data),
    days,
  ]);
  await db.query(command('metadata.keep_answers')`
    INSERT INTO provider_metadata AS a (media_id, provider_id, data, fetched_at, expires_at)
    SELECT g.media_id, p.id, g.data::jsonb, now(), now() + make_interval(days => g.days)
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'int4'])} AS g(media_id, provider, data, days)
    JOIN metadata_provider p ON p.name = g.provider
    ON CONFLICT (media_id, provider_id) DO UPDATE SET
      data = EXCLUDED.data, fetched_at = EXCLUDED.fetched_at, expires_at = EXCLUDED.expires_at
  `);
}

/** All that was said of a title counts no more, since it was taken for another. */
export async function forgetAnswers(db: Db, mediaId: number): Promise<void> {
  await db.query(
    command('metadata.forget_answers')`DELETE FROM provider_metadata WHERE media_id = ${mediaId}`,
  );
}

/** Ends long past, a thousand at most: until then an old answer is better than none while its provider is down. */
export async function deleteOldAnswers(db: Db, days: number): Promise<number> {
  const result = await db.query(command('metadata.delete_old_answers')`
    DELETE FROM provider_metadata WHERE ctid = ANY (ARRAY(
      SELECT o.ctid FROM provider_metadata o
      WHERE o.expires_at < now() - make_interval(days => ${days}) ORDER BY o.expires_at LIMIT 1000))
  `);
  return result.rowCount;
}
