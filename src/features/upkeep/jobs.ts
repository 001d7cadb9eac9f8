import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { defineJob, type Job, type JobContext } from '../../platform/jobs.ts';
import { deleteEndedValues } from '../../platform/queries.ts';
import { deleteEndedLimits, deleteFailedJobs } from './queries.ts';

/** What other rooms and the ground lend; each writes its own tables. The numbers are rows, for the log. */
export type UpkeepDeps = {
  db: Db;
  /** HTTP streams past `expires_at` become inactive. */
  expireStreams(db: Db): Promise<number>;
  /** Plays counted longer ago than they block another count. */
  forgetOldPlays(db: Db): Promise<number>;
  /** Leases and lists of running streams whose instance is gone. */
  forgetEndedStreams(db: Db): Promise<number>;
  /** Streams that no title links to. */
  dropOrphanStreams(db: Db): Promise<number>;
  /** Titles whose rank changed move to another tier of the search, `most` at a time. */
  settleTiers(db: Db, most: number): Promise<number>;
  /** What channels showed more than a day ago, `most` at a time. */
  forgetProgrammes(db: Db, most: number): Promise<number>;
  /** Stored secrets under an older key are sealed with the newest one; nothing is done where there is one key only. */
  resealStreams(signal: AbortSignal): Promise<{ resealed: number; lost: number }>;
  /** Writes today's backup and drops the oldest. */
  backup(signal: AbortSignal): Promise<unknown>;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ROWS_AT_ONCE = 10_000;
/** Each is written into another full-text index: a millisecond. */
const TITLES_AT_ONCE = 1000;
const FAILED_JOBS_KEPT_DAYS = 14;

type Context = JobContext & UpkeepDeps;

/** A job that needs no payload; a tick missed while the program was off is made up for. */
function recurring(
  name: string,
  every: string,
  catchUpMs: number,
  run: (context: Context) => Promise<unknown>,
): Job<Context> {
  return defineJob({
    name,
    every,
    catchUpMs,
    payload: z.object({}),
    async run(_payload, context: Context) {
      const result = await run(context);
      context.log.debug(typeof result === 'number' ? { rows: result } : {}, 'done');
    },
  });
}

const hourly = (name: string, minute: number, run: (context: Context) => Promise<unknown>) =>
  recurring(name, `${minute} * * * *`, HOUR_MS, run);
/** At night in UTC, where the machine is on then; else at its next start. */
const daily = (name: string, minute: number, run: (context: Context) => Promise<unknown>) =>
  recurring(name, `${minute} 3 * * *`, DAY_MS, run);

export const upkeepJobs: readonly Job<Context>[] = [
  hourly('upkeep.expire_streams', 7, ({ db, expireStreams }) => expireStreams(db)),
  hourly('upkeep.forget_plays', 12, ({ db, forgetOldPlays }) => forgetOldPlays(db)),
  hourly('upkeep.forget_limits', 17, forgetLimits),
  hourly('upkeep.reseal', 22, reseal),
  hourly('upkeep.forget_ended', 27, forgetEnded),
  hourly('upkeep.settle_search', 32, ({ db, signal, settleTiers }) =>
    inPortions(signal, (most) => settleTiers(db, most), TITLES_AT_ONCE),
  ),
  hourly('upkeep.forget_programmes', 37, ({ db, signal, forgetProgrammes }) =>
    inPortions(signal, (most) => forgetProgrammes(db, most)),
  ),
  daily('upkeep.back_up', 20, ({ backup, signal }) => backup(signal)),
  daily('upkeep.drop_orphans', 40, ({ db, dropOrphanStreams }) => dropOrphanStreams(db)),
  daily('upkeep.forget_jobs', 50, ({ db }) => deleteFailedJobs(db, FAILED_JOBS_KEPT_DAYS)),
];

/** Who changes the key waits for this line before the old one is removed. */
async function reseal({ log, resealStreams, signal }: Context): Promise<number> {
  const { resealed, lost } = await resealStreams(signal);
  if (resealed > 0) log.info({ resealed }, 'stored secrets are sealed with the newest key now');
  if (lost > 0)
    log.warn(
      { lost },
      'stored secrets cannot be opened: put the key they were sealed with into SECRET_KEYS_OLD',
    );
  return resealed;
}

async function forgetLimits({ db, signal }: Context): Promise<number> {
  const beforeMs = Date.now();
  return await inPortions(signal, (most) => deleteEndedLimits(db, beforeMs, most));
}

async function forgetEnded({ db, signal, forgetEndedStreams }: Context): Promise<number> {
  const streams = await forgetEndedStreams(db);
  return streams + (await inPortions(signal, (most) => deleteEndedValues(db, most)));
}

/** Short statements, however much there is. */
async function inPortions(
  signal: AbortSignal,
  run: (most: number) => Promise<number>,
  atOnce = ROWS_AT_ONCE,
): Promise<number> {
  let total = 0;
  for (;;) {
    signal.throwIfAborted();
    const done = await run(atOnce);
    total += done;
    if (done < atOnce) return total;
  }
}
