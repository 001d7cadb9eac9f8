import { z } from 'zod';
import { countryOfLanguage, fillCatalogs, localDay } from '../../catalogs/fill/index.ts';
import { catalogs } from '../../catalogs/registry.ts';
import type { Pool } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';

export type ListJobsDeps = {
  db: Pool;
  settings: { get(): { catalogLanguage: string } };
};

export const FILL_JOB = 'lists.fill_catalogs';

export const listJobs: readonly Job<JobContext & ListJobsDeps>[] = [
  defineJob({
    // Besides soon after a change (`fillSoon`): plays and the passing of days announce nothing.
    name: FILL_JOB,
    every: '*/10 * * * *',
    catchUpMs: 600_000,
    payload: z.object({}),
    maxAttempts: 2,
    async run(_payload, { db, log, settings, signal }: JobContext & ListJobsDeps) {
      const begun = performance.now();
      const country = countryOfLanguage(settings.get().catalogLanguage);
      const moved = await fillCatalogs(db, catalogs, { today: localDay(), country }, signal);
      log.debug({ moved, durationMs: Math.round(performance.now() - begun) }, 'catalogues were filled');
    },
  }),
];
