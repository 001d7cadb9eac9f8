import { LRUCache } from 'lru-cache';
import type { Budget, Kept } from '../platform/budget.ts';

/** Things kept in the one memory budget, which give way to streams: those first that were not used for longest. */
export type BudgetCache<T extends object> = {
  get(key: string): T | undefined;
  /** Keeps it where there is room, in the place of what was kept as `key`. The same thing again is measured anew. */
  set(key: string, value: T, sizeBytes: number, ttlMs?: number): void;
  /** It takes more than was said, if it is still kept; where there is no room for that, it goes. */
  grow(value: T, moreBytes: number): void;
  clear(): void;
};

type Options<T> = {
  budget: Pick<Budget, 'openCache'>;
  /** In all; half of the budget at most. */
  maxBytes: number;
  maxCount?: number;
  onDropped?: (value: T) => void;
};

export function createBudgetCache<T extends object>({
  budget,
  maxBytes,
  maxCount = 10_000,
  onDropped,
}: Options<T>): BudgetCache<T> {
  const places = new WeakMap<T, { key: string; memory: Kept }>();
  const entries = new LRUCache<string, T>({
    max: maxCount,
    dispose(value) {
      places.get(value)?.memory.close();
      onDropped?.(value);
    },
  });
  const share = budget.openCache(maxBytes, (bytes) => {
    const enough = share.heldBytes() - bytes;
    while (share.heldBytes() > enough && entries.pop() !== undefined);
  });

  function reserve(memory: Kept, bytes: number): boolean {
    // What does not fit into all there is shall not empty it first.
    if (memory.heldBytes() + bytes > share.roomBytes() + share.heldBytes()) return false;
    while (bytes > share.roomBytes() && entries.pop() !== undefined);
    return bytes <= share.roomBytes() && memory.grow(bytes);
  }

  return {
    get: (key) => entries.get(key),
    set(key, value, sizeBytes, ttlMs) {
      const memory = share.keep();
      places.get(value)?.memory.close();
      places.set(value, { key, memory });
      entries.set(key, value, ttlMs === undefined ? {} : { ttl: ttlMs });
      if (!reserve(memory, sizeBytes)) entries.delete(key);
    },
    grow(value, moreBytes) {
      const place = places.get(value);
      if (place === undefined || entries.peek(place.key) !== value) return;
      if (!reserve(place.memory, moreBytes)) entries.delete(place.key);
    },
    clear: () => entries.clear(),
  };
}
