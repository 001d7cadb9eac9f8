import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { forgetStored } from './queries.ts';

export type TorrentJobsDeps = { db: Db };

/** Hourly: rows of what was evicted a day ago, and of disks that never came back. */
export const torrentJobs: readonly Job<JobContext & TorrentJobsDeps>[] = [
  defineJob({
    name: 'torrents.forget',
    every: '37 * * * *',
    payload: z.object({}),
    async run(_payload, { db, log }: JobContext & TorrentJobsDeps) {
      log.debug({ rows: await forgetStored(db) }, 'done');
    },
  }),
];
