import type { Pool } from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis } from 'rate-limiter-flexible';
import type { Log } from './log.ts';
import type { Redis } from './redis.ts';

/** How much of a window is used up, over all instances, after adding to it. */
type Count = { used: number; windowEndsInMs: number };

/** Adds `amount` to a key's window and tells the new count. Never throws. */
export type Counter = { add(key: string, amount: number): Promise<Count> };

export type CounterDeps = { redis: Redis | null; pgPool: Pool; log: Log };

/** The library compares with its own limit too; ours is the one that counts, and it may change at run time. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const STORE_REST_MS = 2000;

/**
 * A fixed-window counter shared by all instances: in Redis when there is one, else in the Postgres table `rate_limit`
 * (unlogged). When the store fails, each process counts in its own memory until the store is back.
 */
export function createCounter(
  name: string,
  perSeconds: number,
  { redis, pgPool, log }: CounterDeps,
): Counter {
  const options = { keyPrefix: name, points: NO_LIMIT, duration: perSeconds };
  const memory = new RateLimiterMemory(options);
  const store = redis === null ? postgresStore() : redisStore(redis);

  function redisStore(shared: Redis) {
    let limiter: RateLimiterRedis | undefined;
    return (key: string, amount: number) =>
      shared.attempt((client) => {
        limiter ??= new RateLimiterRedis({
          ...options,
          storeClient: client,
          keyPrefix: `trib:limit:${name}`,
        });
        return limiter.consume(key, amount);
      });
  }

  function postgresStore() {
    const limiter = new RateLimiterPostgres({
      ...options,
      storeClient: pgPool,
      storeType: 'pool',
      tableName: 'rate_limit',
      tableCreated: true,
      // The upkeep job deletes old rows, once for all instances.
      clearExpiredByTimeout: false,
    });
    let restsUntil = 0;
    return async (key: string, amount: number) => {
      if (Date.now() < restsUntil) return undefined;
      try {
        return await limiter.consume(key, amount);
      } catch (error) {
        if (restsUntil <= Date.now())
          log.warn({ err: error, limit: name }, 'rate limits are counted in memory');
        restsUntil = Date.now() + STORE_REST_MS;
        return undefined;
      }
    };
  }

  return {
    async add(key, amount) {
      const result = (await store(key, amount)) ?? (await memory.consume(key, amount));
      return { used: result.consumedPoints, windowEndsInMs: result.msBeforeNext };
    },
  };
}
