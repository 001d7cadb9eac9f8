import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import type { MetadataProvider } from '../../providers/provider.ts';
import type { Enricher } from './enricher.ts';
import { deleteOldAnswers } from './queries/answers.ts';
import { markPopular } from './queries/stale.ts';
import { type SyncStates, takeChanges } from './take-changes.ts';

export type MetadataJobsDeps = SyncStates & {
  db: Db;
  providers: readonly MetadataProvider[];
  enricher: Enricher;
};
type Context = JobContext & MetadataJobsDeps;

export const ENRICH_JOB = 'metadata.enrich';
export const CHANGES_JOB = 'metadata.changes';
export const POPULAR_JOB = 'metadata.popular';

/** A little less than the schedule's step. */
const LONGEST_RUN_MS = 270_000;
const TITLES_AT_ONCE = 5;
/** Films, and as many series: what most visitors open. */
const POPULAR_TITLES = 200;
/** So many in a row: the providers are down or want peace, and the next run tries again. */
const MOST_FAILURES = 5;
/** An old answer is better than none while its provider is down; after that it is of no use. */
const KEPT_PAST_END_DAYS = 30;

export const metadataJobs: readonly Job<Context>[] = [
  defineJob({
    name: ENRICH_JOB,
    every: '*/5 * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, context: Context) {
      const begun = performance.now();
      let [done, failures] = [0, 0];
      while (
        context.enricher.isOn() &&
        failures < MOST_FAILURES &&
        performance.now() - begun < LONGEST_RUN_MS
      ) {
        const outcomes = await context.enricher.enrichDue(TITLES_AT_ONCE, context.signal);
        if (outcomes.length === 0) break;
        for (const { outcome } of outcomes) failures = outcome === 'failed' ? failures + 1 : 0;
        done += outcomes.length;
      }
      if (done > 0) context.log.info({ titles: done }, 'titles were asked about');
    },
  }),
  defineJob({
    // Each provider every hour and a half, which no schedule of cron says: who is due is asked.
    name: CHANGES_JOB,
    every: '*/30 * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, context: Context) {
      const { db, enricher, log, putSyncState, signal } = context;
      if (!enricher.isOn()) return;
      const taken = await takeChanges(context, signal);
      if (taken.asked === 0) return;
      await putSyncState(db, `job.${CHANGES_JOB}`, taken);
      if (taken.titles > 0) log.info(taken, 'titles changed at their providers');
    },
  }),
  defineJob({
    name: POPULAR_JOB,
    every: '10 4 * * *',
    catchUpMs: 24 * 3_600_000,
    payload: z.object({}),
    async run(_payload, { db, enricher, putSyncState }: Context) {
      if (!enricher.isOn()) return;
      await putSyncState(db, `job.${POPULAR_JOB}`, { titles: await markPopular(db, POPULAR_TITLES) });
    },
  }),
  defineJob({
    name: 'metadata.forget',
    every: '17 * * * *',
    payload: z.object({}),
    async run(_payload, { db, signal }: Context) {
      while ((await deleteOldAnswers(db, KEPT_PAST_END_DAYS)) > 0) signal.throwIfAborted();
    },
  }),
];
