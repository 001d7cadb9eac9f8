import { z } from 'zod';
import type { CountOnce } from './count-once.ts';
import { settledBefore } from './queries/health.ts';
import { insertReports, reachedSources } from './queries/reports.ts';
import { type SettleDeps, settle } from './settle.ts';

const [HOUR_S, DAY_S] = [3600, 86_400];
/** Under a flood of reports a source is thought about this often; the job of each minute does the rest. */
const SETTLE_EVERY_MS = 2000;
const MAX_REPORTS = 50;

const ispName = z
  .string()
  .max(400)
  .transform((name) => name.normalize('NFKC').replace(/\s+/g, ' ').trim())
  .pipe(
    z
      .string()
      .min(1)
      .max(100)
      .regex(/^[^\p{Cc}\p{Cf}]*$/u, 'may hold no control characters'),
  );

export const HealthReports = z.strictObject({
  /** Of whom the viewer has the network, as the viewer calls it. */
  ispName,
  reports: z
    .array(
      z.strictObject({
        sourceId: z.uuid(),
        isReachable: z.boolean(),
        responseMs: z.int().min(0).max(30_000).nullish(),
      }),
    )
    .min(1)
    .max(MAX_REPORTS),
});

export const ReportsTaken = z.object({
  accepted: z.int(),
  /** This client was counted for that source within the hour. */
  repeated: z.int(),
  /** No such source, it is switched off, or viewers do not reach it themselves. */
  ignored: z.int(),
  /** Enough is known of that source for this hour. */
  full: z.int(),
});
export type ReportsTaken = z.infer<typeof ReportsTaken>;

export type ReportDeps = SettleDeps & {
  once: CountOnce;
  /** Whether everybody may know of the owner's file servers; else nobody can speak of one. */
  areSourcesShown(): boolean;
};

/** Takes what one client measured. `client` goes no further than the marks. */
export async function takeReports(
  deps: ReportDeps,
  { ispName: isp, reports }: z.infer<typeof HealthReports>,
  client: string,
): Promise<ReportsTaken> {
  const publicIds = [...new Set(reports.map(({ sourceId }) => sourceId))];
  const known = deps.areSourcesShown() ? await reachedSources(deps.db, publicIds) : [];
  const ids = new Map(known.map(({ id, publicId }) => [publicId, id]));
  const meant = reports.flatMap(({ sourceId: publicId, ...report }) => {
    const sourceId = ids.get(publicId.toLowerCase());
    return sourceId === undefined ? [] : [{ ...report, sourceId }];
  });
  const firsts = await Promise.all(
    meant.map(({ sourceId }) => deps.once.isFirst(`${client} ${sourceId} hour`, HOUR_S)),
  );
  const fresh = meant.filter((_report, index) => firsts[index] === true);
  const accepted = await keepReports(
    deps,
    fresh.map((report) => ({ ispName: isp, ...report })),
    client,
  );
  const touched = fresh.map(({ sourceId }) => sourceId);
  if (accepted.length > 0) await settle(deps, await settledBefore(deps.db, touched, SETTLE_EVERY_MS));
  return {
    accepted: accepted.length,
    repeated: meant.length - fresh.length,
    ignored: reports.length - meant.length,
    full: fresh.length - accepted.length,
  };
}

/** Keeps those there is room for; where there is none, the client has still its vote of the day. Answers the sources of those that were kept. */
async function keepReports(
  { db, once }: ReportDeps,
  reports: readonly {
    sourceId: number;
    ispName: string;
    isReachable: boolean;
    responseMs?: number | null | undefined;
  }[],
  client: string,
): Promise<number[]> {
  if (reports.length === 0) return [];
  const dayOf = (sourceId: number) => `${client} ${sourceId} day`;
  const votes = await Promise.all(reports.map(({ sourceId }) => once.isFirst(dayOf(sourceId), DAY_S)));
  let kept: number[] = [];
  try {
    kept = await insertReports(
      db,
      reports.map(({ responseMs = null, ...report }, index) => ({
        ...{ ...report, responseMs, isVote: votes[index] === true },
      })),
    );
    return kept;
  } finally {
    const lost = reports.filter(({ sourceId }, index) => votes[index] === true && !kept.includes(sourceId));
    await Promise.all(lost.map(({ sourceId }) => once.forget(dayOf(sourceId))));
  }
}
