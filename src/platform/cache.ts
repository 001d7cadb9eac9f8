import { z } from 'zod';
import { createSharedCache, type Dropped } from './cache-shared.ts';
import { createPostgresShared } from './cache-shared-postgres.ts';
import {
  type CacheSpace,
  createSpace,
  type SpaceControl,
  type SpaceOptions,
  type SpaceStats,
} from './cache-space.ts';
import type { Pool } from './db.ts';
import type { Log } from './log.ts';
import { MAX_PAYLOAD_BYTES, type Notify } from './notify.ts';
import type { Redis } from './redis.ts';

export type { CacheSpace } from './cache-space.ts';

export type Cache = {
  /** A name may be taken once. */
  space<T>(name: string, options: SpaceOptions<T>): CacheSpace<T>;
  stats(): SpaceStats[];
  /** Resolves when the drops this instance has heard of are done in the shared store too. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

const CHANNEL = 'cache';
/** `space key`: its load has ended, for those who wait. */
const END_CHANNEL = 'cache-end';
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** More messages than this for one space of one batch: dropping the whole space is cheaper for everyone. */
const MAX_MESSAGES = 4;

const Message = z.object({
  space: z.string().optional(),
  /** In place of `space`: all of a group. The database's own triggers say this (migration 0005). */
  group: z.string().optional(),
  /** Absent: all of the space. */
  keys: z.array(z.string()).nullable().optional(),
  /** The sender did not reach the shared store: whoever does drops it there as well. */
  isRedisOwed: z.boolean().optional(),
});
type Message = z.infer<typeof Message>;

/**
 * Two levels: memory, bounded by entries and by approximate size, and a store that instances share: Redis when there is
 * one; without it, for what is loaded once for all, Postgres. Invalidation goes over Postgres (LISTEN/NOTIFY) in all
 * cases: every instance is on it anyway, and it outlives a dying Redis.
 */
export function createCache(options: {
  redis: Redis | null;
  db: Pool;
  notify: Notify;
  log: Log;
  /** Memory of all spaces together; default 64 MiB. */
  maxBytes?: number;
}): Cache {
  const { redis, db, notify, log, maxBytes = DEFAULT_MAX_BYTES } = options;
  const inRedis = redis === null ? null : createSharedCache(redis);
  const inPostgres = redis === null ? createPostgresShared({ db, notify, log }) : null;
  const controls = new Map<string, SpaceControl>();
  const groups = new Map<string, string | undefined>();
  const pending = new Set<Promise<unknown>>();
  const announce = createAnnouncer(notify);
  const unsubscribeEnd = notify.subscribe(END_CHANNEL, {
    onMessage(payload) {
      const [space = ''] = payload.split(' ', 1);
      controls.get(space)?.wake(payload.slice(space.length + 1));
    },
    // Who waits asks again by himself.
    onGap() {},
  });
  const unsubscribe = notify.subscribe(CHANNEL, {
    onMessage(payload) {
      const message = parseMessage(payload);
      if (message === null) return;
      for (const space of spacesOf(message)) forget(space, message);
    },
    onGap() {
      // What the database itself announces goes to Redis by those who hear it: perhaps nobody did.
      for (const [space, group] of groups) forget(space, { isRedisOwed: group !== undefined });
    },
  });

  function spacesOf({ space, group }: Message): readonly string[] {
    return space !== undefined ? [space] : [...groups].filter(([, of]) => of === group).map(([name]) => name);
  }

  function forget(space: string, { keys = null, isRedisOwed }: Message): void {
    const control = controls.get(space);
    control?.forget(keys);
    if (!isRedisOwed || !control?.dropShared) return;
    // Someone here may have read the old value from the store just before it went, hence once more.
    const dropping = control.dropShared(keys).then(() => control.forget(keys));
    pending.add(dropping);
    void dropping.finally(() => pending.delete(dropping));
  }

  function makeRoom(): void {
    const bySize = (a: SpaceControl, b: SpaceControl) => (b.sizeBytes() > a.sizeBytes() ? b : a);
    while (totalBytes() > maxBytes) [...controls.values()].reduce(bySize).evictOldest();
  }

  function totalBytes(): number {
    let total = 0;
    for (const control of controls.values()) total += control.sizeBytes();
    return total;
  }

  return {
    space(name, spaceOptions) {
      if (controls.has(name)) throw new Error(`the cache space ${name} is taken`);
      const isOnceForAll = spaceOptions.onceForAll !== undefined;
      const { space, control } = createSpace(name, spaceOptions, {
        shared: inRedis ?? (isOnceForAll ? inPostgres : null),
        log,
        maxBytes,
        makeRoom,
        async announce(keys, isSharedDone) {
          // What is not of the database is unknown to an instance that has just come: nobody needs telling.
          if (isOnceForAll && notify.isAlone() === true) return;
          await announce({ space: name, keys }, isSharedDone);
        },
        announceEnd: (key) => void notify.publish(END_CHANNEL, `${name} ${key}`),
      });
      controls.set(name, control);
      groups.set(name, spaceOptions.group);
      return space;
    },
    stats: () => [...controls.values()].map((control) => control.stats()),
    async settled() {
      await Promise.all(pending);
    },
    async close() {
      unsubscribe();
      unsubscribeEnd();
      for (const control of controls.values()) control.forget(null);
    },
  };
}

/** `space` for a program that is no instance (a script beside the server): kept in its memory, shared with nobody. */
export function ownSpaces(log: Log): Cache['space'] {
  return (name, options) => {
    const { space } = createSpace(name, options, {
      shared: null,
      log,
      maxBytes: DEFAULT_MAX_BYTES,
      makeRoom() {},
      announce: async () => {},
      announceEnd() {},
    });
    return space;
  };
}

/** Gathers the drops of one turn of the event loop into few messages: a bulk import drops thousands. */
function createAnnouncer(notify: Notify) {
  let waiting = new Map<string, { keys: Set<string> | null; isRedisOwed: boolean }>();
  let flush: Promise<void> | null = null;

  async function send(): Promise<void> {
    await new Promise((turn) => setImmediate(turn));
    const batch = waiting;
    waiting = new Map();
    flush = null;
    const messages = [...batch].flatMap(([space, { keys, isRedisOwed }]) =>
      messagesFor(space, keys === null ? null : [...keys], isRedisOwed),
    );
    await Promise.all(messages.map((message) => notify.publish(CHANNEL, JSON.stringify(message))));
  }

  return ({ space, keys }: Dropped, isSharedDone: boolean): Promise<void> => {
    const known = waiting.get(space) ?? { keys: new Set<string>(), isRedisOwed: false };
    if (keys === null) known.keys = null;
    for (const key of keys ?? []) known.keys?.add(key);
    known.isRedisOwed ||= !isSharedDone;
    waiting.set(space, known);
    flush ??= send();
    return flush;
  };
}

function messagesFor(space: string, keys: readonly string[] | null, isRedisOwed: boolean): Message[] {
  const head: Message = isRedisOwed ? { space, isRedisOwed } : { space };
  const limitBytes = MAX_PAYLOAD_BYTES - Buffer.byteLength(JSON.stringify(head)) - 20;
  const chunks: string[][] = [];
  let leftBytes = 0;
  for (const key of keys ?? []) {
    const sizeBytes = Buffer.byteLength(JSON.stringify(key)) + 1;
    if (sizeBytes > limitBytes) return [head];
    if (sizeBytes > leftBytes) {
      chunks.push([]);
      leftBytes = limitBytes;
    }
    chunks.at(-1)?.push(key);
    leftBytes -= sizeBytes;
  }
  if (keys === null || chunks.length > MAX_MESSAGES) return [head];
  return chunks.map((chunk) => ({ ...head, keys: chunk }));
}

function parseMessage(payload: string): Message | null {
  try {
    return Message.parse(JSON.parse(payload));
  } catch {
    return null; // of another version of this program
  }
}
