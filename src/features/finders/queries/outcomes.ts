import { z } from 'zod';
import { command, type Db, rows } from '../../../platform/db.ts';

/** What a plot shows. */
const SHOWN_DAYS = 30;
const KEPT_DAYS = 400;

/** How one question ended, and how long it took. `error` null: it was answered. */
export type Outcome = { found: number; error: string | null; restMs: number | null; tookMs: number };

/** Of the finder and of today (UTC). A failure that says nothing of a rest makes one: 30 s, twice as long each time, an hour at most. */
export async function noteOutcome(
  db: Db,
  id: number,
  { found, error, restMs, tookMs }: Outcome,
): Promise<void> {
  await db.query(command('finders.note')`
    WITH noted AS (
      UPDATE finder SET asked = asked + 1, found = found + ${found}, last_asked_at = now(), last_error = ${error}::text,
        failures = failures + CASE WHEN ${error}::text IS NULL THEN 0 ELSE 1 END,
        failures_in_row = CASE WHEN ${error}::text IS NULL THEN 0 ELSE failures_in_row + 1 END,
        rest_until = CASE
          WHEN ${restMs}::int8 IS NOT NULL THEN now() + make_interval(secs => ${restMs}::int8 / 1000.0)
          WHEN ${error}::text IS NOT NULL THEN now() + make_interval(secs => least(3600, 30 * 2 ^ least(failures_in_row, 10)))
        END
      WHERE id = ${id} RETURNING id
    )
    INSERT INTO finder_day AS d (finder_id, day, asked, failures, found, answer_ms, last_error, last_failed_at)
    SELECT id, (now() AT TIME ZONE 'UTC')::date, 1, CASE WHEN ${error}::text IS NULL THEN 0 ELSE 1 END, ${found},
      CASE WHEN ${error}::text IS NULL THEN ${Math.round(tookMs)}::int8 ELSE 0 END, ${error}::text,
      CASE WHEN ${error}::text IS NOT NULL THEN now() END
    FROM noted
    ON CONFLICT (finder_id, day) DO UPDATE SET asked = d.asked + 1, failures = d.failures + excluded.failures,
      found = d.found + excluded.found, answer_ms = d.answer_ms + excluded.answer_ms,
      last_error = coalesce(excluded.last_error, d.last_error),
      last_failed_at = coalesce(excluded.last_failed_at, d.last_failed_at)
  `);
}

export const FinderDay = z.object({
  /** `2026-01-31`, UTC. */
  day: z.string(),
  asked: z.int(),
  failures: z.int(),
  found: z.int(),
  /** All answers of the day together, from asking to what was found being kept. */
  answerMs: z.int(),
});
const DayOfFinder = FinderDay.extend({ finderId: z.uuid() });

/** Every day of the last 30 on which one was asked, oldest first. */
export function finderDays(db: Db, mostFinders: number): Promise<readonly z.infer<typeof DayOfFinder>[]> {
  return db.any(rows('finders.days', DayOfFinder)`
    SELECT f.public_id AS "finderId", to_char(d.day, 'YYYY-MM-DD') AS day, d.asked, d.failures, d.found, d.answer_ms AS "answerMs"
    FROM finder_day d JOIN finder f ON f.id = d.finder_id
    WHERE d.day > (now() AT TIME ZONE 'UTC')::date - ${SHOWN_DAYS}::int4
    ORDER BY d.finder_id, d.day LIMIT ${mostFinders * SHOWN_DAYS}
  `);
}

/** Days longer ago than a plot will ever show. */
export async function forgetDays(db: Db): Promise<number> {
  const { rowCount } = await db.query(command('finders.forget_days')`
    DELETE FROM finder_day WHERE day < (now() AT TIME ZONE 'UTC')::date - ${KEPT_DAYS}::int4
  `);
  return rowCount;
}
