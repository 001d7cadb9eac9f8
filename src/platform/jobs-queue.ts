import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger, Runner, TaskList, TaskSpec } from 'graphile-worker';
import { Pool } from 'pg';
import type { Job, JobContext, JobsOptions } from './jobs.ts';
import { type Log, redact } from './log.ts';

/** graphile-worker at work, or (role `web`) only its adding half. */
export type JobQueue = {
  add(job: { name: string; maxAttempts: number }, payload: unknown, spec: TaskSpec): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when it ended by itself; never when it was stopped. */
  ended: Promise<unknown>;
};

const DEFAULT_CONCURRENCY = 2;
const DEFAULT_POLL_INTERVAL_MS = 5000;
const ABORT_AFTER_MS = 1000;
/** A job that does not heed its signal is left alone this much later: the queue has it back and it is tried again. */
const GIVE_UP_AFTER_MS = 2000;
const LEAVE_AFTER_MS = 5000;
const DRAIN_MS = 1000;
const DRAIN_STEP_MS = 50;

/** Loads the library, migrates its schema and (unless `web`) begins to work. Throws when Postgres cannot be reached. */
export async function openQueue<Deps extends object>(options: JobsOptions<Deps>): Promise<JobQueue> {
  const { url, log, role, jobs, concurrency = DEFAULT_CONCURRENCY } = options;
  const worker = await import('graphile-worker');
  const logger = new worker.Logger(() => (level, message, meta) => bridge(log, level, message, meta));
  // One connection listens, one settles what the others finished.
  const pool = openPool(url, role === 'web' ? 1 : concurrency + 2, log);
  try {
    if (role === 'web') {
      const utils = await worker.makeWorkerUtils({ pgPool: pool, logger });
      return {
        add: async ({ name, maxAttempts }, payload, spec) =>
          void (await utils.addJob(name, payload, { maxAttempts, ...spec })),
        stop: async () => {
          await utils.release();
          await endPool(pool);
        },
        ended: new Promise(() => undefined),
      };
    }
    const runner = await worker.run({
      pgPool: pool,
      logger,
      concurrency,
      taskList: tasksOf(options),
      parsedCronItems: worker.parseCronItems(jobs.flatMap(cronItemOf)),
      noHandleSignals: true,
      pollInterval: options.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS,
      gracefulShutdownAbortTimeout: ABORT_AFTER_MS,
    });
    return watch(runner, pool, logger);
  } catch (error) {
    await endPool(pool);
    throw error;
  }
}

function watch(runner: Runner, pool: Pool, logger: Logger): JobQueue {
  const ended = Promise.withResolvers<unknown>();
  let isStopped = false;
  const end = (error: unknown) => {
    if (isStopped) return;
    isStopped = true;
    void endPool(pool).then(() => ended.resolve(error));
  };
  runner.promise.then(() => end(new Error('the runner ended')), end);
  return {
    add: async ({ name, maxAttempts }, payload, spec) =>
      void (await runner.addJob(name, payload, { maxAttempts, ...spec })),
    ended: ended.promise,
    async stop() {
      if (isStopped) return;
      isStopped = true;
      const stopped = runner.stop().catch((error) => logger.debug(`stopping failed: ${error}`));
      await Promise.race([stopped, sleep(LEAVE_AFTER_MS, undefined, { ref: false })]);
      await endPool(pool);
    },
  };
}

function tasksOf<Deps extends object>({ jobs, deps, log, onRun }: JobsOptions<Deps>): TaskList {
  const run = async (job: Job<JobContext & Deps>, payload: unknown, context: JobContext) => {
    const begun = performance.now();
    let isError = true;
    try {
      await orGiveUp(job.run(withoutCron(payload), { ...deps, ...context }), context.signal);
      isError = false;
    } catch (error) {
      context.log.warn({ err: error, attempt: context.attempt, of: job.maxAttempts }, 'a job failed');
      // What is thrown is stored with the job: no URL or token may get there.
      throw new Error(redact(error instanceof Error ? error.message : String(error)));
    } finally {
      onRun?.({ name: job.name, durationMs: performance.now() - begun, isError });
    }
  };
  return Object.fromEntries(
    jobs.map((job) => [
      job.name,
      (payload: unknown, helpers: { abortSignal: AbortSignal; job: { attempts: number } }) =>
        run(job, payload, {
          log: log.child({ job: job.name }),
          signal: helpers.abortSignal,
          attempt: helpers.job.attempts,
        }),
    ]),
  );
}

async function orGiveUp(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const givenUp = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const giveUpSoon = () => {
    timer = setTimeout(() => givenUp.reject(new Error('the program stopped')), GIVE_UP_AFTER_MS);
  };
  signal.addEventListener('abort', giveUpSoon, { once: true });
  try {
    await Promise.race([work, givenUp.promise]);
  } finally {
    signal.removeEventListener('abort', giveUpSoon);
    clearTimeout(timer);
  }
}

/** Scheduled runs come with `{_cron: {ts}}` in their payload. */
function withoutCron(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([key]) => key !== '_cron'));
}

/** The key makes ticks that pile up (nobody ran jobs for a while) one waiting job. */
function cronItemOf({
  name,
  every,
  catchUpMs,
  maxAttempts,
}: Pick<Job, 'name' | 'every' | 'catchUpMs' | 'maxAttempts'>) {
  if (every === null) return [];
  const options = { backfillPeriod: catchUpMs, maxAttempts, jobKey: `cron:${name}` };
  return [{ task: name, match: every, identifier: name, options }];
}

function bridge(log: Log, level: string, message: string, meta: object): void {
  // Failed jobs are logged where they failed; what is left is about connections and the library itself.
  if (level === 'error') log.debug(meta, message);
  else if (level === 'warning') log.debug(message);
  else log.trace(message);
}

function openPool(url: string, max: number, log: Log): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 5000,
    application_name: 'tributary jobs',
  });
  const note = (error: Error) => log.debug({ err: error }, 'a connection of the jobs was lost');
  pool.on('error', note);
  pool.on('connect', (client) => void client.on('error', note));
  return pool;
}

/** graphile-worker says it has stopped before it has written that an aborted job failed: wait for what is under way. */
async function endPool(pool: Pool): Promise<void> {
  if (pool.ended || pool.ending) return;
  const deadline = performance.now() + DRAIN_MS;
  do await sleep(DRAIN_STEP_MS, undefined, { ref: false });
  while ((pool.waitingCount > 0 || pool.idleCount < pool.totalCount) && performance.now() < deadline);
  await Promise.race([pool.end().catch(() => undefined), sleep(DRAIN_MS, undefined, { ref: false })]);
}
