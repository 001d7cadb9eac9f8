import { createHash, randomBytes } from 'node:crypto';
import type { Redis as Client } from 'ioredis';
import { z } from 'zod';
import { type Redis, type RedisScript, runScript } from './redis.ts';

/** Which keys of a space: some, or all. */
export type Dropped = { space: string; keys: readonly string[] | null };

/** The right to store a key's value: whoever has it loads, while it lasts. */
export type SharedLease = { space: string; key: string; token: string };

/** What a reader learned: the value, the lease, that another has it, or nothing (`none`: load it and keep it to yourself). */
export type SharedRead =
  | { state: 'hit'; text: string; ttlMs: number }
  | { state: 'lease'; lease: SharedLease }
  | { state: 'busy' }
  | { state: 'none' };

/** A store of values that instances share. Never throws; one that is away costs speed. */
export type SharedCache = {
  /** `isWaiting`: where another has the lease, he is told at its end that somebody waits. */
  read(space: string, key: string, isWaiting: boolean): Promise<SharedRead>;
  /** True when somebody waits for it. */
  store(lease: SharedLease, text: string, ttlMs: number): Promise<boolean>;
  /** Gives the lease back without a value; `unlessAwaited`: only while nobody waits. True when somebody waits. */
  release(lease: SharedLease, options: { unlessAwaited: boolean }): Promise<boolean>;
  /** False when the store was not reached; what is owed then, see each store. */
  drop(dropped: Dropped): Promise<boolean>;
};

/** A loader that died keeps its key out of the shared store for this long. */
export const LEASE_MS = 10_000;
const GENERATION_MS = 30 * 86_400_000;
const MAX_OWED_KEYS = 1000;
/** Bigger values are left to each process: one of them would hold up every other command of the connection. */
const MAX_SHARED_CHARS = 1024 * 1024;

const script = (lua: string): RedisScript => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

/**
 * The value's remaining life and text; or 0 and the generation when the caller now holds the lease; or -1. A lease that
 * somebody waits for ends with a `+`.
 */
const READ = script(`
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[3]
  redis.call('SET', KEYS[1], generation, 'PX', ARGV[5])
end
local key = ARGV[1] .. generation .. ':' .. ARGV[2]
local value = redis.call('GET', key)
if not value then
  redis.call('SET', key, '!' .. ARGV[3], 'PX', ARGV[4])
  return {0, generation}
end
if string.sub(value, 1, 1) == '!' then
  if ARGV[6] == '1' and string.sub(value, -1) ~= '+' then redis.call('APPEND', key, '+') end
  return {-1, ''}
end
return {redis.call('PTTL', key), value}`);

const STORE = script(`
local held = redis.call('GET', KEYS[1])
local isAwaited = held == ARGV[1] .. '+'
if isAwaited or held == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return isAwaited and 1 or 0`);

const RELEASE = script(`
local held = redis.call('GET', KEYS[1])
local isAwaited = held == ARGV[1] .. '+'
if held == ARGV[1] or (isAwaited and ARGV[2] == '0') then redis.call('DEL', KEYS[1]) end
return isAwaited and 1 or 0`);

const DROP = script(`
local generation = redis.call('GET', KEYS[1])
if generation then
  for i = 2, #ARGV do redis.call('DEL', ARGV[1] .. generation .. ':' .. ARGV[i]) end
end
return 1`);

const ReadReply = z.tuple([z.number(), z.string()]);

/**
 * The level of the cache that instances share. Keys are `trib:<space>:<generation>:<key>`.
 *
 * Why a dropped value cannot come back: a reader who misses leaves a lease in the value's place and may store only while
 * that very lease is still there; a drop removes it. Dropping a space sets a new random generation, so nothing stored
 * under the old one is found again, also when Redis evicts the generation itself. The generation's key names the run of
 * the server: after a restart with old data on disk everything begins anew. A drop that did not reach Redis is owed: it
 * is made good before this process reads there again. What remains (an owner that never comes back) ends with the TTL.
 */
export function createSharedCache(redis: Redis): SharedCache {
  const owed = new Map<string, Set<string> | null>();
  let paying: Promise<void> | null = null;

  const generationKey = (space: string) => `trib:${space}:generation:${redis.runId()}`;

  async function send(client: Client, { space, keys }: Dropped): Promise<void> {
    if (keys === null) await client.set(generationKey(space), newToken(), 'PX', GENERATION_MS);
    else await runScript(client, DROP, [generationKey(space)], [`trib:${space}:`, ...keys.map(short)]);
  }

  async function pay(client: Client): Promise<void> {
    for (const [space, keys] of [...owed]) {
      owed.delete(space);
      const dropped = { space, keys: keys === null ? null : [...keys] };
      await send(client, dropped).catch((error) => {
        owe(dropped);
        throw error;
      });
    }
  }

  function owe({ space, keys }: Dropped): void {
    const known = owed.get(space);
    if (known === null) return;
    const all = keys === null ? null : new Set([...(known ?? []), ...keys]);
    owed.set(space, all !== null && all.size <= MAX_OWED_KEYS ? all : null);
  }

  /** All commands go through here, so that none overtakes what is owed. */
  function attempt<T>(run: (client: Client) => Promise<T>): Promise<T | undefined> {
    return redis.attempt(async (client) => {
      if (owed.size > 0)
        paying ??= pay(client).finally(() => {
          paying = null;
        });
      if (paying !== null) await paying;
      return await run(client);
    });
  }

  return {
    async read(space, key, isWaiting) {
      const token = newToken();
      const args = [`trib:${space}:`, short(key), token, LEASE_MS, GENERATION_MS, isWaiting ? 1 : 0];
      const reply = await attempt((client) => runScript(client, READ, [generationKey(space)], args));
      if (reply === undefined) return { state: 'none' };
      const parsed = ReadReply.safeParse(reply);
      if (!parsed.success) return { state: 'none' };
      const [ttlMs, text] = parsed.data;
      if (ttlMs > 0) return { state: 'hit', text, ttlMs };
      if (ttlMs < 0) return { state: 'busy' };
      const lease = { space, key: `trib:${space}:${text}:${short(key)}`, token: `!${token}` };
      return { state: 'lease', lease };
    },
    async store(lease, text, ttlMs) {
      if (text.length > MAX_SHARED_CHARS) return false;
      const args = [lease.token, text, Math.ceil(ttlMs)];
      return (await attempt((client) => runScript(client, STORE, [lease.key], args))) === 1;
    },
    async release(lease, { unlessAwaited }) {
      const args = [lease.token, unlessAwaited ? 1 : 0];
      return (await attempt((client) => runScript(client, RELEASE, [lease.key], args))) === 1;
    },
    async drop(dropped) {
      const isDone = (await attempt((client) => send(client, dropped).then(() => true))) ?? false;
      if (!isDone) owe(dropped);
      return isDone;
    },
  };
}

export function newToken(): string {
  return randomBytes(9).toString('base64url');
}

/** Keys of a store stay short whatever was searched for. */
export function short(key: string): string {
  return key.length <= 200 ? key : createHash('sha256').update(key).digest('base64url');
}
