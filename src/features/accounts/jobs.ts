import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { deleteEndedSessions } from './queries/sessions.ts';
import { deleteEndedTickets } from './queries/tokens.ts';

export type AccountJobsDeps = { db: Db };

export const accountJobs: readonly Job<JobContext & AccountJobsDeps>[] = [
  defineJob({
    name: 'accounts.forget_ended',
    every: '42 * * * *',
    catchUpMs: 3_600_000,
    payload: z.object({}),
    async run(_payload, { db, log }: JobContext & AccountJobsDeps) {
      const sessions = await deleteEndedSessions(db);
      const tickets = await deleteEndedTickets(db);
      log.debug({ sessions, tickets }, 'done');
    },
  }),
];
