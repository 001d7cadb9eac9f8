import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { MetadataProvider, OutsideId } from '../../providers/provider.ts';
import { expected } from './identify.ts';
import { markChanged } from './queries/stale.ts';

/** What recurring work remembers, in `sync_state`. */
export type SyncStates = {
  syncStates(db: Db, keys: readonly string[]): Promise<readonly { key: string; data: unknown }[]>;
  putSyncState(db: Db, key: string, data: Record<string, number>): Promise<void>;
};
export type ChangesDeps = SyncStates & { db: Db; providers: readonly MetadataProvider[]; log: Log };
export type Taken = {
  /** Providers that were asked, once for each kind. */
  asked: number;
  /** Titles here that changed there. */
  titles: number;
  failures: number;
};

const MINUTE_MS = 60_000;
/** Every hour and a half; a minute less, as a tick is never exact. */
export const CHANGES_STEP_MS = 89 * MINUTE_MS;
/** Clocks differ, and a change is told when it is whole. */
const OVERLAP_MS = 10 * MINUTE_MS;
/** Asked for the first time. What was told before then is as old as the answers that are kept. */
const FIRST_MS = 24 * 60 * MINUTE_MS;
const IDS_AT_ONCE = 1000;

const State = z.object({ fromMs: z.number() });

/**
 * Asks each provider that can tell what changed since it was last asked, and makes those titles due that are here. A provider that fails is
 * asked for the same time again at the next tick.
 */
export async function takeChanges(deps: ChangesDeps, signal: AbortSignal): Promise<Taken> {
  const taken: Taken = { asked: 0, titles: 0, failures: 0 };
  for (const provider of deps.providers) {
    for (const kind of ['movie', 'series'] as const) {
      const begunMs = Date.now();
      const key = `changes.${provider.name}.${kind}`;
      const fromMs = await lastAsked(deps, key);
      if (provider.changesSince === undefined || (fromMs !== null && begunMs - fromMs < CHANGES_STEP_MS))
        continue;
      const since = new Date((fromMs ?? begunMs - FIRST_MS) - OVERLAP_MS);
      taken.asked += 1;
      try {
        const titles = await markAll(deps.db, provider, kind, provider.changesSince(since, kind, signal));
        await deps.putSyncState(deps.db, key, { fromMs: begunMs, titles });
        taken.titles += titles;
      } catch (error) {
        const failure = expected(error, signal);
        deps.log.debug({ err: failure, provider: provider.name }, 'what changed could not be asked for');
        taken.failures += 1;
      }
    }
  }
  return taken;
}

async function lastAsked({ db, syncStates }: ChangesDeps, key: string): Promise<number | null> {
  const [state] = await syncStates(db, [key]);
  return State.safeParse(state?.data).data?.fromMs ?? null;
}

async function markAll(
  db: Db,
  { name }: MetadataProvider,
  kind: 'movie' | 'series',
  changes: AsyncIterable<OutsideId>,
): Promise<number> {
  let marked = 0;
  const waiting = new Map<string, string[]>();
  const flush = async (idProvider: string) => {
    const ids = waiting.get(idProvider) ?? [];
    waiting.delete(idProvider);
    marked += await markChanged(db, { provider: name, kind, idProvider, ids });
  };
  for await (const { provider, value } of changes) {
    const ids = waiting.get(provider) ?? [];
    waiting.set(provider, ids);
    ids.push(value);
    if (ids.length >= IDS_AT_ONCE) await flush(provider);
  }
  for (const idProvider of [...waiting.keys()]) await flush(idProvider);
  return marked;
}
