import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';

/** What the score looks at, in days, and what the state looks at, in hours. */
const [SCORE_DAYS, STATE_HOURS] = [30, 24];

export const SourceState = z.enum(['unknown', 'online', 'slow', 'isp_outage', 'globally_offline']);
export type SourceState = z.infer<typeof SourceState>;

const Voices = z.object({
  sourceId: z.int(),
  /** Shares of each provider with more than one client, of all others together, and of our own probes. */
  shares: z.array(z.number()),
  /** Of each provider that reported in the last day, its last hour: clients, those that reached it, and those that did so soon. */
  isps: z.array(z.object({ clients: z.int(), reached: z.int(), soon: z.int() })),
  scanFailures: z.int(),
  probeFailures: z.int(),
  /** Milliseconds our last probe waited for an answer; null: it failed, or is older than a day. */
  answeredMs: z.int().nullable(),
  isProbed: z.boolean(),
});
export type Voices = z.infer<typeof Voices>;

/**
 * What is said of each of these sources. A client's rows lie an hour apart at least, and its votes a day: so rows of one hour, and
 * votes of one day (clocks may differ by a little), are different clients although nothing of a client is kept. `soonMs`: what is soon.
 */
export function voicesOf(db: Db, sourceIds: readonly number[], soonMs: number): Promise<readonly Voices[]> {
  return db.any(rows('source_health.voices', Voices)`
    SELECT h.source_id AS "sourceId", h.scan_failures AS "scanFailures", h.probe_failures AS "probeFailures",
      coalesce(h.last_probe_at > now() - make_interval(hours => ${STATE_HOURS}), false) AS "isProbed",
      (SELECT p.listing_ms FROM source_probe p
        WHERE p.source_id = h.source_id AND p.at = h.last_probe_at AND p.is_ok
          AND p.at > now() - make_interval(hours => ${STATE_HOURS})) AS "answeredMs",
      ARRAY(
        SELECT sum(i.reached)::float8 / sum(i.votes) FROM (
          SELECT v.isp, count(*) AS votes, count(*) FILTER (WHERE v.is_reachable) AS reached,
            coalesce(bool_or(v.gap < interval '23 hours'), false) AS is_known
          FROM (
            SELECT lower(r.isp_name) AS isp, r.is_reachable,
              r.reported_at - lag(r.reported_at) OVER (PARTITION BY lower(r.isp_name) ORDER BY r.reported_at) AS gap
            FROM source_health_report r
            WHERE r.source_id = h.source_id AND r.is_vote AND r.reported_at > now() - make_interval(days => ${SCORE_DAYS})
          ) v GROUP BY v.isp
        ) i GROUP BY CASE WHEN i.is_known THEN i.isp END
        UNION ALL
        SELECT sum(d.successes)::float8 / sum(d.probes) FROM source_probe_day d
        WHERE d.source_id = h.source_id AND d.day > (now() AT TIME ZONE 'UTC')::date - ${SCORE_DAYS}::int4 HAVING count(*) > 0
      ) AS shares,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('clients', i.clients, 'reached', i.reached, 'soon', i.soon)) FROM (
          SELECT count(*) AS clients, count(*) FILTER (WHERE w.is_reachable) AS reached,
            count(*) FILTER (WHERE w.is_reachable AND coalesce(w.response_ms, 0) <= ${soonMs}) AS soon
          FROM (
            SELECT lower(r.isp_name) AS isp, r.is_reachable, r.response_ms, r.reported_at,
              max(r.reported_at) OVER (PARTITION BY lower(r.isp_name)) AS last_at
            FROM source_health_report r
            WHERE r.source_id = h.source_id AND r.reported_at > now() - make_interval(hours => ${STATE_HOURS})
          ) w WHERE w.reported_at > w.last_at - interval '59 minutes' GROUP BY w.isp
        ) i
      ), '[]') AS isps
    FROM source_health h WHERE h.source_id = ANY (${sql.array(sourceIds, 'int8')})
  `);
}

export type Verdict = { sourceId: number; score: number; state: SourceState; isDisabled: boolean };

/** Writes down what is thought of sources now; triggers mirror it to `source` and empty the caches where it moves streams. */
export async function putVerdicts(db: Db, verdicts: readonly Verdict[]): Promise<void> {
  const values = verdicts
    .toSorted((a, b) => a.sourceId - b.sourceId)
    .map(({ sourceId, score, state, isDisabled }) => [sourceId, score, state, isDisabled]);
  await db.query(command('source_health.put_verdicts')`
    UPDATE source_health h SET
      score = n.score, state = n.state, settled_at = now(),
      state_since = CASE WHEN h.state = n.state THEN h.state_since ELSE now() END,
      unreachable_since = CASE n.state WHEN 'globally_offline' THEN coalesce(h.unreachable_since, now()) END,
      disabled_at = CASE WHEN n.is_disabled THEN coalesce(h.disabled_at, now()) END
    FROM ${sql.unnest(values, ['int8', 'float8', 'text', 'bool'])} AS n(source_id, score, state, is_disabled)
    WHERE h.source_id = n.source_id
  `);
}

const SourceId = z.object({ id: z.int() });

/** Sources with reports that were not looked at yet, and those not looked at for an hour: old reports count less and less. */
export async function unsettled(db: Db, most: number): Promise<number[]> {
  const found = await db.any(rows('source_health.unsettled', SourceId)`
    SELECT h.source_id AS id FROM source_health h
    WHERE h.settled_at < now() - interval '1 hour' OR EXISTS (
      SELECT FROM source_health_report r WHERE r.source_id = h.source_id AND r.reported_at > h.settled_at)
    ORDER BY h.settled_at LIMIT ${most}
  `);
  return found.map(({ id }) => id);
}

/** Of these, the ones that were not looked at within `ms`. */
export async function settledBefore(db: Db, sourceIds: readonly number[], ms: number): Promise<number[]> {
  const found = await db.any(rows('source_health.settled_before', SourceId)`
    SELECT source_id AS id FROM source_health
    WHERE source_id = ANY (${sql.array(sourceIds, 'int8')}) AND settled_at < now() - make_interval(secs => ${ms / 1000}::float8)
  `);
  return found.map(({ id }) => id);
}

/** Counts a failed scan; one that went well ends the row of failures. */
export async function countScan(db: Db, sourceId: number, isOk: boolean): Promise<void> {
  await db.query(command('source_health.count_scan')`
    UPDATE source_health SET scan_failures = CASE WHEN ${isOk} THEN 0 ELSE least(scan_failures + 1, 1000) END
    WHERE source_id = ${sourceId}
  `);
}

const iso = z.iso.datetime();

export const SourceHealth = z.object({
  sourceId: z.uuid(),
  name: z.string(),
  isActive: z.boolean(),
  /** 0–100. */
  score: z.number(),
  /** `slow`: it answers, but nobody within 1.5 s; `isp_outage`: some reach it and some do not. */
  state: SourceState,
  stateSince: iso,
  /** Since when nobody reached it. */
  unreachableSince: iso.nullable(),
  /** Since when it rests because of its score; it wakes when it answers us. */
  disabledAt: iso.nullable(),
  scanFailures: z.int(),
  probeFailures: z.int(),
  lastProbeAt: iso.nullable(),
  lastOkAt: iso.nullable(),
  nextProbeAt: iso,
  /** Why our last probe failed. */
  reason: z.string().nullable(),
});

/** How sources do, by their priority; of one where its uuid is given. */
export function healthOf(
  db: Db,
  { publicId = null, most = 500 }: { publicId?: string | null; most?: number },
): Promise<readonly z.infer<typeof SourceHealth>[]> {
  return db.any(rows('source_health.list', SourceHealth)`
    SELECT s.public_id AS "sourceId", s.name, s.is_active AS "isActive", h.score::float8 AS score, h.state,
      ${isoTime('h', 'state_since')} AS "stateSince", ${isoTime('h', 'unreachable_since')} AS "unreachableSince", ${isoTime('h', 'disabled_at')} AS "disabledAt",
      h.scan_failures AS "scanFailures", h.probe_failures AS "probeFailures", ${isoTime('h', 'last_probe_at')} AS "lastProbeAt",
      ${isoTime('h', 'last_ok_at')} AS "lastOkAt", ${isoTime('h', 'next_probe_at')} AS "nextProbeAt", h.reason
    FROM source s JOIN source_health h ON h.source_id = s.id
    WHERE s.deleted_at IS NULL AND (${publicId}::uuid IS NULL OR s.public_id = ${publicId}::uuid)
    ORDER BY s.priority, s.name LIMIT ${most}
  `);
}

/** The row number of a source by our uuid. */
export async function sourceIdOf(db: Db, publicId: string): Promise<number | null> {
  const found = await db.maybeOne(rows('source_health.id_of', SourceId)`
    SELECT id FROM source WHERE public_id = ${publicId} AND deleted_at IS NULL
  `);
  return found?.id ?? null;
}

const Origin = z.object({ sourceId: z.uuid(), name: z.string(), baseUrl: z.string() });

/**
 * Sources viewers may be given the address of: what only this server reaches, or asks with a login, is nobody else's to know, and who cannot
 * get there says nothing of how it does.
 */
export const REACHED_BY_VIEWERS = sql.fragment`is_active AND NOT allows_private AND offers <> 'proxied' AND username IS NULL`;

/** Those a browser can ask. */
export function webSources(db: Db, most: number): Promise<readonly z.infer<typeof Origin>[]> {
  return db.any(rows('source_health.web_sources', Origin)`
    SELECT public_id AS "sourceId", name, base_url AS "baseUrl" FROM source
    WHERE ${REACHED_BY_VIEWERS} AND base_url ~ '^https?://' ORDER BY priority, name LIMIT ${most}
  `);
}
