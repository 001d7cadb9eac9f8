import { z } from 'zod';
import type { Pool } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { readNamesAgain } from './read-names-again.ts';
import { scoreStreams } from './score-streams.ts';

/** What the torrent kind lends: it knows trackers and writes the numbers of its own table. */
export type StreamJobsDeps = {
  db: Pool;
  /** Looks at a batch of swarms that are due; answers the streams, none when nothing is due. */
  checkSwarms(signal: AbortSignal): Promise<readonly number[]>;
};

/** 100,000 torrents that all change all the time are 278 a minute. */
const MOST_BATCHES = 3;

export const streamJobs: readonly Job<JobContext & StreamJobsDeps>[] = [
  defineJob({
    name: 'streams.check_swarms',
    every: '* * * * *',
    payload: z.object({}),
    // The next tick is the next try.
    maxAttempts: 1,
    async run(_payload, { db, log, signal, checkSwarms }: JobContext & StreamJobsDeps) {
      let total = 0;
      for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
        const checked = await checkSwarms(signal);
        if (checked.length === 0) break;
        await scoreStreams(db, checked);
        total += checked.length;
      }
      if (total > 0) log.debug({ rows: total }, 'done');
    },
  }),
  defineJob({
    name: 'streams.read_names',
    every: '32 * * * *',
    // After an update, at the next start.
    catchUpMs: 3_600_000,
    payload: z.object({}),
    async run(_payload, { db, log, signal }: JobContext & StreamJobsDeps) {
      const read = await readNamesAgain(db, signal);
      if (read > 0) log.info({ streams: read }, 'names of stored streams were read again');
    },
  }),
];
