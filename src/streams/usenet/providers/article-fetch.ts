import type { NntpConnection, Sent } from '../nntp/connection.ts';
import type { NntpFailure } from '../nntp/failure.ts';
import type { ArticleJob, Attempt, Lane } from './articles-of.ts';
import { STALL_MS } from './placement.ts';
import type { Pool } from './pool.ts';
import type { Scheduler } from './scheduler.ts';
import { createStock } from './stock.ts';
import type { Wanting } from './waiting-line.ts';

/** One article that is fetched: whom it was asked of, what came of it, who is asked next. */
export type ArticleFetch = Wanting & {
  readonly job: ArticleJob;
  /** Its lane was raised: it may go before others, or be asked a second time where it hangs. */
  hurry(now: number): void;
  /** Asks another connection where the bytes a viewer waits for have stalled. */
  hedge(now: number): void;
  /** Ends it where nobody is left to ask. */
  review(now: number): void;
  fail(error: unknown): void;
};

export type FetchDeps = {
  pools: readonly Pool[];
  scheduler: Scheduler;
  /** How long articles take, smoothed. */
  pace: { articleMs: number };
};

type Try = {
  pool: Pool;
  connection: NntpConnection;
  lane: Lane;
  sent: Sent | null;
  attempt: Attempt | null;
  since: number;
};

/** One that comes slowly is asked a second time only past this, and past so many times what articles take. */
const SLOW_MS = 2000;
const SLOW_TIMES = 3;
const MOST_TRIES: Readonly<Record<Lane, number>> = { head: 3, ahead: 2, background: 1 };
/** What is read ahead from one that froze would else cost the viewer a way there and back for each. */
const AHEAD_STALL_MS = 800;
/** While a provider is being tried again a viewer rather waits than hears of it. */
const PATIENCE_MS = 5000;
/** A group of providers none of which is connected by then is not waited for alone. */
const SPILL_MS = 1000;
const WEIGHT = 0.1;

/** `onEnd`: with the try that came right, or with why none did; once, and nothing is under way any more. */
export function createArticleFetch(
  job: ArticleJob,
  { pools, scheduler, pace }: FetchDeps,
  onEnd: (won: Attempt | null, error: unknown) => void,
): ArticleFetch {
  const { line } = scheduler;
  const tries = new Set<Try>();
  const stock = createStock(job.id, pools);
  let isEnded = false;
  let hopelessSince: number | null = null;
  let headSince = performance.now();

  const fetch: ArticleFetch = {
    job,
    viewer: job.viewer,
    isCheck: false,
    waitingSince: 0,
    get lane() {
      return job.lane;
    },
    front(now) {
      const asked = new Set([...tries].map(({ pool }) => pool));
      return stock.front(now, asked, now - fetch.waitingSince > SPILL_MS);
    },
    avoids: (connection) => tries.size > 0 && [...tries].some((one) => one.connection === connection),
    sendTo,
    hurry(now) {
      headSince = now;
      if (line.has(fetch)) line.add(fetch, now);
      else fetch.hedge(now);
    },
    hedge(now) {
      if (!isEnded && !line.has(fetch) && isStalled(now)) wait(now);
    },
    review(now) {
      if (isEnded || tries.size > 0) return;
      if (stock.isHopeless(now)) giveUp(now);
      else {
        hopelessSince = null;
        wait(now);
      }
    },
    fail: (error) => end(null, error),
  };
  return fetch;

  function giveUp(now: number): void {
    hopelessSince ??= now;
    if (stock.mayCome(now) && now - hopelessSince <= PATIENCE_MS) wait(now);
    else end(null, stock.verdict(now));
  }

  function wait(now: number): void {
    if (!line.has(fetch)) line.add(fetch, now);
    scheduler.wake();
  }

  /** Each of its tries is: so one asked last is waited for as long again. */
  function isStalled(now: number): boolean {
    if (tries.size === 0 || tries.size >= MOST_TRIES[job.lane]) return false;
    for (const one of tries)
      if (!hasStalled(one, now) && !(tries.size === 1 && isSlow(one, now))) return false;
    return true;
  }

  function hasStalled({ pool, connection, attempt, since }: Try, now: number): boolean {
    const least = job.lane === 'head' ? STALL_MS : AHEAD_STALL_MS;
    const ms = attempt === null ? Math.max(least, 2 * (pool.latencyMs ?? 0)) : least;
    return now - since > ms && connection.quietMs(now) > ms;
  }

  function isSlow({ since }: Try, now: number): boolean {
    if (job.lane !== 'head') return false;
    return now - Math.max(since, headSince) > Math.max(SLOW_MS, SLOW_TIMES * pace.articleMs);
  }

  function sendTo(pool: Pool, connection: NntpConnection, lane: Lane): void {
    const one: Try = { pool, connection, lane, sent: null, attempt: null, since: performance.now() };
    tries.add(one);
    hopelessSince = null;
    pool.counts.inFlight += 1;
    line.began(job.viewer);
    one.sent = connection.body(job.id, job.bytes, {
      onBegin() {
        one.attempt = begin();
        return one.attempt.decoder;
      },
      onEnd: () => over(one, () => onWhole(one)),
      onMissing: () =>
        over(one, () => {
          pool.counts.missing += 1;
          pool.standing.onAnswer();
          stock.isMissing(pool);
        }),
      onFailed: (failure) => over(one, () => onFailed(one, failure)),
    });
  }

  function begin(): Attempt {
    try {
      return job.attempt();
    } catch (error) {
      // Whoever wants it cannot take it: no provider can help.
      queueMicrotask(() => end(null, error));
      throw error;
    }
  }

  function leave(one: Try): boolean {
    if (!tries.delete(one)) return false;
    one.pool.counts.inFlight -= 1;
    line.ended(job.viewer);
    if (one.lane === 'background') scheduler.freeBackground();
    return true;
  }

  function over(one: Try, then: () => void): void {
    if (!leave(one)) return;
    then();
    fetch.review(performance.now());
  }

  function onWhole(one: Try): void {
    const { pool, attempt } = one;
    if (attempt === null) return;
    pool.standing.onAnswer();
    const { fault, isEnded: isWhole } = attempt.decoder;
    if (fault === null && isWhole) onRight(one, attempt);
    else {
      pool.counts.corrupt += 1;
      attempt.dropped();
      stock.isDamaged(pool, fault ?? 'it ends too soon');
    }
  }

  function onRight({ pool, since }: Try, attempt: Attempt): void {
    pool.counts.articles += 1;
    pace.articleMs += WEIGHT * (performance.now() - since - pace.articleMs);
    end(attempt, null);
  }

  function onFailed({ pool, connection, attempt, since }: Try, failure: NntpFailure): void {
    attempt?.dropped();
    // Where the connection broke off its pool knows.
    if (failure.reason === 'rejected')
      pool.standing.onFailure(failure, since, performance.now(), pool.connections.length);
    stock.hasFailed(pool, failure, connection, attempt === null);
  }

  function end(won: Attempt | null, error: unknown): void {
    if (isEnded) return;
    isEnded = true;
    line.remove(fetch);
    for (const one of [...tries]) {
      if (!leave(one)) continue;
      if (one.sent !== null) one.connection.drop(one.sent);
      one.attempt?.dropped();
    }
    scheduler.wake();
    onEnd(won, error);
  }
}
