import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** A claim is worth this long: 32 trackers are asked at once, for 5 s each at most. Then another instance may have them. */
const CLAIM_S = 60;
/** The first pause after a failure; each further one doubles it. */
const [BACK_OFF_S, MAX_BACK_OFF_S] = [600, 86_400];
/** Ten torrents that fail at one tracker within minutes are one failure, not ten doublings. */
const ONE_FAILURE_S = 300;
/** What a new latency counts in the moving average. */
const LATENCY_WEIGHT = 0.3;
/** Half a minute of plots is nothing to see; three days are enough to see what changed. */
const [SLOT_S, KEPT_DAYS] = [300, 3];
const SLOT = sql.fragment`date_bin(make_interval(secs => ${SLOT_S}), now(), 'epoch')`;

const Url = z.object({ url: z.string() });

/** Takes up to `most` trackers whose time has come; no two callers get the same one. */
export async function claimDue(db: Db, most: number): Promise<string[]> {
  const claimed = await db.any(rows('trackers.claim_due', Url)`
    WITH due AS MATERIALIZED (
      SELECT id FROM tracker WHERE next_check_at <= now() ORDER BY next_check_at LIMIT ${most} FOR UPDATE SKIP LOCKED
    )
    UPDATE tracker t SET next_check_at = now() + make_interval(secs => ${CLAIM_S})
    WHERE t.id = ANY (ARRAY(SELECT id FROM due))
    RETURNING t.url
  `);
  return claimed.map(({ url }) => url);
}

/** Makes trackers due now. */
export async function makeDue(db: Db, urls: readonly string[]): Promise<void> {
  await db.query(command('trackers.make_due')`
    UPDATE tracker SET next_check_at = now() WHERE url = ANY (${sql.array(urls, 'text')})
  `);
}

export async function makeAllDue(db: Db): Promise<void> {
  await db.query(command('trackers.make_all_due')`UPDATE tracker SET next_check_at = now()`);
}

/** When the next check is due, epoch ms; null: there are no trackers. */
export async function nextDueAt(db: Db): Promise<number | null> {
  const next = await db.maybeOne(rows('trackers.next_due', z.object({ at: z.date() }))`
    SELECT next_check_at AS at FROM tracker ORDER BY next_check_at LIMIT 1
  `);
  return next?.at.getTime() ?? null;
}

export type Outcome = {
  url: string;
  ok: boolean;
  latencyMs: number | null;
  /** Why not; at most 300 characters are kept. */
  reason: string | null;
};

/**
 * Writes down how trackers did, each once. `againS`: seconds until one that works is asked again; null for real announces,
 * which leave its next check where it is, and bring it forward for one that was failing. Answers how many have a row.
 */
export async function recordOutcomes(
  db: Db,
  outcomes: readonly Outcome[],
  againS: number | null,
): Promise<number> {
  // Locked one after the other in the order of their names, so that two callers cannot wait for each other.
  const inOrder = outcomes.toSorted((a, b) => (a.url < b.url ? -1 : 1));
  const values = inOrder.map(({ url, ok, latencyMs, reason }) => [
    ...[url, ok, ok && latencyMs !== null ? Math.round(latencyMs) : null],
    ok ? null : (reason ?? 'No reason was given.').slice(0, 300),
  ]);
  const { count } = await db.one(rows('trackers.record', z.object({ count: z.int() }))`
    WITH told AS MATERIALIZED (
      SELECT t.id, t.failures_in_row AS failed_before, n.ok, n.latency_ms, n.reason,
        CASE WHEN n.ok THEN 0
          WHEN t.failures_in_row > 0 AND t.last_check_at > now() - make_interval(secs => ${ONE_FAILURE_S}) THEN t.failures_in_row
          ELSE t.failures_in_row + 1 END AS in_row
      FROM ${sql.unnest(values, ['text', 'bool', 'int4', 'text'])} AS n(url, ok, latency_ms, reason)
      CROSS JOIN LATERAL (SELECT * FROM tracker t WHERE t.url = n.url FOR UPDATE) t
    ), plotted AS (
      INSERT INTO tracker_check AS c (tracker_id, at, successes, failures, latency_ms)
      SELECT id, ${SLOT}, ok::int4, (NOT ok)::int4, latency_ms FROM told
      ON CONFLICT (tracker_id, at) DO UPDATE SET successes = c.successes + excluded.successes,
        failures = c.failures + excluded.failures, latency_ms = coalesce(excluded.latency_ms, c.latency_ms)
    ), updated AS (
      UPDATE tracker t SET
        status = CASE WHEN n.ok THEN 'working' ELSE 'failing' END,
        successes = t.successes + n.ok::int4,
        failures = t.failures + (NOT n.ok)::int4,
        failures_in_row = n.in_row,
        latency_ms = coalesce(round(t.latency_ms + ${LATENCY_WEIGHT}::float8 * (n.latency_ms - t.latency_ms))::int4, n.latency_ms, t.latency_ms),
        last_check_at = now(),
        reason = n.reason,
        next_check_at = CASE
          WHEN NOT n.ok THEN now() + make_interval(secs => least(${MAX_BACK_OFF_S}, ${BACK_OFF_S} * power(2, least(n.in_row, 9) - 1)))
          WHEN ${againS}::int4 IS NOT NULL THEN now() + make_interval(secs => ${againS}::int4)
          WHEN n.failed_before > 0 THEN now()
          ELSE t.next_check_at END
      FROM told n WHERE t.id = n.id AND t.id = ANY (ARRAY(SELECT id FROM told))
      RETURNING 1
    )
    SELECT count(*) FROM updated
  `);
  return count;
}

/** These may not be asked while only listed hosts are reached: nobody knows how they do, and it is no fault of theirs. */
export async function leaveUnknown(
  db: Db,
  urls: readonly string[],
  { reason, againS }: { reason: string; againS: number },
): Promise<void> {
  await db.query(command('trackers.leave_unknown')`
    UPDATE tracker SET status = 'unknown', reason = ${reason}, next_check_at = now() + make_interval(secs => ${againS})
    WHERE url = ANY (${sql.array(urls, 'text')})
  `);
}

/** Writes down how many work now; the last of five minutes stays. */
export async function plotHealth(db: Db): Promise<void> {
  await db.query(command('trackers.plot_health')`
    INSERT INTO tracker_health (at, working, failing, unknown, latency_ms)
    SELECT ${SLOT}, count(*) FILTER (WHERE status = 'working'), count(*) FILTER (WHERE status = 'failing'),
      count(*) FILTER (WHERE status = 'unknown'),
      percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE status = 'working')
    FROM tracker
    ON CONFLICT (at) DO UPDATE SET working = excluded.working, failing = excluded.failing,
      unknown = excluded.unknown, latency_ms = excluded.latency_ms
  `);
}

/** Forgets what is too old for the plots. */
export async function forgetChecks(db: Db): Promise<void> {
  await db.query(command('trackers.forget_checks')`
    DELETE FROM tracker_check WHERE at < now() - make_interval(days => ${KEPT_DAYS})
  `);
  await db.query(command('trackers.forget_health')`
    DELETE FROM tracker_health WHERE at < now() - make_interval(days => ${KEPT_DAYS})
  `);
}

export const HealthMoment = z.object({
  /** Epoch ms. */
  at: z.number(),
  working: z.int(),
  failing: z.int(),
  unknown: z.int(),
  /** Median of those that work. */
  latencyMs: z.int().nullable(),
});

/** How all trackers did over the last day, oldest first. */
export function healthOfDay(db: Db): Promise<readonly z.infer<typeof HealthMoment>[]> {
  return db.any(rows('trackers.health', HealthMoment)`
    SELECT (extract(epoch FROM at) * 1000)::int8 AS at, working, failing, unknown, latency_ms AS "latencyMs"
    FROM tracker_health WHERE at > now() - interval '1 day' ORDER BY at
  `);
}

const CheckSlot = z.object({ url: z.string(), slot: z.int(), share: z.number() });

/** The share of answered checks of each tracker in each half hour of the last day; slot 47 is now. */
export function checksOfDay(db: Db, limit: number): Promise<readonly z.infer<typeof CheckSlot>[]> {
  return db.any(rows('trackers.checks', CheckSlot)`
    SELECT t.url, c.slot, c.share
    FROM (
      SELECT tracker_id, 47 - floor(extract(epoch FROM now() - at) / 1800)::int4 AS slot,
        sum(successes)::float8 / sum(successes + failures) AS share
      FROM tracker_check WHERE at > now() - interval '1 day'
      GROUP BY 1, 2
    ) c JOIN tracker t ON t.id = c.tracker_id
    WHERE c.slot BETWEEN 0 AND 47
    LIMIT ${limit}
  `);
}
