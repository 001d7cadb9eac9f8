import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { hashSourceFiles } from './hash-files.ts';
import { type ProbeDeps, probeStream } from './probe-stream.ts';

export type FileFactsDeps = Pick<ProbeDeps, 'db' | 'kinds' | 'tools' | 'lend'>;
type Context = JobContext & FileFactsDeps;

export const PROBE_JOB = 'files.probe';
/** A little less than the schedule's step. */
const LONGEST_RUN_MS = 270_000;

/** Looks into a stream that was added (an origin that is away is asked again; what will not change is left), and takes hashes of files of sources. */
export const fileFactsJobs: readonly Job<Context>[] = [
  defineJob({
    name: PROBE_JOB,
    payload: z.object({ streamId: z.int() }),
    maxAttempts: 3,
    async run({ streamId }, context: Context) {
      if (!(await context.tools.available()).isAvailable) return;
      try {
        await probeStream(context, streamId, context.signal);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        context.log.debug({ code: error.code }, 'a stream could not be looked into');
      }
    },
  }),
  defineJob({
    name: 'files.hash',
    every: '*/5 * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    async run(_payload, context: Context) {
      // Another run begins where this one ends.
      const longest = AbortSignal.timeout(LONGEST_RUN_MS);
      try {
        const files = await hashSourceFiles(context, AbortSignal.any([context.signal, longest]));
        if (files > 0) context.log.info({ files }, 'new files of sources have their hash');
      } catch (error) {
        if (!longest.aborted) throw error;
      }
    },
  }),
];
