import { z } from 'zod';
import { fillCatalogs, type Household, householdCountry, localDay } from '../../catalogs/fill/index.ts';
import { catalogs } from '../../catalogs/registry.ts';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { type RefreshDeps, refreshLists } from './refresh-lists.ts';

export type ListJobsDeps = RefreshDeps & {
  /** What recurring jobs remember of their last run. */
  putSyncState(db: Db, key: string, data: Record<string, number>): Promise<void>;
  syncStates(
    db: Db,
    keys: readonly string[],
  ): Promise<readonly { key: string; data: unknown; lastSyncAt: Date }[]>;
  /** Whether the owner lets providers be asked. */
  enricher: { isOn(): boolean };
  settings: { get(): Household };
};

export const FILL_JOB = 'lists.fill_catalogs';

export const REFRESH_JOB = 'lists.refresh';

export const listJobs: readonly Job<JobContext & ListJobsDeps>[] = [
  defineJob({
    // Besides soon after a change (`fillSoon`): plays and the passing of days announce nothing.
    name: FILL_JOB,
    every: '*/10 * * * *',
    catchUpMs: 600_000,
    payload: z.object({}),
    maxAttempts: 2,
    async run(_payload, { db, log, settings, signal, putSyncState, syncStates }: JobContext & ListJobsDeps) {
      const [last] = await syncStates(db, [`job.${FILL_JOB}`]);
      if (last !== undefined && mustRest(last, Date.now())) return;
      const begun = performance.now();
      const country = householdCountry(settings.get());
      const moved = await fillCatalogs(db, catalogs, { today: localDay(), country }, signal);
      const durationMs = Math.round(performance.now() - begun);
      await putSyncState(db, `job.${FILL_JOB}`, { moved, durationMs });
      log.debug({ moved, durationMs }, 'catalogues were filled');
    },
  }),
  defineJob({
    name: REFRESH_JOB,
    every: '42 * * * *',
    catchUpMs: 3_600_000,
    payload: z.object({}),
    // The next hour is the next try; what is there meanwhile is the last good.
    maxAttempts: 1,
    async run(_payload, context: JobContext & ListJobsDeps) {
      const { db, log, signal, enricher, putSyncState } = context;
      if (!enricher.isOn()) return;
      const refreshed = await refreshLists(context, signal);
      await putSyncState(db, `job.${REFRESH_JOB}`, refreshed);
      log.info(refreshed, 'lists of the providers were refreshed');
    },
  }),
];

const Filled = z.object({ durationMs: z.number() });

/** Of many titles a fill takes so long that it may not follow upon itself: after each it rests nine times as long. */
function mustRest({ data, lastSyncAt }: { data: unknown; lastSyncAt: Date }, nowMs: number): boolean {
  const durationMs = Filled.safeParse(data).data?.durationMs ?? 0;
  return nowMs - lastSyncAt.getTime() < 9 * durationMs;
}
