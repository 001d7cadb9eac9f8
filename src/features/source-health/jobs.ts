import { z } from 'zod';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { checkLink } from './check-link.ts';
import { keepLinks } from './keep-links.ts';
import { type ProbeDeps, probeDue } from './probe-sources.ts';
import { unsettled } from './queries/health.ts';
import { linkOf } from './queries/links.ts';
import { forgetProbes } from './queries/probes.ts';
import { forgetReports, makeMonth } from './queries/reports.ts';
import { settle } from './settle.ts';

export type SourceHealthJobsDeps = Omit<ProbeDeps, 'settings'> & {
  settings: { get(): { sourceDisableBelow: number; brokenLinks: 'keep' | 'delete' } };
};
type Context = JobContext & SourceHealthJobsDeps;

/** A viewer found nothing where a file was: it is looked for at once, and does not wait for its turn. */
export const LINK_JOB = 'source_health.link';

const DAY_MS = 86_400_000;
const SOURCES_AT_ONCE = 50;

export const sourceHealthJobs: readonly Job<Context>[] = [
  defineJob({
    name: 'source_health.probe',
    every: '* * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    run: async (_payload, context: Context) => {
      const probed = await probeDue(context, context.signal);
      if (probed > 0) context.log.debug({ probed }, 'file servers were probed');
    },
  }),
  defineJob({
    name: 'source_health.links',
    every: '45 3 * * *',
    catchUpMs: DAY_MS,
    payload: z.object({}),
    run: async (_payload, { db, log, signal, settings }: Context) => {
      const { hidden, deleted } = await keepLinks(db, settings.get().brokenLinks, signal);
      if (hidden + deleted > 0) log.info({ hidden, deleted }, 'links of file servers that nobody reaches');
    },
  }),
  defineJob({
    name: LINK_JOB,
    payload: z.object({ streamId: z.int() }),
    maxAttempts: 1,
    run: async ({ streamId }, context: Context) => {
      const found = await linkOf(context.db, streamId);
      if (found === null) return;
      const { sourceId, publicId, baseUrl, ...file } = found;
      try {
        await checkLink(context, { sourceId, publicId, baseUrl }, file, context.signal);
      } catch (error) {
        context.signal.throwIfAborted();
        context.log.debug({ err: error, streamId }, 'a file of a source was not read in time');
      }
    },
  }),
  defineJob({
    name: 'source_health.settle',
    every: '* * * * *',
    payload: z.object({}),
    maxAttempts: 1,
    run: async (_payload, context: Context) => {
      await settle(context, await unsettled(context.db, SOURCES_AT_ONCE));
    },
  }),
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
  await forgetProbes(db);
  log.debug(await forgetReports(db), 'old reports of sources are forgotten');
}
