import { LEASE_MS, newToken, type SharedCache, short } from './cache-shared.ts';
import { createAttempts } from './database-attempts.ts';
import type { Pool } from './db.ts';
import type { Log } from './log.ts';
import type { Notify } from './notify.ts';
import { dropSharedValues, endSharedLease, readSharedValue, storeSharedValue } from './queries.ts';

/** As long as Redis may take: the caller goes on without. */
const DEADLINE_MS = 250;

/**
 * What instances share without Redis: rows of `shared_value`, one question a read (0.3 ms). For what costs more to learn
 * than that; what is in the database anyway is not kept there twice. An instance that is alone asks nothing. A drop that
 * did not reach Postgres is not owed: the notices go the same way, and what is left ends with its life.
 */
export function createPostgresShared({
  db,
  notify,
  log,
}: {
  db: Pool;
  notify: Notify;
  log: Log;
}): SharedCache {
  const attempt = createAttempts({
    deadlineMs: DEADLINE_MS,
    without: 'what was learned is not shared between instances',
    log,
  });
  return {
    async read(space, key, isWaiting) {
      if (notify.isAlone() !== false) return { state: 'none' };
      const lease = { space, key: short(key), token: newToken() };
      const found = await attempt(() => readSharedValue(db, { ...lease, isWaiting, leaseMs: LEASE_MS }));
      if (found === undefined || found === null) return { state: 'none' };
      const { value, token, leftMs } = found;
      if (value !== null) return { state: 'hit', text: value, ttlMs: leftMs };
      return token === lease.token ? { state: 'lease', lease } : { state: 'busy' };
    },
    async store(lease, value, lifeMs) {
      return (await attempt(() => storeSharedValue(db, { ...lease, value, lifeMs }))) ?? false;
    },
    async release(lease, { unlessAwaited }) {
      return (await attempt(() => endSharedLease(db, { ...lease, unlessAwaited }))) ?? false;
    },
    async drop({ space, keys }) {
      if (notify.isAlone() === true) return true;
      return (
        (await attempt(() => dropSharedValues(db, space, keys?.map(short) ?? null).then(() => true))) ?? false
      );
    },
  };
}
