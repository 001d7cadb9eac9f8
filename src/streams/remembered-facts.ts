import type { z } from 'zod';
import type { CacheSpace } from '../platform/cache.ts';
import type { KindDeps } from './kind.ts';

/** A minute at least; the cache takes up to a tenth off. */
const TTL_MS = 67_000;
const MAX_ENTRIES = 1000;
/** A look at a quick origin takes less; whoever waits for one that died has lost no more. */
const WAIT_MS = 2000;

/** What origins said of their files, asked once a minute by one instance for all. */
export function rememberedFacts<T>(
  { openSpace, crypto }: Pick<KindDeps, 'openSpace' | 'crypto'>,
  name: string,
  schema: z.ZodType<T>,
): CacheSpace<T> {
  const onceForAll = { waitMs: WAIT_MS, crypto };
  return openSpace(name, { ttlMs: TTL_MS, maxEntries: MAX_ENTRIES, schema, onceForAll });
}
