import { LRUCache } from 'lru-cache';
import type { Crypto } from '../../platform/crypto.ts';
import type { Redis } from '../../platform/redis.ts';

/** Marks held by one process: 10 MB at most. Past them the oldest are forgotten, and a client may count twice. */
const MAX_MARKS = 100_000;

export type CountOnce = {
  /** True the first time within `seconds`, over all instances where they share a Redis. */
  isFirst(key: string, seconds: number): Promise<boolean>;
  /** It was not counted after all: its next time is its first. */
  forget(key: string): Promise<void>;
};

/**
 * Who was counted already, by a hash that lives as long as the mark: in memory and, where there is one, in Redis; never in the
 * database. Without Redis each instance counts for itself, and a restart forgets.
 */
export function createCountOnce({ redis, crypto }: { redis: Redis | null; crypto: Crypto }): CountOnce {
  const marks = new LRUCache<string, true>({ max: MAX_MARKS });
  const markOf = (key: string) => crypto.mac('source-report', key).toString('base64url').slice(0, 22);
  return {
    async isFirst(key, seconds) {
      const mark = markOf(key);
      if (marks.has(mark)) return false;
      marks.set(mark, true, { ttl: seconds * 1000 });
      const stored = await redis?.attempt((client) =>
        client.set(`trib:report:${mark}`, '1', 'EX', seconds, 'NX'),
      );
      return stored !== null;
    },
    async forget(key) {
      const mark = markOf(key);
      marks.delete(mark);
      await redis?.attempt((client) => client.del(`trib:report:${mark}`));
    },
  };
}
