import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const Claimed = z.object({ mediaId: z.int() });

/**
 * Takes titles that wait for details or whose details are old, newest first, so that nobody else has them for so many seconds; a title whose taker died is due again after that.
 * Two that ask at once get different ones.
 */
export async function claimDue(db: Db, limit: number, forSeconds: number): Promise<readonly number[]> {
  const claimed = await db.any(rows('metadata.claim_due', Claimed)`
    WITH due AS (
      (SELECT m.id, m.created_at FROM media m LEFT JOIN title_enrichment e ON e.media_id = m.id
       WHERE m.enrichment_status = 'pending' AND m.owner_id IS NULL AND m.kind IN ('movie', 'series')
         AND (e.next_at IS NULL OR e.next_at <= now())
       ORDER BY m.created_at DESC LIMIT ${limit})
      UNION ALL
      (SELECT m.id, m.created_at FROM media m LEFT JOIN title_enrichment e ON e.media_id = m.id
       WHERE m.enrichment_status = 'flagged' AND m.owner_id IS NULL AND m.kind IN ('movie', 'series')
         AND (e.next_at IS NULL OR e.next_at <= now())
       ORDER BY m.created_at DESC LIMIT ${limit})
      UNION ALL
      (SELECT m.id, m.created_at FROM title_enrichment e JOIN media m ON m.id = e.media_id
       WHERE e.is_stale AND e.next_at <= now() AND m.enrichment_status IN ('completed', 'approved') AND m.owner_id IS NULL
         AND m.kind IN ('movie', 'series')
       ORDER BY e.next_at LIMIT ${limit})
    )
    INSERT INTO title_enrichment AS e (media_id, next_at)
    SELECT d.id, now() + make_interval(secs => ${forSeconds}) FROM due d ORDER BY d.created_at DESC, d.id DESC LIMIT ${limit}
    ON CONFLICT (media_id) DO UPDATE SET next_at = EXCLUDED.next_at WHERE e.next_at <= now()
    RETURNING e.media_id AS "mediaId"
  `);
  return claimed.map(({ mediaId }) => mediaId).toSorted((a, b) => b - a);
}

/** Takes one title, whatever its state; false: somebody has it, or it was asked for lately. */
export async function claimOne(db: Db, mediaId: number, forSeconds: number): Promise<boolean> {
  const claimed = await db.any(rows('metadata.claim_one', Claimed)`
    INSERT INTO title_enrichment AS e (media_id, next_at)
    SELECT m.id, now() + make_interval(secs => ${forSeconds}) FROM media m WHERE m.id = ${mediaId} AND m.owner_id IS NULL
    ON CONFLICT (media_id) DO UPDATE SET next_at = EXCLUDED.next_at WHERE e.next_at <= now()
    RETURNING e.media_id AS "mediaId"
  `);
  return claimed.length > 0;
}

/** What came of it, and in how many seconds it is due again. A failure counts; anything else begins anew. */
export async function noteTried(
  db: Db,
  mediaId: number,
  { failure, dueInSeconds }: { failure: string | null; dueInSeconds: number },
): Promise<void> {
  await db.query(command('metadata.note_tried')`
    UPDATE title_enrichment SET tried_at = now(), failure = ${failure}, is_stale = is_stale AND ${failure}::text IS NOT NULL,
      attempts = CASE WHEN ${failure}::text IS NULL THEN 0 ELSE least(attempts + 1, 30) END,
      -- A failure is tried again after twice as long each time, a day at most.
      next_at = now() + CASE WHEN ${failure}::text IS NULL THEN make_interval(secs => ${dueInSeconds})
        ELSE least(make_interval(secs => ${dueInSeconds} * power(2, least(attempts, 10))), interval '1 day') END
    WHERE media_id = ${mediaId}
  `);
}

/** Due at once. */
export async function makeTitlesDue(db: Db, mediaIds: readonly number[]): Promise<void> {
  await db.query(command('metadata.make_due')`
    UPDATE title_enrichment SET next_at = now(), attempts = 0 WHERE media_id = ANY(${sql.array(mediaIds, 'int8')})
  `);
}
