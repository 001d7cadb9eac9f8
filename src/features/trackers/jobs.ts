import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { type CheckDeps, checkDue } from './check-trackers.ts';
import { keepLists, type ListDeps } from './keep-lists.ts';
import { forgetChecks, nextDueAt, plotHealth } from './queries/checks.ts';

export type TrackerJobsDeps = CheckDeps &
  ListDeps & {
    /** Queues a job for a moment, epoch ms; at most one of a name waits. */
    addJobAt(name: string, atMs: number): Promise<void>;
  };
type Context = JobContext & TrackerJobsDeps;

export const CHECK_JOB = 'trackers.check';

/** The schedule's own step; what is due sooner is queued for its moment. */
const TICK_MS = 60_000;
/** Of a hundred trackers one is due every few seconds. They are taken together, a minute early as they are. */
const GAP_MS = 15_000;
/** The queue looks for what is due every 5 s: intervals near that are kept by waiting here. */
const SHORT_INTERVAL_MS = 20_000;

/** Every minute, and when the next check is due. Any number of instances may run it: each tracker is claimed by one. */
export const trackerJobs: readonly Job<Context>[] = [
  defineJob({
    name: CHECK_JOB,
    every: '* * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, context: Context) {
      const begun = performance.now();
      await keepLists(context, context.signal);
      let dueInMs = await checkAndPlot(context);
      while (isSoon(context, dueInMs) && performance.now() - begun < TICK_MS - dueInMs) {
        await sleep(Math.max(250, dueInMs), undefined, { signal: context.signal });
        dueInMs = await checkAndPlot(context);
      }
      const waitMs = Math.max(dueInMs, Math.min(GAP_MS, context.config.trackerCheckIntervalMs / 60));
      if (waitMs < TICK_MS) await context.addJobAt(CHECK_JOB, Date.now() + waitMs);
    },
  }),
  defineJob({
    name: 'trackers.forget',
    every: '32 * * * *',
    payload: z.object({}),
    run: async (_payload, { db }: Context) => forgetChecks(db),
  }),
];

/** Milliseconds until the next check; no longer than the interval, after which new trackers may have come. */
async function checkAndPlot(context: Context): Promise<number> {
  const checked = await checkDue(context, context.signal);
  if (checked > 0) context.log.debug({ checked }, 'trackers were checked');
  await plotHealth(context.db);
  const nextAt = await nextDueAt(context.db);
  const { trackerCheckIntervalMs: intervalMs } = context.config;
  return nextAt === null ? intervalMs : Math.min(nextAt - Date.now(), intervalMs);
}

function isSoon({ config }: Context, dueInMs: number): boolean {
  return config.trackerCheckIntervalMs < SHORT_INTERVAL_MS && dueInMs < config.trackerCheckIntervalMs;
}
