import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { type ProbeDeps, probeStream } from './probe-stream.ts';

export type FileFactsDeps = Pick<ProbeDeps, 'db' | 'kinds' | 'tools' | 'lend'>;
type Context = JobContext & FileFactsDeps;

export const PROBE_JOB = 'files.probe';

/** Looks into a stream that was added. An origin that is away is asked again; what will not change is left. */
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
];
