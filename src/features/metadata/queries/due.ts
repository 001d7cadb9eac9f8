import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

const Claimed = z.object({ mediaId: z.int() });

// Whoever writes more than one row of title_enrichment takes them by the titles' numbers: none waits for another that waits for it.

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
    SELECT d.id, now() + make_interval(secs => ${forSeconds})
    FROM (SELECT n.id FROM due n ORDER BY n.created_at DESC, n.id DESC LIMIT ${limit}) d ORDER BY d.id
    ON CONFLICT (media_id) DO UPDATE SET next_at = EXCLUDED.next_at WHERE e.next_at <= now()
    RETURNING e.media_id AS "mediaId"
  `);
  return claimed.map(({ mediaId }) => mediaId).toSorted((a, b) => b - a);
}

/** Takes these titles, whatever their state, and answers which; one that somebody has, or that was asked about lately, is not among them. */
export async function claimTitles(
  db: Db,
  mediaIds: readonly number[],
  forSeconds: number,
): Promise<ReadonlySet<number>> {
  const claimed = await db.any(rows('metadata.claim_titles', Claimed)`
    INSERT INTO title_enrichment AS e (media_id, next_at)
    SELECT m.id, now() + make_interval(secs => ${forSeconds}) FROM media m
    WHERE m.id = ANY(${sql.array(mediaIds, 'int8')}) AND m.owner_id IS NULL ORDER BY m.id
    ON CONFLICT (media_id) DO UPDATE SET next_at = EXCLUDED.next_at WHERE e.next_at <= now()
    RETURNING e.media_id AS "mediaId"
  `);
  return new Set(claimed.map(({ mediaId }) => mediaId));
}

/** Lets go of titles that were taken and not asked about. */
export async function releaseTitles(db: Db, mediaIds: readonly number[]): Promise<void> {
  await db.query(command('metadata.release_titles')`
    UPDATE title_enrichment e SET next_at = now()
    FROM (SELECT o.media_id FROM title_enrichment o WHERE o.media_id = ANY(${sql.array(mediaIds, 'int8')}) ORDER BY o.media_id FOR UPDATE) d
    WHERE e.media_id = d.media_id
  `);
}

/** What came of a title that was asked about, and in how many seconds it is due again. */
export type Tried = { mediaId: number; failure: string | null; dueInSeconds: number };

/** Notes what came of titles. A failure counts; anything else begins anew. */
export async function noteTried(db: Db, tried: readonly Tried[]): Promise<void> {
  const values = tried.map(({ mediaId, failure, dueInSeconds }) => [mediaId, failure, dueInSeconds]);
  await db.query(command('metadata.note_tried')`
    UPDATE title_enrichment e SET tried_at = now(), failure = d.failure, is_stale = e.is_stale AND d.failure IS NOT NULL,
      attempts = CASE WHEN d.failure IS NULL THEN 0 ELSE least(e.attempts + 1, 30) END,
      -- A failure is tried again after twice as long each time, a day at most.
      next_at = now() + CASE WHEN d.failure IS NULL THEN make_interval(secs => d.seconds)
        ELSE least(make_interval(secs => d.seconds * power(2, least(e.attempts, 10))), interval '1 day') END
    FROM (
      SELECT o.media_id, g.failure, g.seconds
      FROM ${sql.unnest(values, ['int8', 'text', 'int4'])} AS g(media_id, failure, seconds)
      JOIN title_enrichment o ON o.media_id = g.media_id
      ORDER BY o.media_id FOR UPDATE OF o
    ) d
    WHERE e.media_id = d.media_id
  `);
}

/** Due at once. */
export async function makeTitlesDue(db: Db, mediaIds: readonly number[]): Promise<void> {
  await db.query(command('metadata.make_due')`
    UPDATE title_enrichment SET next_at = now(), attempts = 0 WHERE media_id = ANY(${sql.array(mediaIds, 'int8')})
  `);
}
