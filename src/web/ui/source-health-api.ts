import * as z from 'zod/mini';
import { ask, fetchIsAdmin } from './api.ts';

const health = {
  sourceId: z.string(),
  name: z.string(),
  isActive: z.boolean(),
  score: z.number(),
  state: z.enum(['unknown', 'online', 'slow', 'isp_outage', 'globally_offline']),
  stateSince: z.string(),
  unreachableSince: z.nullable(z.string()),
  disabledAt: z.nullable(z.string()),
  scanFailures: z.number(),
  probeFailures: z.number(),
  lastProbeAt: z.nullable(z.string()),
  lastOkAt: z.nullable(z.string()),
  nextProbeAt: z.string(),
  reason: z.nullable(z.string()),
};
const SourceHealth = z.object(health);
export type SourceHealth = z.infer<typeof SourceHealth>;

const SourceHistory = z.object({
  ...health,
  probes: z.array(
    z.object({
      day: z.string(),
      probes: z.number(),
      successes: z.number(),
      connectMs: z.nullable(z.number()),
      listingMs: z.nullable(z.number()),
      firstByteMs: z.nullable(z.number()),
      bytesPerSecond: z.nullable(z.number()),
    }),
  ),
  isps: z.array(
    z.object({
      ispName: z.nullable(z.string()),
      day: z.string(),
      reports: z.number(),
      reachable: z.number(),
      responseMs: z.nullable(z.number()),
    }),
  ),
});
export type SourceHistory = z.infer<typeof SourceHistory>;

const Measured = z.object({
  sources: z.array(z.object({ sourceId: z.string(), name: z.string(), origin: z.string() })),
});
export type MeasuredSource = z.infer<typeof Measured>['sources'][number];

const Taken = z.object({
  accepted: z.number(),
  repeated: z.number(),
  ignored: z.number(),
  full: z.number(),
});
export type Taken = z.infer<typeof Taken>;

/** None for who is not signed in. */
export async function fetchSourcesHealth(signal: AbortSignal): Promise<SourceHealth[]> {
  if (!(await fetchIsAdmin(signal))) return [];
  const answer = await ask(z.object({ sources: z.array(SourceHealth) }), '/api/sources/health', { signal });
  return answer.sources;
}

export function fetchSourceHistory(sourceId: string, signal: AbortSignal): Promise<SourceHistory> {
  return ask(SourceHistory, `/api/sources/${encodeURIComponent(sourceId)}/health`, { signal });
}

/** File servers that this browser may measure. */
export async function fetchMeasured(signal: AbortSignal): Promise<MeasuredSource[]> {
  return (await ask(Measured, '/api/sources/measured', { signal })).sources;
}

export type Report = { sourceId: string; isReachable: boolean; responseMs: number | null };

export function sendReports(
  body: { ispName: string; reports: readonly Report[] },
  signal: AbortSignal,
): Promise<Taken> {
  return ask(Taken, '/api/sources/health-reports', { signal, method: 'POST', body });
}
