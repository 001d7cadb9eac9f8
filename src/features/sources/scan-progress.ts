import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { Matching, matchingOf, RunningScan, runningScans } from './queries/scan-answers.ts';

export const SourcesProgress = z.object({
  /** False: the owner paused it (setting `enrichment`). */
  isMatching: z.boolean(),
  matching: Matching,
  scans: z.array(RunningScan),
});
export type SourcesProgress = z.infer<typeof SourcesProgress>;

const MAX_SCANS = 100;
const MOST_COUNTED = 100_000;

/** How far scans and matching are just now. */
export async function sourcesProgress(db: Db, enricher: { isOn(): boolean }): Promise<SourcesProgress> {
  const [matching, scans] = await Promise.all([
    matchingOf(db, null, MOST_COUNTED),
    runningScans(db, { limit: MAX_SCANS, mostCounted: MOST_COUNTED }),
  ]);
  return { isMatching: enricher.isOn(), matching, scans: [...scans] };
}
