import type { Budget } from '../platform/budget.ts';
import { createBudgetCache } from './budget-cache.ts';
import type { Address } from './origin-fetch.ts';
import type { Segments } from './segments.ts';

/** Segments of playlists that are being watched, loaded before they are asked for. */
export type ReadAhead = {
  /** The newest state of a playlist. null = a piece of a larger file, which is not loaded as a whole. */
  note(playlist: string, segments: readonly (Address | null)[], lifeMs: number): void;
  /** How long a segment of it stays what it is; undefined for a playlist not seen here. */
  lifeMs(playlist: string): number | undefined;
  /** A player asked for a segment of it: the next ones will be wanted. */
  requested(playlist: string, url: string): void;
  close(): void;
};

type Plan = {
  segments: readonly (Address | null)[];
  indexOf: ReadonlyMap<string, number>;
  lifeMs: number;
  /** The segment asked for last; null before the first and 10 s after the last. */
  lastUrl: string | null;
  isLoading: boolean;
  failed: Set<string>;
  stop: AbortController;
  restTimer: NodeJS.Timeout | undefined;
};

const AHEAD = 3;
const REST_AFTER_MS = 10_000;
const MAX_PLAYLISTS = 200;
const MAX_BYTES = 64 * 1024 * 1024;
/** Of a segment beside its URL: two objects and a place in a map. */
const SEGMENT_BYTES = 200;
const MAX_FAILED = 100;

/** Three segments ahead, one at a time so that the player's own request goes first; ends 10 s after the last request. */
export function createReadAhead(
  segments: Segments,
  { budget, restAfterMs = REST_AFTER_MS }: { budget: Pick<Budget, 'openCache'>; restAfterMs?: number },
): ReadAhead {
  const plans = createBudgetCache<Plan>({
    budget,
    maxBytes: MAX_BYTES,
    maxCount: MAX_PLAYLISTS,
    onDropped: rest,
  });

  function rest(plan: Plan): void {
    clearTimeout(plan.restTimer);
    plan.lastUrl = null;
    plan.stop.abort(new Error('nobody watches this any more'));
  }

  function next(plan: Plan): Address | null {
    const at = plan.lastUrl === null ? undefined : plan.indexOf.get(plan.lastUrl);
    if (at === undefined) return null;
    const wanted = plan.segments.slice(at + 1, at + 1 + AHEAD);
    return (
      wanted.find(
        (address) => address !== null && !plan.failed.has(address.url) && !segments.isKept(address),
      ) ?? null
    );
  }

  async function load(plan: Plan): Promise<void> {
    if (plan.isLoading) return;
    plan.isLoading = true;
    try {
      for (let address = next(plan); address !== null; address = next(plan)) {
        const { signal } = plan.stop;
        const isThere = await segments.warm(address, plan.lifeMs, signal).catch(() => false);
        if (isThere) continue;
        if (signal.aborted || plan.failed.size >= MAX_FAILED) return;
        // The player will see for itself; asking on and on would not help it.
        plan.failed.add(address.url);
      }
    } finally {
      plan.isLoading = false;
    }
  }

  return {
    note(playlist, list, lifeMs) {
      const known = plans.get(playlist);
      const indexOf = new Map(
        list.flatMap((address, index) => (address === null ? [] : [[address.url, index]])),
      );
      const plan: Plan = Object.assign(known ?? freshPlan(), { segments: list, indexOf, lifeMs });
      plans.set(playlist, plan, bytesOf(list));
      if (plan.lastUrl !== null) void load(plan);
    },
    lifeMs: (playlist) => plans.get(playlist)?.lifeMs,
    requested(playlist, url) {
      const plan = plans.get(playlist);
      if (plan?.indexOf.has(url) !== true) return;
      plan.lastUrl = url;
      if (plan.stop.signal.aborted) Object.assign(plan, { stop: new AbortController(), failed: new Set() });
      clearTimeout(plan.restTimer);
      plan.restTimer = setTimeout(() => rest(plan), restAfterMs).unref();
      void load(plan);
    },
    close: plans.clear,
  };
}

function bytesOf(list: readonly (Address | null)[]): number {
  return list.reduce((sum, address) => sum + SEGMENT_BYTES + (address?.url.length ?? 0), SEGMENT_BYTES);
}

function freshPlan(): Pick<Plan, 'lastUrl' | 'isLoading' | 'failed' | 'stop' | 'restTimer'> {
  return {
    lastUrl: null,
    isLoading: false,
    failed: new Set(),
    stop: new AbortController(),
    restTimer: undefined,
  };
}
