import type { Net } from '../../../platform/net.ts';
import type { ConnectionTimes } from '../nntp/connection.ts';
import type { Yenc } from '../yenc/decoder.ts';
import { type ArticleFetch, createArticleFetch } from './article-fetch.ts';
import {
  ArticleDamaged,
  type ArticleJob,
  ArticleMissing,
  type ArticlesOf,
  type Attempt,
} from './articles-of.ts';
import { createMissingList } from './missing-list.ts';
import { createPool, type Pool } from './pool.ts';
import type { Provider } from './provider.ts';
import { createScheduler } from './scheduler.ts';
import { statAll } from './stat-check.ts';

export type AllProvidersDeps = {
  net: Pick<Net, 'dial'>;
  yenc: Pick<Yenc, 'input'>;
  providers: readonly Provider[];
  times?: Partial<ConnectionTimes>;
};

/** One timer for all connections: stalls are looked for so often while anything is under way, keep-alives so often else. */
const TICK_MS = { busy: 50, idle: 1000 };
/** Whether those that wait still can be helped, in ticks. */
const REVIEW_TICKS = 10;
/** Before the first article told it. */
const FIRST_ARTICLE_MS = 500;
/** What may stand in a command (RFC 3977 §3.6): a line end in an NZB's id would be a command of its own. */
const SENDABLE_ID = /^[\x21-\x3b\x3d\x3f-\x7e]{1,248}$/;

/** All providers as one (criteria 39–41). Nothing is opened before it is needed. */
export function createAllProviders({ net, yenc, providers, times = {} }: AllProvidersDeps): ArticlesOf {
  const fetches = new Map<ArticleJob, ArticleFetch>();
  const pools: Pool[] = providers.map((provider) =>
    createPool(provider, { net, input: yenc.input, times }, { onRoom: () => scheduler.wake(), onFailure }),
  );
  const scheduler = createScheduler(pools, () => performance.now());
  const damaged = createMissingList();
  const pace = { articleMs: FIRST_ARTICLE_MS };
  const closing = new AbortController();
  let checks = 0;
  let ticker: { every: number; timer: NodeJS.Timeout } | null = null;
  let ticks = 0;

  function onFailure(): void {
    review(performance.now());
    scheduler.wake();
  }

  function review(now: number): void {
    for (const fetch of [...fetches.values()]) fetch.review(now);
  }

  function tick(): void {
    const now = performance.now();
    ticks += 1;
    for (const pool of pools) pool.tick(now);
    for (const fetch of fetches.values()) fetch.hedge(now);
    if (ticks % REVIEW_TICKS === 0) review(now);
    // What waits for a connection that takes too long goes elsewhere.
    scheduler.wake();
    if (fetches.size + checks > 0) return;
    const isOpen = pools.some(({ connections, opening }) => connections.length + opening > 0);
    tickEvery(isOpen ? TICK_MS.idle : null);
  }

  function tickEvery(every: number | null): void {
    if (ticker?.every === every) return;
    if (ticker !== null) clearInterval(ticker.timer);
    ticker = every === null ? null : { every, timer: setInterval(tick, every).unref() };
  }

  function note(id: string, won: Attempt | null, error: unknown): void {
    if (won !== null) damaged.remove(id);
    else if (error instanceof ArticleDamaged) damaged.add(id);
  }

  function begin(job: ArticleJob, signal: AbortSignal): Promise<Attempt> {
    return new Promise((resolve, reject) => {
      const onAbort = () => fetch.fail(signal.reason);
      const fetch = createArticleFetch(job, { pools, scheduler, pace }, (won, error) => {
        signal.removeEventListener('abort', onAbort);
        fetches.delete(job);
        note(job.id, won, error);
        if (won === null) reject(error);
        else resolve(won);
      });
      fetches.set(job, fetch);
      signal.addEventListener('abort', onAbort, { once: true });
      tickEvery(TICK_MS.busy);
      fetch.review(performance.now());
    });
  }

  return {
    fetch: async (job, signal) => {
      signal.throwIfAborted();
      closing.signal.throwIfAborted();
      if (!SENDABLE_ID.test(job.id)) throw new ArticleMissing(job.id);
      return await begin(job, signal);
    },
    hurry(job) {
      fetches.get(job)?.hurry(performance.now());
      scheduler.wake();
    },
    async stat(ids, signal, onAnswer) {
      const either = AbortSignal.any([signal, closing.signal]);
      either.throwIfAborted();
      checks += 1;
      tickEvery(TICK_MS.busy);
      try {
        const sendable = ids.filter((id) => SENDABLE_ID.test(id));
        const answers = await statAll(sendable, { pools, scheduler }, either, onAnswer);
        return ids.flatMap((id) => {
          const isThere = SENDABLE_ID.test(id) ? answers.get(id) : false;
          return isThere === undefined ? [] : [{ id, isThere }];
        });
      } finally {
        checks -= 1;
      }
    },
    isMissing: (id) => pools.length > 0 && pools.every(({ missing }) => missing.has(id)),
    isDamaged: (id) => damaged.has(id),
    states() {
      const now = performance.now();
      return pools.map((pool) => pool.state(now));
    },
    async close() {
      const reason = new Error('the providers are closed');
      closing.abort(reason);
      tickEvery(null);
      for (const fetch of [...fetches.values()]) fetch.fail(reason);
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}
