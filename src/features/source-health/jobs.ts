import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { forgetReports, makeMonth } from './queries/reports.ts';

export type SourceHealthJobsDeps = { db: Db };
type Context = JobContext & SourceHealthJobsDeps;

const DAY_MS = 86_400_000;

export const sourceHealthJobs: readonly Job<Context>[] = [
  defineJob({
    name: 'source_health.retain',
    every: '5 3 * * *',
    catchUpMs: DAY_MS,
    payload: z.object({}),
    run: async (_payload, context: Context) => retain(context),
  }),
];

/** This month and the next can take reports; what is older than 30 days goes. */
async function retain({ db, log }: Context): Promise<void> {
  for (const ahead of [0, 1]) await makeMonth(db, ahead);
  log.debug(await forgetReports(db), 'old reports of sources are forgotten');
}
