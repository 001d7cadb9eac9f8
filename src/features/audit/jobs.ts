import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { deleteOldAudit } from './queries.ts';

const KEPT_DAYS = 90;
const ROWS_AT_ONCE = 10_000;

export const auditJobs: readonly Job<JobContext & { db: Db }>[] = [
  defineJob({
    name: 'audit.forget',
    every: '55 3 * * *',
    catchUpMs: 24 * 3_600_000,
    payload: z.object({}),
    async run(_payload, { db, log, signal }: JobContext & { db: Db }) {
      let rows = 0;
      for (let gone = ROWS_AT_ONCE; gone === ROWS_AT_ONCE; rows += gone) {
        signal.throwIfAborted();
        gone = await deleteOldAudit(db, KEPT_DAYS, ROWS_AT_ONCE);
      }
      log.debug({ rows }, 'done');
    },
  }),
];
