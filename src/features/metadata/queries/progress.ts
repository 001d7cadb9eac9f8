import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';
import type { SourceAsked } from '../watch-sources.ts';

export const TitleCounts = z.object({
  /** Titles that wait for details. */
  waiting: z.int(),
  /** Of those that were asked about: the last try failed, and another comes by itself. */
  failed: z.int(),
  /** Titles asked about in the last 15 minutes. */
  lately: z.int(),
});

/** How far the titles are; no more than `most` are counted of each. */
export function titleCounts(db: Db, most: number): Promise<z.infer<typeof TitleCounts>> {
  return db.one(rows('metadata.title_counts', TitleCounts)`
    SELECT
      (SELECT count(*) FROM (SELECT 1 FROM media m WHERE m.enrichment_status = 'pending' AND m.owner_id IS NULL
        AND m.kind IN ('movie', 'series') ORDER BY m.created_at DESC LIMIT ${most}) w) AS waiting,
      (SELECT count(*) FROM (SELECT 1 FROM title_enrichment e WHERE e.failure IS NOT NULL LIMIT ${most}) f) AS failed,
      (SELECT count(*) FROM (SELECT 1 FROM title_enrichment e WHERE e.tried_at > now() - interval '15 minutes' LIMIT ${most}) l) AS lately
  `);
}

export const SourceState = z.object({
  name: z.string(),
  /** Questions since it was first asked; today's, in UTC; those that failed. */
  asked: z.int(),
  askedToday: z.int(),
  failures: z.int(),
  lastAskedAt: z.iso.datetime().nullable(),
  /** Null: it answered the last time. */
  lastError: z.string().nullable(),
  /** It wants no questions before. */
  restUntil: z.iso.datetime().nullable(),
});

/** All of them on purpose: there are a dozen. */
export function sourceStates(db: Db): Promise<readonly z.infer<typeof SourceState>[]> {
  return db.any(rows('metadata.source_states', SourceState)`
    SELECT p.name, p.asked, p.failures, ${isoTime('p', 'last_asked_at')} AS "lastAskedAt", p.last_error AS "lastError",
      CASE WHEN p.asked_on = (now() AT TIME ZONE 'UTC')::date THEN p.asked_today ELSE 0 END AS "askedToday",
      CASE WHEN p.rest_until > now() THEN ${isoTime('p', 'rest_until')} END AS "restUntil"
    FROM metadata_provider p
  `);
}

export async function noteSources(db: Db, told: readonly SourceAsked[]): Promise<void> {
  const values = told.map(({ name, asked, failures, error, restMs }) => [
    ...[name, asked, failures],
    ...[error?.slice(0, 500) ?? null, restMs === null ? null : Math.ceil(restMs)],
  ]);
  await db.query(command('metadata.note_sources')`
    UPDATE metadata_provider p SET asked = p.asked + t.asked, failures = p.failures + t.failures,
      asked_today = t.asked + CASE WHEN p.asked_on = (now() AT TIME ZONE 'UTC')::date THEN p.asked_today ELSE 0 END,
      asked_on = (now() AT TIME ZONE 'UTC')::date, last_asked_at = now(), last_error = t.error,
      rest_until = now() + make_interval(secs => t.rest_ms / 1000.0)
    FROM ${sql.unnest(values, ['text', 'int8', 'int8', 'text', 'int8'])} AS t(name, asked, failures, error, rest_ms)
    WHERE p.name = t.name
  `);
}

/** Titles whose last try failed are due at once; some thousand at a time. True: there may be more. */
export async function makeFailedDue(db: Db): Promise<boolean> {
  const { rowCount } = await db.query(command('metadata.make_failed_due')`
    UPDATE title_enrichment e SET next_at = now(), attempts = 0
    WHERE e.media_id IN (
      SELECT l.media_id FROM title_enrichment l WHERE l.media_id IN (
        SELECT f.media_id FROM title_enrichment f WHERE f.failure IS NOT NULL AND f.next_at > now() LIMIT 5000)
      ORDER BY l.media_id FOR UPDATE)
  `);
  return rowCount === 5000;
}
