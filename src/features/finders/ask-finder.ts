import type { z } from 'zod';
import type { Finder } from '../../finders/finder.ts';
import { FinderFailed } from '../../finders/finder-failed.ts';
import { NabCaps } from '../../finders/nab-caps.ts';
import { createFinder } from '../../finders/registry.ts';
import { AppError } from '../../kit/errors.ts';
import type { Cache, CacheSpace } from '../../platform/cache.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Db } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Net } from '../../platform/net.ts';
import { placeOf } from './place.ts';
import type { StoredFinder } from './queries/finders.ts';
import { noteOutcome, type Outcome } from './queries/outcomes.ts';

export type AskDeps = {
  db: Db;
  net: Pick<Net, 'request'>;
  crypto: Pick<Crypto, 'open' | 'seal'>;
  log: Log;
  caps: CapsSpace;
  metrics: Pick<Metrics, 'finders'>;
};
type CapsSpace = Pick<CacheSpace<z.infer<typeof NabCaps>>, 'get'>;

const DAY_MS = 86_400_000;
/** Its account or key: an hour, since nothing changes by itself. */
const REFUSED_REST_MS = 3_600_000;

/** What indexers say they can do, for a day, told to all instances by the one that asked. */
export function openCaps(openSpace: Cache['space'], crypto: Pick<Crypto, 'open' | 'seal'>): CapsSpace {
  return openSpace('finder-caps', {
    ttlMs: DAY_MS,
    maxEntries: 200,
    schema: NabCaps,
    onceForAll: { waitMs: 25_000, crypto },
  });
}

/** The finder of a row; throws `finders.sealed`. */
export function finderOf(
  { net, crypto, caps }: Pick<AskDeps, 'net' | 'crypto' | 'caps'>,
  stored: StoredFinder,
): Finder {
  // By what is sealed: another address or key is another indexer.
  const key = `${stored.id} ${stored.placeSealed.subarray(-16).toString('base64url')}`;
  const keepCaps = (ask: (signal: AbortSignal) => Promise<NabCaps>, signal: AbortSignal) =>
    caps.get(key, ask, signal);
  return createFinder({ net, keepCaps }, stored.kind, placeOf(crypto, stored));
}

/** Asks a finder and writes down how that ended; null: it failed. `work` answers how many streams it brought, and its own wish. */
export async function askFinder(
  deps: AskDeps,
  stored: StoredFinder,
  work: (finder: Finder) => Promise<{ found: number; restMs: number | null }>,
  signal: AbortSignal,
): Promise<number | null> {
  const begunAt = performance.now();
  const note = async (outcome: Omit<Outcome, 'tookMs'>) => {
    const tookMs = performance.now() - begunAt;
    const { found, error } = outcome;
    deps.metrics.finders.onAsked({
      ...{ finder: stored.name, found, hasFailed: error !== null },
      seconds: tookMs / 1000,
    });
    await noteOutcome(deps.db, stored.id, { ...outcome, tookMs });
  };
  try {
    const { found, restMs } = await work(finderOf(deps, stored));
    await note({ found, error: null, restMs });
    return found;
  } catch (error) {
    signal.throwIfAborted();
    deps.log.debug({ err: error, finder: stored.name }, 'a finder failed');
    const told = failureOf(error);
    if (told === null) throw error;
    await note({ found: 0, ...told });
    return null;
  }
}

/** In words for its owner; null: it is our own fault. */
function failureOf(error: unknown): { error: string; restMs: number | null } | null {
  if (error instanceof FinderFailed)
    return {
      error: error.message.slice(0, 500),
      restMs: error.restMs ?? (error.fault === 'refused' ? REFUSED_REST_MS : null),
    };
  return error instanceof AppError ? { error: error.message.slice(0, 500), restMs: null } : null;
}
