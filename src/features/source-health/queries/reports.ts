import { z } from 'zod';
import { brokenConstraint, command, type Db, rows, sql } from '../../../platform/db.ts';
import { REACHED_BY_VIEWERS } from './health.ts';

/** Reports of one source that are kept of an hour, whoever sends them: 30 days of it are 144,000 rows at most. */
const MAX_AN_HOUR = 200;
const KEPT_DAYS = 30;

export type ReportRow = {
  sourceId: number;
  ispName: string;
  isReachable: boolean;
  responseMs: number | null;
  /** The client's first of the day. */
  isVote: boolean;
};

const Inserted = z.object({ sourceId: z.int() });

/** Keeps reports of now, each of another source; answers of which there was room for one. */
export async function insertReports(db: Db, reports: readonly ReportRow[]): Promise<number[]> {
  try {
    return await insertInMonth(db, reports);
  } catch (error) {
    // No partition takes it (23514 without a name): the first of a month before the job made it ready.
    const broken = brokenConstraint(error);
    if (broken?.kind !== 'check' || broken.constraint !== '') throw error;
    await makeMonth(db, 0);
    return await insertInMonth(db, reports);
  }
}

async function insertInMonth(db: Db, reports: readonly ReportRow[]): Promise<number[]> {
  const values = reports.map(({ sourceId, ispName, isReachable, responseMs, isVote }) => [
    ...[sourceId, ispName, isReachable, responseMs, isVote],
  ]);
  const inserted = await db.any(rows('source_health.insert_reports', Inserted)`
    INSERT INTO source_health_report (source_id, isp_name, is_reachable, response_ms, is_vote)
    SELECT n.* FROM ${sql.unnest(values, ['int8', 'text', 'bool', 'int4', 'bool'])} AS n(source_id, isp_name, is_reachable, response_ms, is_vote)
    WHERE (
      SELECT count(*) FROM source_health_report r
      WHERE r.source_id = n.source_id AND r.reported_at > now() - interval '1 hour'
    ) < ${MAX_AN_HOUR}
    RETURNING source_id AS "sourceId"
  `);
  return inserted.map(({ sourceId }) => sourceId);
}

/** The month that begins `ahead` months after this one can take reports. */
export async function makeMonth(db: Db, ahead: number): Promise<void> {
  await db.query(command('source_health.make_month')`
    SELECT make_report_month(now() + make_interval(months => ${ahead}))
  `);
}

const Forgotten = z.object({ months: z.int(), reports: z.int() });

/** Drops whole months older than 30 days, and in the month that border lies in what is older. Answers how many months, and how many reports besides. */
export function forgetReports(db: Db): Promise<z.infer<typeof Forgotten>> {
  return db.one(rows('source_health.forget_reports', Forgotten)`
    SELECT months, reports FROM forget_reports(now() - make_interval(days => ${KEPT_DAYS}))
  `);
}

const ReachedSource = z.object({ id: z.int(), publicId: z.string() });

/** Those of these that viewers reach themselves. */
export function reachedSources(
  db: Db,
  publicIds: readonly string[],
): Promise<readonly z.infer<typeof ReachedSource>[]> {
  return db.any(rows('source_health.reached', ReachedSource)`
    SELECT id, public_id AS "publicId" FROM source
    WHERE public_id = ANY (${sql.array(publicIds, 'uuid')}) AND ${REACHED_BY_VIEWERS}
  `);
}

export const IspDay = z.object({
  /** Null: all others together. */
  ispName: z.string().nullable(),
  /** UTC. */
  day: z.string(),
  reports: z.int(),
  reachable: z.int(),
  /** Median of the reachable ones. */
  responseMs: z.int().nullable(),
});

/** Days of the last 30 of the `most` providers that reported most; all others as one. */
export function ispDays(db: Db, sourceId: number, most: number): Promise<readonly z.infer<typeof IspDay>[]> {
  return db.any(rows('source_health.isp_days', IspDay)`
    WITH told AS MATERIALIZED (
      SELECT lower(isp_name) AS isp, isp_name, reported_at, is_reachable, response_ms FROM source_health_report
      WHERE source_id = ${sourceId} AND reported_at > now() - make_interval(days => ${KEPT_DAYS})
    ), shown AS (
      SELECT isp, min(isp_name) AS name FROM told GROUP BY isp ORDER BY count(*) DESC, isp LIMIT ${most}
    )
    SELECT s.name AS "ispName", (t.reported_at AT TIME ZONE 'UTC')::date::text AS day, count(*) AS reports,
      count(*) FILTER (WHERE t.is_reachable) AS reachable,
      (percentile_disc(0.5) WITHIN GROUP (ORDER BY t.response_ms) FILTER (WHERE t.is_reachable)) AS "responseMs"
    FROM told t LEFT JOIN shown s ON s.isp = t.isp
    GROUP BY 1, 2 ORDER BY 2, 1 NULLS LAST
  `);
}
