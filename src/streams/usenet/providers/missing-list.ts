import { LRUCache } from 'lru-cache';

/** Articles that one provider said it has not: it is not asked again for a while (late posts do arrive, so not for ever). */
export type MissingList = { add(id: string): void; remove(id: string): void; has(id: string): boolean };

const MAX_IDS = 50_000;
const TTL_MS = 6 * 60 * 60 * 1000;

export function createMissingList(): MissingList {
  const ids = new LRUCache<string, true>({ max: MAX_IDS, ttl: TTL_MS });
  return {
    add: (id) => void ids.set(id, true),
    remove: (id) => void ids.delete(id),
    has: (id) => ids.has(id),
  };
}
