import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import type { SharedCache, SharedRead } from './cache-shared.ts';
import { approximateSizeBytes } from './cache-size.ts';
import type { Log } from './log.ts';

/** Values are shared between requests: treat them as frozen. They must be JSON where Redis is used. */
export type CacheSpace<T> = {
  /**
   * The cached value, or what `load` gives. Concurrent calls of one key in this process share one load; what it throws
   * reaches all of them and is not kept. `load` reads the truth (the database).
   */
  get(key: string, load: () => Promise<T>): Promise<T>;
  /**
   * Forgets a key everywhere; call it once the change is committed. When it resolves, this instance and Redis are
   * right and Postgres has signalled the other instances (they forget it about a millisecond later). While the
   * signalling connection is away it resolves after a second at most; the others forget everything when it is back.
   */
  drop(key: string): Promise<void>;
  /** The same for all keys of the space. */
  dropAll(): Promise<void>;
};

export type SpaceOptions<T> = {
  ttlMs: number;
  maxEntries: number;
  /** Values from Redis are held to it. */
  schema: z.ZodType<T>;
  /** Spaces that are forgotten together when the database says that what they hold has changed (migration 0005). */
  group?: 'media';
};

export type SpaceStats = {
  name: string;
  /** Answered from memory, or by a load that was under way. */
  hits: number;
  /** Answered from Redis. */
  sharedHits: number;
  /** Loaded. */
  misses: number;
  size: number;
  sizeBytes: number;
};

export type SpaceDeps = {
  shared: SharedCache | null;
  log: Log;
  maxBytes: number;
  /** Keeps all spaces together within bounds. */
  makeRoom(): void;
  /** Tells the other instances. */
  announce(keys: readonly string[] | null, isSharedDone: boolean): Promise<void>;
};

/** What the cache does to each of its spaces, whatever they hold. */
export type SpaceControl = {
  /** In this process only; null: all. Loads under way will not be kept. */
  forget(keys: readonly string[] | null): void;
  evictOldest(): void;
  sizeBytes(): number;
  stats(): SpaceStats;
};

/** Entries of one moment do not all run out in one moment: up to a tenth is taken off each life. */
const JITTER = 0.1;

const NOT_SHARED: SharedRead = { state: 'none' };

type Flight<T> = { isStale: boolean; promise: Promise<T> };

/** One space: memory first, then Redis, then the caller's load. */
export function createSpace<T>(
  name: string,
  { ttlMs, maxEntries, schema }: SpaceOptions<T>,
  { shared, log, maxBytes, makeRoom, announce }: SpaceDeps,
): { space: CacheSpace<T>; control: SpaceControl } {
  const entries = new LRUCache<string, { value: T }>({
    max: maxEntries,
    maxSize: maxBytes,
    // One value may not push out everything else.
    maxEntrySize: Math.ceil(maxBytes / 8),
    ttl: ttlMs,
  });
  const flights = new Map<string, Flight<T>>();
  const counts = { hits: 0, sharedHits: 0, misses: 0 };

  function keep(key: string, value: T, entryTtlMs: number): void {
    entries.set(key, { value }, { ttl: entryTtlMs, size: 100 + key.length + approximateSizeBytes(value) });
    makeRoom();
  }

  async function fill(key: string, load: () => Promise<T>, flight: { isStale: boolean }): Promise<T> {
    const fullTtlMs = Math.max(1, ttlMs * (1 - JITTER * Math.random()));
    const keepFresh = (value: T, entryTtlMs: number) => {
      // A drop came meanwhile: what was read may be from before it.
      if (!flight.isStale) keep(key, value, entryTtlMs);
    };
    const found = shared === null ? NOT_SHARED : await shared.read(name, key);
    const hit = found.state === 'hit' ? await parseHit(key, found) : null;
    if (hit !== null) {
      counts.sharedHits += 1;
      // Never older than its TTL, however many levels it came through.
      keepFresh(hit.value, Math.min(hit.ttlMs, fullTtlMs));
      return hit.value;
    }
    counts.misses += 1;
    const value = await load();
    keepFresh(value, fullTtlMs);
    if (found.state === 'lease') void shared?.store(found, value, fullTtlMs);
    return value;
  }

  async function parseHit(key: string, { json, ttlMs: leftMs }: { json: string; ttlMs: number }) {
    const parsed = parseJson(schema, json);
    if (parsed.success) return { value: parsed.data, ttlMs: leftMs };
    log.debug({ space: name }, 'a cached value had an old shape');
    await shared?.drop({ space: name, keys: [key] });
    return null;
  }

  function begin(key: string, load: () => Promise<T>): Promise<T> {
    const state = { isStale: false };
    const promise = fill(key, load, state);
    const flight: Flight<T> = Object.assign(state, { promise });
    flights.set(key, flight);
    return promise.finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
  }

  /** Later calls do not join a load that began before the drop. */
  function forget(keys: readonly string[] | null): void {
    for (const key of keys ?? flights.keys()) {
      const flight = flights.get(key);
      if (flight !== undefined) flight.isStale = true;
      flights.delete(key);
    }
    if (keys === null) entries.clear();
    else for (const key of keys) entries.delete(key);
  }

  async function drop(keys: readonly string[] | null): Promise<void> {
    forget(keys);
    let isSharedDone = true;
    if (shared !== null) {
      isSharedDone = await shared.drop({ space: name, keys });
      // Someone here may have read the old value from Redis just before it went.
      forget(keys);
    }
    await announce(keys, isSharedDone);
  }

  return {
    space: {
      get(key, load) {
        const entry = entries.get(key);
        const running = entry === undefined ? flights.get(key)?.promise : undefined;
        if (entry !== undefined || running !== undefined) counts.hits += 1;
        if (entry !== undefined) return Promise.resolve(entry.value);
        return running ?? begin(key, load);
      },
      drop: (key) => drop([key]),
      dropAll: () => drop(null),
    },
    control: {
      forget,
      evictOldest: () => void entries.pop(),
      sizeBytes: () => entries.calculatedSize,
      stats: () => ({ name, ...counts, size: entries.size, sizeBytes: entries.calculatedSize }),
    },
  };
}

function parseJson<T>(schema: z.ZodType<T>, json: string): { success: true; data: T } | { success: false } {
  try {
    return schema.safeParse(JSON.parse(json));
  } catch {
    return { success: false };
  }
}
