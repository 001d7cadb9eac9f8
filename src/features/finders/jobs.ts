import { z } from 'zod';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import type { AskDeps } from './ask-finder.ts';
import { type PollDeps, pollFeeds } from './poll-feeds.ts';
import { forgetSeen } from './queries/feeds.ts';
import { forgetDays } from './queries/outcomes.ts';

export type FinderJobsDeps = Omit<PollDeps, 'caps'>;
type Context = JobContext & FinderJobsDeps;

/** Of one run; the next one goes on. */
const MOST_BATCHES = 10;

export const finderJobs: readonly Job<Context>[] = [
  defineJob({
    name: 'finders.poll',
    every: '*/5 * * * *',
    payload: z.object({}),
    // The next tick is the next try.
    maxAttempts: 1,
    async run(_payload, context: Context) {
      for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
        const read = await pollFeeds({ ...context, caps: NO_CAPS }, context.signal);
        if (read === 0) break;
      }
    },
  }),
  defineJob({
    name: 'finders.forget_seen',
    every: '42 4 * * *',
    catchUpMs: 86_400_000,
    payload: z.object({}),
    async run(_payload, { db, log }: Context) {
      log.debug({ rows: (await forgetSeen(db)) + (await forgetDays(db)) }, 'done');
    },
  }),
];

/** Feeds have none. */
const NO_CAPS: AskDeps['caps'] = { get: (_key, load, signal = new AbortController().signal) => load(signal) };
