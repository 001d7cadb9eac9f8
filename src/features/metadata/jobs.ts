import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import type { Enricher } from './enricher.ts';
import { deleteOldAnswers } from './queries/answers.ts';

export type MetadataJobsDeps = {
  db: Db;
  enricher: Enricher;
};
type Context = JobContext & MetadataJobsDeps;

export const ENRICH_JOB = 'metadata.enrich';

/** A little less than the schedule's step. */
const LONGEST_RUN_MS = 270_000;
const TITLES_AT_ONCE = 5;
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
    name: 'metadata.forget',
    every: '17 * * * *',
    payload: z.object({}),
    async run(_payload, { db, signal }: Context) {
      while ((await deleteOldAnswers(db, KEPT_PAST_END_DAYS)) > 0) signal.throwIfAborted();
    },
  }),
];
