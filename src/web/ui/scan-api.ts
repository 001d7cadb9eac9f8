import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const counts = {
  ...{ folders: z.number(), files: z.number(), inserted: z.number(), skipped: z.number() },
  ...{ extras: z.number(), subtitles: z.number(), moved: z.number(), gone: z.number() },
  ...{ matched: z.number(), flagged: z.number(), unmatched: z.number(), failed: z.number() },
};
const Scan = z.object({
  batchId: z.string(),
  phase: z.enum(['collector', 'enricher']),
  status: z.enum(['started', 'completed', 'failed']),
  origin: z.enum(['scan', 'results']),
  ...counts,
  currentFolder: z.nullable(z.string()),
  failure: z.nullable(z.string()),
  startedAt: z.string(),
  endedAt: z.nullable(z.string()),
});
export type Scan = z.infer<typeof Scan>;
const Scans = z.object({ scans: z.array(Scan) });

const RunningScan = z.extend(Scan, { sourceId: z.string(), foldersWaiting: z.number() });
export type RunningScan = z.infer<typeof RunningScan>;

const Matching = z.object({
  waiting: z.number(),
  ...{ matched: z.number(), flagged: z.number(), unmatched: z.number(), failed: z.number() },
});
const Progress = z.object({ isMatching: z.boolean(), matching: Matching, scans: z.array(RunningScan) });
export type ScanProgress = z.infer<typeof Progress>;

/** How far scans and matching are just now. */
export function fetchScanProgress(signal: AbortSignal): Promise<ScanProgress> {
  return ask(Progress, '/api/sources/progress', { signal });
}

/** The last scans of a source and the matching after them, newest first. */
export async function fetchScans(id: string, signal: AbortSignal): Promise<Scan[]> {
  return (await ask(Scans, `/api/sources/${id}/scans`, { signal })).scans;
}

/** It is scanned as soon as a worker is free. */
export async function scanNow(id: string, signal: AbortSignal): Promise<void> {
  await send(`/api/sources/${id}/scan`, { signal, method: 'POST', body: {} });
}

/** What nobody knew, or failed, is tried again at once. */
export async function matchAgain(id: string, signal: AbortSignal): Promise<void> {
  await send(`/api/sources/${id}/retry`, { signal, method: 'POST', body: {} });
}
