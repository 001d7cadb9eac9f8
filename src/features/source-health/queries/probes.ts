import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** A claim is worth this long; a probe takes 75 s at most. */
const CLAIM_S = 120;
/** Pause after a good probe; the first after a failure is a minute, each further one doubles it up to six hours. */
const [AGAIN_S, BACK_OFF_S, MAX_BACK_OFF_S] = [900, 60, 21_600];
const [KEPT_DAYS, DAYS_PLOTTED] = [3, 90];

const Due = z.object({
  sourceId: z.int(),
  publicId: z.uuid(),
  baseUrl: z.string(),
});
export type ProbedSource = z.infer<typeof Due>;

/** Takes up to `most` active sources whose time has come; no two callers get the same one. */
export function claimProbes(db: Db, most: number): Promise<readonly ProbedSource[]> {
  return db.any(rows('source_health.claim', Due)`
    WITH due AS MATERIALIZED (
      SELECT h.source_id FROM source_health h
      WHERE h.next_probe_at <= now() AND EXISTS (SELECT FROM source s WHERE s.id = h.source_id AND s.is_active)
      ORDER BY h.next_probe_at LIMIT ${most} FOR UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE source_health h SET next_probe_at = now() + make_interval(secs => ${CLAIM_S})
      WHERE h.source_id = ANY (ARRAY(SELECT source_id FROM due))
      RETURNING h.source_id
    )
    SELECT s.id AS "sourceId", s.public_id AS "publicId", s.base_url AS "baseUrl"
    FROM claimed c JOIN source s ON s.id = c.source_id
  `);
}

export type ProbeResult = {
  isOk: boolean;
  connectMs: number | null;
  listingMs: number | null;
  firstByteMs: number | null;
  bytesPerSecond: number | null;
  /** Why it failed, in words for its owner; at most 300 characters are kept. */
  reason: string | null;
};

/** Writes down how a probe went, in the row of probes, in its day, and when the next is due; one that is good wakes a resting source. */
export async function recordProbe(db: Db, sourceId: number, result: ProbeResult): Promise<void> {
  const { isOk, connectMs, listingMs, firstByteMs, bytesPerSecond } = result;
  const reason = isOk ? null : (result.reason ?? 'No reason was given.').slice(0, 300);
  const value = (figure: number | null) => (figure === null ? null : Math.max(0, Math.round(figure)));
  await db.query(command('source_health.record_probe')`
    WITH told AS MATERIALIZED (
      SELECT h.source_id, CASE WHEN ${isOk} THEN 0 ELSE least(h.probe_failures + 1, 1000) END AS in_row
      FROM source_health h WHERE h.source_id = ${sourceId} FOR UPDATE
    ), probed AS (
      INSERT INTO source_probe (source_id, at, is_ok, connect_ms, listing_ms, first_byte_ms, bytes_per_second, reason)
      SELECT source_id, now(), ${isOk}, ${value(connectMs)}::int4, ${value(listingMs)}::int4, ${value(firstByteMs)}::int4,
        ${value(bytesPerSecond)}::int8, ${reason}::text
      FROM told ON CONFLICT DO NOTHING
    ), plotted AS (
      INSERT INTO source_probe_day AS d (source_id, day, probes, successes, connect_ms, listing_ms, first_byte_ms, bytes_per_second)
      SELECT source_id, (now() AT TIME ZONE 'UTC')::date, 1, ${isOk}::bool::int4, ${value(connectMs)}::int4, ${value(listingMs)}::int4,
        ${value(firstByteMs)}::int4, ${value(bytesPerSecond)}::int8
      FROM told
      ON CONFLICT (source_id, day) DO UPDATE SET probes = d.probes + 1, successes = d.successes + excluded.successes,
        connect_ms = ${meanOf('connect_ms')}, listing_ms = ${meanOf('listing_ms')},
        first_byte_ms = ${meanOf('first_byte_ms')}, bytes_per_second = ${meanOf('bytes_per_second')}
    )
    UPDATE source_health h SET
      probe_failures = t.in_row, last_probe_at = now(), reason = ${reason}::text,
      last_ok_at = CASE WHEN ${isOk} THEN now() ELSE h.last_ok_at END,
      scan_failures = CASE WHEN ${isOk} AND h.disabled_at IS NOT NULL THEN 0 ELSE h.scan_failures END,
      next_probe_at = now() + make_interval(secs => CASE WHEN ${isOk} THEN ${AGAIN_S}
        ELSE least(${MAX_BACK_OFF_S}, ${BACK_OFF_S} * power(2, least(t.in_row, 12) - 1)) END)
    FROM told t WHERE h.source_id = t.source_id
  `);
}

/** The day's mean, each new value weighing as one of the day's good probes. */
function meanOf(column: 'connect_ms' | 'listing_ms' | 'first_byte_ms' | 'bytes_per_second') {
  const [kept, added] = [sql.identifier(['d', column]), sql.identifier(['excluded', column])];
  return sql.fragment`coalesce(${kept} + (${added} - ${kept}) / greatest(1, d.successes + 1), ${added}, ${kept})`;
}

/** Nobody may ask it as things are: it counts for nothing, and is looked at again in an hour. */
export async function leaveUnprobed(db: Db, sourceId: number, reason: string): Promise<void> {
  await db.query(command('source_health.leave_unprobed')`
    UPDATE source_health SET reason = ${reason.slice(0, 300)}, next_probe_at = now() + interval '1 hour'
    WHERE source_id = ${sourceId}
  `);
}

export async function forgetProbes(db: Db): Promise<void> {
  await db.query(command('source_health.forget_probes')`
    DELETE FROM source_probe WHERE at < now() - make_interval(days => ${KEPT_DAYS})
  `);
  await db.query(command('source_health.forget_probe_days')`
    DELETE FROM source_probe_day WHERE day < (now() AT TIME ZONE 'UTC')::date - ${DAYS_PLOTTED}::int4
  `);
}

export const ProbeDay = z.object({
  /** UTC. */
  day: z.string(),
  probes: z.int(),
  successes: z.int(),
  /** Means of the day. */
  connectMs: z.int().nullable(),
  listingMs: z.int().nullable(),
  firstByteMs: z.int().nullable(),
  bytesPerSecond: z.int().nullable(),
});

/** Our probes of a source by day, oldest first. */
export function probeDays(db: Db, sourceId: number): Promise<readonly z.infer<typeof ProbeDay>[]> {
  return db.any(rows('source_health.probe_days', ProbeDay)`
    SELECT day::text, probes, successes, connect_ms AS "connectMs", listing_ms AS "listingMs", first_byte_ms AS "firstByteMs",
      bytes_per_second AS "bytesPerSecond"
    FROM source_probe_day WHERE source_id = ${sourceId} ORDER BY day LIMIT ${DAYS_PLOTTED + 1}
  `);
}
