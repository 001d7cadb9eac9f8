import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';

/** What a plot shows. */
const SHOWN_DAYS = 30;
const KEPT_DAYS = 400;

export type UsageDelta = {
  provider: string;
  bytes: number;
  articles: number;
  missing: number;
  failures: number;
};

/** Adds to today's (UTC). */
export async function addUsage(db: Db, deltas: readonly UsageDelta[]): Promise<void> {
  const values = deltas.map(({ provider, bytes, articles, missing, failures }) => [
    ...[provider, bytes, articles, missing, failures],
  ]);
  await db.query(command('usenet.add_usage')`
    INSERT INTO usenet_provider_usage AS u (provider, day, bytes, articles, missing, failures)
    SELECT g.provider, (now() AT TIME ZONE 'UTC')::date, g.bytes, g.articles, g.missing, g.failures
    FROM ${sql.unnest(values, ['text', 'int8', 'int8', 'int8', 'int8'])} AS g(provider, bytes, articles, missing, failures)
    ORDER BY g.provider
    ON CONFLICT (provider, day) DO UPDATE SET bytes = u.bytes + excluded.bytes, articles = u.articles + excluded.articles,
      missing = u.missing + excluded.missing, failures = u.failures + excluded.failures
  `);
}

export const UsageDay = z.object({
  /** `2026-01-31`, UTC. */
  day: z.string(),
  bytes: z.number(),
  articles: z.int(),
  missing: z.int(),
  failures: z.int(),
});
const ProviderDay = UsageDay.extend({ provider: z.string() });

/** Every day of the last 30 on which anything was asked, oldest first. */
export function usageOfMonth(db: Db): Promise<readonly z.infer<typeof ProviderDay>[]> {
  return db.any(rows('usenet.usage', ProviderDay)`
    SELECT provider, to_char(day, 'YYYY-MM-DD') AS day, bytes, articles, missing, failures FROM usenet_provider_usage
    WHERE day > (now() AT TIME ZONE 'UTC')::date - ${SHOWN_DAYS}::int4 ORDER BY day, provider LIMIT 3000
  `);
}

const Deleted = z.object({ deleted: z.int() });

export async function forgetUsage(db: Db): Promise<number> {
  const { deleted } = await db.one(rows('usenet.forget_usage', Deleted)`
    WITH gone AS (
      DELETE FROM usenet_provider_usage WHERE day < (now() AT TIME ZONE 'UTC')::date - ${KEPT_DAYS}::int4 RETURNING 1
    )
    SELECT count(*) AS deleted FROM gone
  `);
  return deleted;
}
