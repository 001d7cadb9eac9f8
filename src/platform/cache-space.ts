import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { abortable } from './abortable.ts';
import { createLevel, type OnceForAll } from './cache-level.ts';
import type { SharedCache, SharedLease } from './cache-shared.ts';
import { approximateSizeBytes } from './cache-size.ts';
import type { Log } from './log.ts';

/** Values are shared between requests: treat them as frozen. Where they are shared between instances the schema must make them again from their JSON. */
export type CacheSpace<T> = {
  /**
   * The cached value, or what `load` gives. Concurrent calls of one key in this process share one load; what it throws
   * reaches all of them and is not kept. `load` reads the truth (the database, an origin). A caller with a `signal` may
   * leave; `load` is aborted when all have left and no other instance waits for it.
   */
  get(key: string, load: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Takes the place of what all instances know. */
  put(key: string, value: T): Promise<void>;
  /**
   * Forgets a key everywhere; call it once the change is committed. When it resolves, this instance and the shared store
   * are right and Postgres has signalled the other instances (they forget it about a millisecond later). While the
   * signalling connection is away it resolves after a second at most; the others forget everything when it is back.
   */
  drop(key: string): Promise<void>;
  /** The same for all keys of the space. */
  dropAll(): Promise<void>;
};

/** A value as it lies in memory. */
export type InMemory<T> = {
  /** Roughly. */
  readonly sizeBytes: number;
  value(): T;
  /** It will not be asked for any more. */
  free(): void;
};

export type SpaceOptions<T> = {
  /** How values lie in memory; default: as they are, of about the size their fields make. */
  pack?: (value: T) => InMemory<T>;
  /**
   * For values that a caller empties when done: each has a copy of what they waited for, which is then emptied itself. What a promise gave that
   * had to wait is otherwise kept until a collection of the whole heap.
   */
  lend?: { copy(value: T): T; empty(value: T): void };
  ttlMs: number;
  maxEntries: number;
  /** Values from other instances are held to it. */
  schema: z.ZodType<T>;
  /** Spaces that are forgotten together when the database says that what they hold has changed (migration 0005). */
  group?: 'media';
  /** Shared through Postgres too where there is no Redis, and loaded by one instance while the others wait. */
  onceForAll?: OnceForAll;
};

export type SpaceStats = {
  name: string;
  /** Answered from memory, or by a load that was under way. */
  hits: number;
  /** Answered from the shared store. */
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
  /** Tells them that the load of a key has ended that they may wait for. */
  announceEnd(key: string): void;
};

/** What the cache does to each of its spaces, whatever they hold. */
export type SpaceControl = {
  /** In this process only; null: all. Loads under way will not be kept. */
  forget(keys: readonly string[] | null): void;
  /** In the shared store only; false when it was not reached. Null: there is none. */
  dropShared: ((keys: readonly string[] | null) => Promise<boolean>) | null;
  /** Another instance has ended a load. */
  wake(key: string): void;
  evictOldest(): void;
  sizeBytes(): number;
  stats(): SpaceStats;
};

/** Entries of one moment do not all run out in one moment: up to a tenth is taken off each life. */
const JITTER = 0.1;

/** A load under way: what it gives, who waits for it, and the lease it is done under. */
type Flight<T> = {
  isStale: boolean;
  isDone: boolean;
  waiting: number;
  lease: SharedLease | null;
  stop: AbortController;
  promise: Promise<T>;
};

function asItIs<T>(value: T): InMemory<T> {
  return { sizeBytes: approximateSizeBytes(value), value: () => value, free() {} };
}

/** One space: memory first, then the shared store, then the caller's load. */
export function createSpace<T>(
  name: string,
  { ttlMs, maxEntries, schema, onceForAll, pack = asItIs, lend }: SpaceOptions<T>,
  { shared, log, maxBytes, makeRoom, announce, announceEnd }: SpaceDeps,
): { space: CacheSpace<T>; control: SpaceControl } {
  const level = createLevel({ name, schema, shared, onceForAll, log, announceEnd });
  const entries = new LRUCache<string, InMemory<T>>({
    max: maxEntries,
    maxSize: maxBytes,
    // One value may not push out everything else.
    maxEntrySize: Math.ceil(maxBytes / 8),
    ttl: ttlMs,
    dispose: (entry) => entry.free(),
  });
  const flights = new Map<string, Flight<T>>();
  const counts = { hits: 0, sharedHits: 0, misses: 0 };

  function keep(key: string, value: T, entryTtlMs: number): void {
    const entry = pack(value);
    entries.set(key, entry, { ttl: entryTtlMs, size: 100 + key.length + entry.sizeBytes });
    // Too large a one is not taken.
    if (entries.peek(key) !== entry) entry.free();
    makeRoom();
  }

  async function fill(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    flight: Omit<Flight<T>, 'promise'>,
  ): Promise<T> {
    const fullTtlMs = freshTtlMs();
    const { signal } = flight.stop;
    const keepFresh = (value: T, entryTtlMs: number) => {
      // A drop came meanwhile: what was read may be from before it.
      if (!flight.isStale) keep(key, value, entryTtlMs);
    };
    const found = await level.read(key, signal);
    if (found.state === 'hit') {
      counts.sharedHits += 1;
      // Never older than its TTL, however many levels it came through.
      keepFresh(found.value, Math.min(found.ttlMs, fullTtlMs));
      return found.value;
    }
    if (found.state === 'lease') flight.lease = found.lease;
    counts.misses += 1;
    try {
      signal.throwIfAborted();
      const value = await load(signal);
      keepFresh(value, fullTtlMs);
      if (flight.lease !== null) void level.store(key, flight.lease, value, fullTtlMs);
      return value;
    } catch (error) {
      // The others need not wait for the lease's end.
      if (flight.lease !== null && onceForAll !== undefined)
        void level.release(key, flight.lease, { unlessAwaited: false });
      throw error;
    }
  }

  function freshTtlMs(): number {
    return Math.max(1, ttlMs * (1 - JITTER * Math.random()));
  }

  function begin(key: string, load: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const state = { isStale: false, isDone: false, waiting: 0, lease: null, stop: new AbortController() };
    const flight: Flight<T> = Object.assign(state, { promise: fill(key, load, state) });
    flight.promise = flight.promise.finally(() => {
      flight.isDone = true;
      if (flights.get(key) === flight) flights.delete(key);
    });
    flights.set(key, flight);
    // Who waits copies it before anything else happens, and nobody comes later.
    if (lend !== undefined)
      void flight.promise.then(
        (value) => setImmediate(() => lend.empty(value)),
        () => {},
      );
    return flight;
  }

  function join(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    flight.waiting += 1;
    const own = lend === undefined ? flight.promise : flight.promise.then(lend.copy);
    if (signal === undefined) return own;
    return abortable(own, signal).finally(() => {
      flight.waiting -= 1;
      if (flight.waiting === 0 && !flight.isDone) void abandon(key, flight);
    });
  }

  /** Nobody here waits any more. */
  async function abandon(key: string, flight: Flight<T>): Promise<void> {
    if (flights.get(key) === flight) flights.delete(key);
    const { lease } = flight;
    const isAwaited = lease !== null && (await level.release(key, lease, { unlessAwaited: true }));
    if (!isAwaited) flight.stop.abort(new Error('nobody waits for this load any more'));
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
      isSharedDone = await level.drop(keys);
      // Someone here may have read the old value from the store just before it went.
      forget(keys);
    }
    await announce(keys, isSharedDone);
  }

  return {
    space: {
      get(key, load, signal) {
        const entry = entries.get(key);
        const running = entry === undefined ? flights.get(key) : undefined;
        if (entry !== undefined || running !== undefined) counts.hits += 1;
        if (entry !== undefined) return Promise.resolve(entry.value());
        return join(key, running ?? begin(key, load), signal);
      },
      async put(key, value) {
        await drop([key]);
        const fullTtlMs = freshTtlMs();
        keep(key, value, fullTtlMs);
        const found = await level.readNow(key);
        if (found.state === 'lease') await level.store(key, found.lease, value, fullTtlMs);
      },
      drop: (key) => drop([key]),
      dropAll: () => drop(null),
    },
    control: {
      forget,
      dropShared: shared === null ? null : level.drop,
      wake: level.wake,
      evictOldest: () => void entries.pop(),
      sizeBytes: () => entries.calculatedSize,
      stats: () => ({ name, ...counts, size: entries.size, sizeBytes: entries.calculatedSize }),
    },
  };
}
