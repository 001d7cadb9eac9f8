import { z } from 'zod';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { dropDeleted } from './delete-sources.ts';
import { linkSourceSubtitles } from './link-subtitles.ts';
import { type MatchDeps, matchItems } from './match-items.ts';
import { forgetOldScans } from './queries/scans.ts';
import type { Scanner } from './scanner.ts';

export type SourceJobsDeps = MatchDeps & { scanner: Scanner };
type Context = JobContext & SourceJobsDeps;

export const MATCH_JOB = 'sources.match';
export const SCAN_JOB = 'sources.scan';
export const DROP_JOB = 'sources.drop';

/** A little less than the schedule's step. */
const LONGEST_RUN_MS = 270_000;
const ITEMS_AT_ONCE = 200;
const KEPT_DAYS = 90;

export const sourceJobs: readonly Job<Context>[] = [
  defineJob({
    name: SCAN_JOB,
    every: '* * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, { scanner }: Context) {
      await scanner.scanDue();
      await scanner.watch();
    },
  }),
  defineJob({
    name: MATCH_JOB,
    every: '*/5 * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, context: Context) {
      const begun = performance.now();
      let files = 0;
      while (performance.now() - begun < LONGEST_RUN_MS) {
        const taken = await matchItems(context, ITEMS_AT_ONCE, context.signal);
        const subtitles = taken > 0 ? 0 : await linkSourceSubtitles(context, context.signal);
        if (taken + subtitles === 0) break;
        files += taken;
      }
      if (files > 0) context.log.info({ files }, 'files of sources were matched');
    },
  }),
  defineJob({
    name: DROP_JOB,
    every: '*/5 * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, { db, signal }: Context) {
      const longest = AbortSignal.timeout(LONGEST_RUN_MS);
      await dropDeleted(db, AbortSignal.any([signal, longest])).catch((error: unknown) => {
        if (!longest.aborted) throw error;
      });
    },
  }),
  defineJob({
    name: 'sources.forget_scans',
    every: '27 4 * * *',
    catchUpMs: 86_400_000,
    payload: z.object({}),
    async run(_payload, { db, signal }: Context) {
      while (await forgetOldScans(db, KEPT_DAYS)) signal.throwIfAborted();
    },
  }),
];
