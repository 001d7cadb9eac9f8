import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const DuePost = z.object({
  streamId: z.int(),
  /** Seconds since it was posted. */
  ageS: z.number().nullable(),
});
export type DuePost = z.infer<typeof DuePost>;

/** Takes at most `limit` posts that are due, longest due first, for `leaseS` seconds: nobody else gets them meanwhile. */
export function claimDuePosts(db: Db, limit: number, leaseS: number): Promise<readonly DuePost[]> {
  return db.any(rows('usenet.claim_due', DuePost)`
    UPDATE stream_usenet u SET next_check_at = now() + make_interval(secs => ${leaseS})
    WHERE u.stream_id = ANY (ARRAY(
      SELECT d.stream_id FROM stream_usenet d WHERE d.next_check_at <= now()
      ORDER BY d.next_check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
    RETURNING u.stream_id AS "streamId", extract(epoch FROM now() - u.posted_at)::float8 AS "ageS"
  `);
}

export type CheckedPost = {
  streamId: number;
  /** Null: nobody could be asked, what is stored stays. */
  found: { health: 'complete' | 'damaged' | 'gone'; completeness: number } | null;
  dueInS: number;
};

/** Writes what checks found. Answers the streams whose verdict is another than before. */
export async function saveHealth(db: Db, checked: readonly CheckedPost[]): Promise<readonly number[]> {
  const values = checked.map(({ streamId, found, dueInS }) => [
    ...[streamId, found?.health ?? null, found?.completeness ?? null, dueInS],
  ]);
  const changed = await db.any(rows('usenet.save_health', z.object({ streamId: z.int() }))`
    WITH told AS (
      SELECT c.stream_id, c.health, c.completeness, c.due_s, u.health IS DISTINCT FROM c.health AS is_new
      FROM ${sql.unnest(values, ['int8', 'text', 'float4', 'int4'])} AS c(stream_id, health, completeness, due_s)
      JOIN stream_usenet u ON u.stream_id = c.stream_id
    ), saved AS (
      UPDATE stream_usenet u SET
        health = coalesce(t.health, u.health, 'unknown'), completeness = coalesce(t.completeness, u.completeness),
        checked_at = CASE WHEN t.health IS NULL THEN u.checked_at ELSE now() END,
        next_check_at = now() + make_interval(secs => t.due_s)
      FROM told t WHERE u.stream_id = t.stream_id
      RETURNING u.stream_id, t.is_new AND t.health IS NOT NULL AS is_new
    )
    SELECT stream_id AS "streamId" FROM saved WHERE is_new
  `);
  return changed.map(({ streamId }) => streamId);
}

/** Puts a release down for a check at once: a viewer met a hole in it. One that was looked at minutes ago waits for its turn. */
export async function checkSoon(db: Db, key: string): Promise<void> {
  await db.query(command('usenet.check_soon')`
    UPDATE stream_usenet SET next_check_at = now()
    WHERE release_key = ${key} AND next_check_at > now()
      AND (checked_at IS NULL OR checked_at < now() - interval '10 minutes')
  `);
}
