import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { tellTitlesChanged } from '../../platform/queries.ts';
import { forgetUsage } from './queries.ts';

/** What the usenet kind lends: it knows providers, and writes its own tables. */
export type UsenetJobsDeps = {
  db: Db;
  /** Looks at a batch of posts that are due; null: there are no providers, and nothing is looked at. */
  checkPosts: ((signal: AbortSignal) => Promise<{ checked: number; changed: readonly number[] }>) | null;
  /** Drops NZBs no link needs any more. */
  forgetReleases(): Promise<number>;
};
type Context = JobContext & UsenetJobsDeps;

/** A job has its place for a minute or two; the rest comes with the next tick. */
const MOST_BATCHES = 6;
const MOST_MS = 60_000;

export const usenetJobs: readonly Job<Context>[] = [
  defineJob({
    name: 'usenet.health',
    every: '*/2 * * * *',
    payload: z.object({}),
    // The next tick is the next try.
    maxAttempts: 1,
    async run(_payload, { db, log, signal, checkPosts }: Context) {
      if (checkPosts === null) return;
      const begun = performance.now();
      let total = 0;
      for (let batch = 0; batch < MOST_BATCHES && performance.now() - begun < MOST_MS; batch += 1) {
        const { checked, changed } = await checkPosts(signal);
        // Offers are kept for 15 minutes; one that was found damaged is left out of them at once.
        if (changed.length > 0) await tellTitlesChanged(db);
        if (checked === 0) break;
        total += checked;
      }
      if (total > 0) log.debug({ rows: total }, 'done');
    },
  }),
  defineJob({
    name: 'usenet.forget',
    every: '41 * * * *',
    payload: z.object({}),
    async run(_payload, { db, log, forgetReleases }: Context) {
      log.debug({ rows: (await forgetReleases()) + (await forgetUsage(db)) }, 'done');
    },
  }),
];
