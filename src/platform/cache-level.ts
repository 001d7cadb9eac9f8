import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { abortable } from './abortable.ts';
import type { SharedCache, SharedLease, SharedRead } from './cache-shared.ts';
import type { Crypto } from './crypto.ts';
import type { Log } from './log.ts';

/** For what is dear to load and secret to keep: a look at somebody's server. */
export type OnceForAll = {
  /** While one instance loads a key the others wait for it, so long; then they load too. */
  waitMs: number;
  /** Seals the values: neither Redis nor a dump of Postgres shows them. */
  crypto: Pick<Crypto, 'seal' | 'open'>;
};

/** What the shared store says of a key: its value, the right to store one, or nothing. */
export type LevelRead<T> =
  | { state: 'hit'; value: T; ttlMs: number }
  | { state: 'lease'; lease: SharedLease }
  | { state: 'none' };

/** The shared level of one space: texts of a store as values of the space. Never throws, but for an abort while waiting. */
export type CacheLevel<T> = {
  /** Waits for whoever is loading the key, where the space is loaded once for all. */
  read(key: string, signal: AbortSignal): Promise<LevelRead<T>>;
  /** The same without waiting. */
  readNow(key: string): Promise<LevelRead<T>>;
  store(key: string, lease: SharedLease, value: T, ttlMs: number): Promise<void>;
  /** Lets another load; where `unlessAwaited`, only while none waits for this very load. True when one waits. */
  release(key: string, lease: SharedLease, options: { unlessAwaited: boolean }): Promise<boolean>;
  drop(keys: readonly string[] | null): Promise<boolean>;
  /** Another instance has ended its load of the key. */
  wake(key: string): void;
};

/** Should the word that a load has ended be lost. */
const ASK_AGAIN_MS = 250;

export function createLevel<T>(options: {
  name: string;
  schema: z.ZodType<T>;
  shared: SharedCache | null;
  onceForAll: OnceForAll | undefined;
  log: Log;
  /** Tells the other instances that the load of a key has ended. */
  announceEnd(key: string): void;
}): CacheLevel<T> {
  const { name, schema, shared, onceForAll, log, announceEnd } = options;
  const waiters = new Map<string, Set<() => void>>();

  function encode(key: string, value: T): string | undefined {
    try {
      const json = JSON.stringify(value);
      // The key is sealed in, so that no value passes for another's.
      return onceForAll?.crypto.seal(`cache ${name}`, `${key} ${json}`).toString('base64url') ?? json;
    } catch (error) {
      log.warn({ err: error, space: name }, 'a value to be cached is not JSON');
      return undefined;
    }
  }

  function decode(key: string, text: string): { value: T } | null {
    const json = onceForAll === undefined ? text : unseal(onceForAll, key, text);
    if (json === null) return null;
    try {
      return { value: schema.parse(JSON.parse(json)) };
    } catch {
      return null; // of another version of this program
    }
  }

  function unseal({ crypto }: OnceForAll, key: string, text: string): string | null {
    const plain = crypto.open(`cache ${name}`, Buffer.from(text, 'base64url'))?.toString('utf8');
    return plain?.startsWith(`${key} `) ? plain.slice(key.length + 1) : null;
  }

  async function ask(key: string, isWaiting: boolean): Promise<SharedRead> {
    return (await shared?.read(name, key, isWaiting)) ?? { state: 'none' };
  }

  async function understand(key: string, found: SharedRead): Promise<LevelRead<T>> {
    if (found.state === 'lease') return found;
    if (found.state !== 'hit') return { state: 'none' };
    const decoded = decode(key, found.text);
    if (decoded !== null) return { state: 'hit', value: decoded.value, ttlMs: found.ttlMs };
    log.debug(
      { space: name },
      'a cached value cannot be read: of an older shape, or sealed with another key',
    );
    await shared?.drop({ space: name, keys: [key] });
    const again = await ask(key, false);
    return again.state === 'lease' ? again : { state: 'none' };
  }

  /** Resolves at the next `wake` of the key. */
  function nextEnd(key: string) {
    const ended = Promise.withResolvers<void>();
    const ofKey = waiters.get(key) ?? new Set();
    waiters.set(key, ofKey.add(ended.resolve));
    const forget = () => {
      if (ofKey.delete(ended.resolve) && ofKey.size === 0) waiters.delete(key);
    };
    return { promise: ended.promise, forget };
  }

  async function readOrWait(key: string, waitMs: number, signal: AbortSignal): Promise<SharedRead> {
    const until = performance.now() + waitMs;
    for (;;) {
      // Listened for before it is asked: an end in between is heard.
      const end = nextEnd(key);
      try {
        const found = await ask(key, true);
        const leftMs = until - performance.now();
        if (found.state !== 'busy' || leftMs <= 0) return found;
        await abortable(within(end.promise, Math.min(leftMs, ASK_AGAIN_MS)), signal);
      } finally {
        end.forget();
      }
    }
  }

  return {
    async read(key, signal) {
      const { waitMs = 0 } = onceForAll ?? {};
      return await understand(key, await (waitMs > 0 ? readOrWait(key, waitMs, signal) : ask(key, false)));
    },
    readNow: async (key) => await understand(key, await ask(key, false)),
    async store(key, lease, value, ttlMs) {
      const text = encode(key, value);
      if (text !== undefined && (await shared?.store(lease, text, ttlMs))) announceEnd(key);
    },
    async release(key, lease, how) {
      const isAwaited = (await shared?.release(lease, how)) ?? false;
      if (isAwaited && !how.unlessAwaited) announceEnd(key);
      return isAwaited;
    },
    drop: async (keys) => (await shared?.drop({ space: name, keys })) ?? true,
    wake(key) {
      for (const resolve of waiters.get(key) ?? []) resolve();
    },
  };
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  const ended = new AbortController();
  const late = sleep(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  ended.abort();
}
