import { hash, randomBytes } from 'node:crypto';
import { createAttempts } from '../platform/database-attempts.ts';
import type { Pool } from '../platform/db.ts';
import type { Log } from '../platform/log.ts';
import { type Redis, runScript } from '../platform/redis.ts';
import { dropLeases, type LeaseKeys, renewLeases, type StreamLimits, takeLease } from './queries.ts';

/** A lease ends by itself this long after its last renewal: an instance that dies blocks nobody longer. */
export const LEASE_S = 30;

/** Leases over all instances. Never throws; undefined: nobody can be asked now, count for yourself. */
export type LeaseStore = {
  /** 0: held; else the seconds until a counted lease ends. */
  take(lease: LeaseKeys, limits: StreamLimits): Promise<number | undefined>;
  renew(leases: readonly LeaseKeys[]): Promise<void>;
  drop(leases: readonly LeaseKeys[]): Promise<void>;
};

export type LeaseStoreDeps = { redis: Redis | null; db: Pool; log: Log };

/** A viewer waits no longer for the count; then his stream begins uncounted elsewhere. */
const DEADLINE_MS = 1000;

/**
 * Two sorted sets, of the subject's and the address's leases by their ends (ms, by Redis' own clock). A member is `lease holder`:
 * instances that serve one viewer the same file hold one each, and the lease counts once.
 */
const TAKE = script(`
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local life = tonumber(ARGV[5])
  local isHeld = false
  local counts = {}
  for i = 1, 2 do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
    local seen = {}
    counts[i] = 0
    for _, member in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do
      local lease = string.match(member, '^%S+')
      isHeld = isHeld or lease == ARGV[1]
      if not seen[lease] then counts[i] = counts[i] + 1 end
      seen[lease] = true
    end
  end
  for i = 1, 2 do
    local limit = tonumber(ARGV[2 + i])
    if not isHeld and limit > 0 and counts[i] >= limit then
      local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
      return math.max(1, math.ceil((first[2] - now) / 1000))
    end
  end
  for i = 1, 2 do
    redis.call('ZADD', KEYS[i], now + life, ARGV[1] .. ' ' .. ARGV[2])
    redis.call('PEXPIRE', KEYS[i], life)
  end
  return 0`);

/** KEYS are pairs (subject, address), ARGV the life and then a lease for each pair. */
const RENEW = script(`
  local time = redis.call('TIME')
  local ends = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
  for i = 1, #KEYS do
    redis.call('ZADD', KEYS[i], ends, ARGV[1 + math.ceil(i / 2)])
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
  return 0`);

const DROP = script(`
  for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[math.ceil(i / 2)]) end
  return 0`);

/** In Redis while it is well, else in Postgres. */
export function createLeaseStore({ redis, db, log }: LeaseStoreDeps): LeaseStore {
  const holder = randomBytes(6).toString('base64url');
  const memberOf = ({ key }: LeaseKeys) => `${key} ${holder}`;
  const inPostgres = createAttempts({
    deadlineMs: DEADLINE_MS,
    without: 'running streams are counted by each instance',
    log,
  });

  async function inRedis(which: typeof TAKE, leases: readonly LeaseKeys[], args: (string | number)[]) {
    const keys = leases.flatMap(({ subjectKey, ipKey }) => [
      `trib:streams:s:${subjectKey}`,
      `trib:streams:i:${ipKey}`,
    ]);
    return await redis?.attempt((client) => runScript(client, which, keys, args));
  }

  return {
    async take(lease, limits) {
      const args = [lease.key, holder, limits.perSubject, limits.perIp, LEASE_S * 1000];
      const wait = await inRedis(TAKE, [lease], args);
      if (typeof wait === 'number') return wait;
      return await inPostgres(() => takeLease(db, holder, lease, limits, LEASE_S));
    },
    async renew(leases) {
      const args = [LEASE_S * 1000, ...leases.map(memberOf)];
      if ((await inRedis(RENEW, leases, args)) === undefined)
        await inPostgres(() => renewLeases(db, holder, leases, LEASE_S));
    },
    async drop(leases) {
      if ((await inRedis(DROP, leases, leases.map(memberOf))) !== undefined) return;
      const keys = leases.map(({ key }) => key);
      await inPostgres(() => dropLeases(db, holder, keys));
    },
  };
}

function script(lua: string) {
  return { lua, sha: hash('sha1', lua) };
}
