import { z } from 'zod';
import type { Pool } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { forgetExpiredCodes } from './device-install.ts';
import { deleteOldRequests } from './queries/requests.ts';

export type DeviceJobsDeps = { db: Pool };

/** Answered requests are kept as long as the audit log. */
const KEPT_DAYS = 90;

export const deviceJobs: readonly Job<JobContext & DeviceJobsDeps>[] = [
  defineJob({
    name: 'devices.forget_ended',
    every: '*/10 * * * *',
    catchUpMs: 600_000,
    payload: z.object({}),
    async run(_payload, { db, log }: JobContext & DeviceJobsDeps) {
      const codes = await db.transaction(forgetExpiredCodes);
      const requests = await deleteOldRequests(db, KEPT_DAYS);
      log.debug({ codes, requests }, 'done');
    },
  }),
];
