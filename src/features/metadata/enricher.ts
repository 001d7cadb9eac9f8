import { LRUCache } from 'lru-cache';
import { type AskedTitles, askTitles, type EnrichDeps } from './ask-titles.ts';
import { claimDue, claimTitles } from './queries/due.ts';
import { watchSources } from './watch-sources.ts';
import type { Outcome } from './write-asked.ts';

/** While a title is asked about nobody else takes it; one whose instance died is due again after that. */
const CLAIM_SECONDS = 300;
/** None is begun after that: the last ones end, and are written, while they are still ours. */
const BEGUN_WITHIN_MS = 150_000;
/** Whoever opens titles faster than they are asked about is served without. */
const MOST_AT_ONCE = 8;
const LATELY_MS = 60_000;

export type Enricher = {
  /** The owner's switch. */
  isOn(): boolean;
  /** Names of the sources that are asked. */
  readonly sources: readonly string[];
  /** Takes titles that wait, newest first, and asks about them, some at once. */
  enrichDue(limit: number, signal: AbortSignal): Promise<Outcome[]>;
  /**
   * Asks about these, some at once, those first that come first. Answers those that were left: somebody else has them, they were asked about
   * lately, it is paused, the providers are down or want peace, or there was no time. Within four minutes.
   */
  enrich(mediaIds: readonly number[], signal: AbortSignal): Promise<ReadonlySet<number>>;
  /**
   * A title without details was opened: asks about it in the background, and waits so long for that. True: it has changed by now. Never throws.
   */
  opened(mediaId: number, waitMs: number): Promise<boolean>;
  /** Gives up what is under way. */
  close(): Promise<void>;
};

/** Asks providers about titles, each by one instance at a time. */
export function createEnricher(deps: EnrichDeps & { isOn(): boolean }): Enricher {
  const { db, log, isOn } = deps;
  const watch = watchSources(deps.providers);
  const closing = new AbortController();
  // A title nobody knows is opened again and again; the database need not be asked each time.
  const lately = new LRUCache<number, true>({ max: 10_000, ttl: LATELY_MS });
  const running = new Map<number, Promise<boolean>>();

  function ask(mediaIds: readonly number[], signal: AbortSignal): Promise<AskedTitles> {
    const begun = performance.now();
    return askTitles({ ...deps, watch }, mediaIds, {
      signal: AbortSignal.any([signal, closing.signal]),
      goesOn: () => isOn() && performance.now() - begun < BEGUN_WITHIN_MS,
    });
  }

  async function enrichOpened(mediaId: number): Promise<boolean> {
    try {
      if (!(await claimTitles(db, [mediaId], CLAIM_SECONDS)).has(mediaId)) return false;
      const [one] = (await ask([mediaId], closing.signal)).outcomes;
      return one?.outcome === 'enriched' || one?.outcome === 'doubtful';
    } catch (error) {
      if (!closing.signal.aborted)
        log.warn({ err: error, mediaId }, 'an opened title could not be completed');
      return false;
    } finally {
      running.delete(mediaId);
    }
  }

  function start(mediaId: number, work: Promise<boolean>): void {
    running.set(mediaId, work);
    lately.set(mediaId, true);
  }

  return {
    isOn,
    sources: deps.providers.map(({ name }) => name),
    async enrichDue(limit, signal) {
      // With nobody to ask they wait: whoever is switched on later is asked about them.
      if (deps.providers.length === 0) return [];
      return (await ask(await claimDue(db, limit, CLAIM_SECONDS), signal)).outcomes;
    },
    async enrich(mediaIds, signal) {
      if (deps.providers.length === 0 || mediaIds.length === 0) return new Set();
      if (!isOn()) return new Set(mediaIds);
      const claimed = await claimTitles(db, mediaIds, CLAIM_SECONDS);
      const { left } = await ask(
        mediaIds.filter((mediaId) => claimed.has(mediaId)),
        signal,
      );
      return new Set([...left, ...mediaIds.filter((mediaId) => !claimed.has(mediaId))]);
    },
    async opened(mediaId, waitMs) {
      if (!isOn() || deps.providers.length === 0 || closing.signal.aborted) return false;
      const known = running.get(mediaId);
      if (known === undefined && lately.has(mediaId)) return false;
      if (known === undefined && running.size >= MOST_AT_ONCE) return false;
      const work = known ?? enrichOpened(mediaId);
      if (known === undefined) start(mediaId, work);
      return within(work, waitMs);
    },
    async close() {
      closing.abort(new Error('the program stopped'));
      await Promise.allSettled(running.values());
    },
  };
}

async function within(work: Promise<boolean>, waitMs: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), waitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
