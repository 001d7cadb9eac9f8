import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { AppError } from '../kit/errors.ts';
import { type JobQueue, openQueue } from './jobs-queue.ts';
import type { Log } from './log.ts';

/** What every job is given besides the deps of its room. */
export type JobContext = {
  log: Log;
  /** Aborts when the program stops: a job that heeds it is tried again later. */
  signal: AbortSignal;
  /** 1 the first time. */
  attempt: number;
};

export type Job<Context extends JobContext = JobContext> = {
  name: string;
  /** Cron expression in UTC; null: only when added. */
  every: string | null;
  /** A tick missed by less than this (the machine was off) is made up for at the next start. The schedule's interval: one run at most. */
  catchUpMs: number;
  maxAttempts: number;
  parse(payload: unknown): unknown;
  /** Parses and runs. */
  run: (payload: unknown, context: Context) => Promise<void>;
};

/** A background job: its name (`room.verb`), schedule, payload and work in one place. Retried with exponential back-off (e^attempt s). */
export function defineJob<P extends z.ZodType, Context extends JobContext>(definition: {
  name: string;
  every?: string;
  catchUpMs?: number;
  payload: P;
  /** Default 5: over three minutes. */
  maxAttempts?: number;
  run(payload: z.infer<P>, context: Context): Promise<void>;
}): Job<Context> {
  const { name, every = null, catchUpMs = 0, payload: schema, maxAttempts = 5 } = definition;
  const parse = (payload: unknown) => schema.parse(payload ?? {});
  return {
    name,
    every,
    catchUpMs,
    maxAttempts,
    parse,
    run: async (payload, context) => definition.run(schema.parse(payload ?? {}), context),
  };
}

type AddOptions = {
  /** At most one waiting job has a key; a later one replaces it. */
  key?: string;
  runAt?: Date;
  /** One with this key that waits already keeps its time: who asks again and again would put it off for ever. */
  keepsTime?: boolean;
};

export type JobRun = { name: string; durationMs: number; isError: boolean };

export type Jobs = {
  /** Queues a job; it runs on any instance that runs jobs. Throws `jobs.unavailable` when the queue cannot be reached for 10 s. */
  add(name: string, payload?: unknown, options?: AddOptions): Promise<void>;
  /** Takes no more jobs, gives running ones a second, aborts them, and leaves after 8 s at most; what did not end is tried again. */
  stop(): Promise<void>;
};

export type JobsOptions<Deps extends object> = {
  url: string;
  jobs: readonly Job<JobContext & Deps>[];
  deps: Deps;
  /** `web` adds jobs and runs none. */
  role: 'all' | 'web' | 'worker';
  log: Log;
  /** Begin then (once the server listens); an `add` begins earlier. Default: at once. */
  after?: Promise<unknown>;
  onRun?: (run: JobRun) => void;
  concurrency?: number;
  /** For jobs due later; those due now are told by NOTIFY. */
  pollIntervalMs?: number;
};

const ADD_TIMEOUT_MS = 10_000;
const MAX_RETRY_DELAY_MS = 30_000;

/**
 * Background jobs over Postgres (graphile-worker; its own schema, migrated by it): one run per job and per cron tick,
 * however many instances. Returns at once; the library (70 ms) and its connections are loaded in the background and
 * come back by themselves after the database was away.
 */
export function startJobs<Deps extends object>(options: JobsOptions<Deps>): Jobs {
  const { log, jobs, role } = options;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  if (byName.size < jobs.length) throw new Error('two jobs have one name');
  let queue: Promise<JobQueue> | null = null;
  let failures = 0;
  let retryTimer: NodeJS.Timeout | undefined;
  const stopping = new AbortController();

  function begin(): Promise<JobQueue> {
    if (stopping.signal.aborted) return Promise.reject(unavailable());
    queue ??= open();
    return queue;
  }

  async function open(): Promise<JobQueue> {
    try {
      const opened = await openQueue(options);
      if (stopping.signal.aborted) {
        await opened.stop();
        throw unavailable();
      }
      if (failures > 0) log.info('jobs run again');
      failures = 0;
      void opened.ended.then((error) => beginLater(error));
      return opened;
    } catch (error) {
      beginLater(error);
      throw unavailable(error);
    }
  }

  function beginLater(error: unknown): void {
    queue = null;
    if (stopping.signal.aborted) return;
    if (failures === 0) log.warn({ err: error }, 'jobs are held up; trying again');
    failures += 1;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(
      beginQuietly,
      Math.min(500 * 2 ** Math.min(failures, 10), MAX_RETRY_DELAY_MS),
    ).unref();
  }

  /** Its failure was logged and is tried again. */
  function beginQuietly(): void {
    begin().catch(() => undefined);
  }

  if (role !== 'web') (options.after ?? Promise.resolve()).then(beginQuietly, () => undefined);

  return {
    async add(name, payload, { key, runAt, keepsTime = false } = {}) {
      const job = byName.get(name);
      if (job === undefined) throw new Error(`no job is called ${name}`);
      const parsed = job.parse(payload);
      const opened = await within(begin(), ADD_TIMEOUT_MS);
      await opened.add(job, parsed, {
        ...(key === undefined ? {} : { jobKey: key }),
        ...(runAt === undefined ? {} : { runAt }),
        ...(keepsTime ? { jobKeyMode: 'preserve_run_at' as const } : {}),
      });
    },
    async stop() {
      stopping.abort();
      clearTimeout(retryTimer);
      // While it is still opening there is nothing to finish: `open` closes it.
      const opened = await Promise.race([queue?.catch(() => null), sleep(1000, null, { ref: false })]);
      await opened?.stop();
    },
  };
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(unavailable()), timeoutMs).unref();
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(cause?: unknown): AppError {
  return new AppError('jobs.unavailable', 'The job queue cannot be reached. Try again in a minute.', {
    status: 503,
    cause,
  });
}
