import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';

/** Asks Postgres what the caller can do without; undefined: not now. Never throws. */
export type Attempt = <T>(run: () => Promise<T>) => Promise<T | undefined>;

/** After a failure the database is left alone this long. */
const REST_MS = 2000;

/** What `Redis.attempt` is for Redis: nobody waits longer than `deadlineMs`, and a failure gives the database 2 s of rest. `without`: what the log says then. */
export function createAttempts(options: { deadlineMs: number; without: string; log: Log }): Attempt {
  const { deadlineMs, without, log } = options;
  let restsUntil = 0;
  return async (run) => {
    if (Date.now() < restsUntil) return undefined;
    try {
      return await withinDeadline(run(), deadlineMs);
    } catch (error) {
      if (Date.now() >= restsUntil) log.warn({ err: error }, without);
      restsUntil = Date.now() + REST_MS;
      return undefined;
    }
  };
}

async function withinDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const ended = new AbortController();
  // When the deadline wins nobody waits for the failure any more.
  work.catch(() => {});
  const late = sleep(deadlineMs, undefined, { ref: false, signal: ended.signal }).then(() => {
    throw new Error(`no answer within ${deadlineMs} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}
