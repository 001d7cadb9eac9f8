import { LRUCache } from 'lru-cache';
import { AppError } from '../../kit/errors.ts';
import type { Log } from '../../platform/log.ts';
import { type EnrichDeps, enrichTitle, type Outcome } from './enrich-title.ts';
import { claimDue, claimOne, noteTried } from './queries/due.ts';
import { noteSources } from './queries/progress.ts';
import { watchSources } from './watch-sources.ts';

/** While a title is asked about nobody else takes it; one whose instance died is due again after that. */
const CLAIM_SECONDS = 300;
const DAY_SECONDS = 24 * 3600;
/** Answers are kept a week or two: sooner there is nothing new. */
const AGAIN_SECONDS = 14 * DAY_SECONDS;
/** Nobody knew it: perhaps it is too new. */
const UNKNOWN_SECONDS = 3 * DAY_SECONDS;
/** Doubled with each failure. */
const FAILED_SECONDS = 120;
/** Whoever opens titles faster than they are asked about is served without. */
const MOST_AT_ONCE = 8;
const LATELY_MS = 60_000;
/** Of those that somebody waits for. Providers have their own pace. */
const TITLES_AT_ONCE = 4;

export type Enricher = {
  /** The owner's switch. */
  isOn(): boolean;
  /** Names of the sources that are asked. */
  readonly sources: readonly string[];
  /** Takes titles that wait, newest first, and asks about each in turn. */
  enrichDue(limit: number, signal: AbortSignal): Promise<Outcome[]>;
  /** Asks about these, some at once, those first that come first; one that somebody else has, or that was asked about lately, is passed over. */
  enrich(mediaIds: readonly number[], signal: AbortSignal): Promise<void>;
  /**
   * A title without details was opened: asks about it in the background, and waits so long for that. True: it has changed by now. Never throws.
   */
  opened(mediaId: number, waitMs: number): Promise<boolean>;
  /** Gives up what is under way. */
  close(): Promise<void>;
};

/** Asks providers about titles, each by one instance at a time. */
export function createEnricher(deps: EnrichDeps & { log: Log; isOn(): boolean }): Enricher {
  const { db, log, isOn } = deps;
  const watch = watchSources(deps.providers);
  const closing = new AbortController();
  // A title nobody knows is opened again and again; the database need not be asked each time.
  const lately = new LRUCache<number, true>({ max: 10_000, ttl: LATELY_MS });
  const running = new Map<number, Promise<boolean>>();

  async function enrichClaimed(mediaId: number, signal: AbortSignal): Promise<Outcome> {
    const result = await enrichTitle({ db, providers: watch.providers }, mediaId, signal).catch(
      (error: unknown): Outcome => {
        signal.throwIfAborted();
        log.warn({ err: error, mediaId }, 'a title could not be completed');
        const failure = new AppError('metadata.failed', 'What was told of it could not be stored.', {
          status: 500,
        });
        return { outcome: 'failed', failure };
      },
    );
    await tellSources();
    const failure = result.failure?.message ?? null;
    await noteTried(db, mediaId, { failure, dueInSeconds: failure === null ? rest(result) : FAILED_SECONDS });
    return result;
  }

  /** For the owner to see; a title does not fail for it. */
  async function tellSources(): Promise<void> {
    const told = watch.take();
    if (told.length > 0)
      await noteSources(db, told).catch((err: unknown) =>
        log.debug({ err }, 'how sources did was not noted'),
      );
  }

  async function enrichOpened(mediaId: number): Promise<boolean> {
    try {
      if (!(await claimOne(db, mediaId, CLAIM_SECONDS))) return false;
      const { outcome } = await enrichClaimed(mediaId, closing.signal);
      return outcome === 'enriched' || outcome === 'doubtful';
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
      const either = AbortSignal.any([signal, closing.signal]);
      const outcomes: Outcome[] = [];
      for (const mediaId of await claimDue(db, limit, CLAIM_SECONDS)) {
        either.throwIfAborted();
        outcomes.push(await enrichClaimed(mediaId, either));
      }
      return outcomes;
    },
    async enrich(mediaIds, signal) {
      if (deps.providers.length === 0) return;
      const either = AbortSignal.any([signal, closing.signal]);
      const waiting = [...mediaIds];
      const take = async () => {
        for (let mediaId = waiting.shift(); mediaId !== undefined; mediaId = waiting.shift()) {
          either.throwIfAborted();
          if (!isOn()) return;
          if (await claimOne(db, mediaId, CLAIM_SECONDS)) await enrichClaimed(mediaId, either);
        }
      };
      await Promise.all(Array.from({ length: TITLES_AT_ONCE }, take));
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

function rest({ outcome }: Outcome): number {
  return outcome === 'unknown' ? UNKNOWN_SECONDS : AGAIN_SECONDS;
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
