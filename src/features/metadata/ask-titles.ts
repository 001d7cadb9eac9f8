import { AppError } from '../../kit/errors.ts';
import { isFaultOfValues, type Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { MetadataProvider } from '../../providers/provider.ts';
import { type Asked, askAbout, isAskable } from './ask-about.ts';
import { keptAnswers, providerPriorities } from './queries/answers.ts';
import { noteTried, releaseTitles, type Tried } from './queries/due.ts';
import { noteSources } from './queries/progress.ts';
import { type StoredTitle, storedTitles } from './queries/titles.ts';
import type { WatchedSources } from './watch-sources.ts';
import { type Outcome, writeAsked } from './write-asked.ts';

export type EnrichDeps = { db: Pool; providers: readonly MetadataProvider[]; log: Log };

const DAY_SECONDS = 24 * 3600;
/** Answers are kept a week or two: sooner there is nothing new. */
const AGAIN_SECONDS = 14 * DAY_SECONDS;
/** Nobody knew it: perhaps it is too new. */
const UNKNOWN_SECONDS = 3 * DAY_SECONDS;
/** Doubled with each failure. */
const FAILED_SECONDS = 120;
/** Providers have their own pace; an answer takes some tenths of a second. */
const ASKED_AT_ONCE = 8;
/** In one transaction, under the lock of all titles. */
const WRITTEN_AT_ONCE = 50;
/** Answers that wait to be written; nobody is asked while there are more. */
const MOST_WAITING = 100;
/** All that is asked about one title, with every provider's own time-outs and rests. */
const LONGEST_ASKED_MS = 90_000;
/** So many in a row: the providers are down or want peace, and a later run tries again. */
const MOST_FAILURES = 5;

export type AskOptions = {
  signal: AbortSignal;
  /** False: no more are begun; those under way are finished and written. */
  goesOn(): boolean;
};
/** `left`: taken and not asked about. They are let go. */
export type AskedTitles = { outcomes: Outcome[]; left: number[] };

/**
 * Asks about titles that were claimed, some at once, in their order, and writes what is told in batches: while one is written the next is
 * asked for. One that cannot be written is at fault alone. Stops when five in a row could not be asked about.
 */
export async function askTitles(
  deps: EnrichDeps & { watch: WatchedSources },
  mediaIds: readonly number[],
  options: AskOptions,
): Promise<AskedTitles> {
  const run = new AskRun(deps, await groundOf(deps, mediaIds), options);
  const left = [...mediaIds];
  try {
    await run.take(left);
  } finally {
    if (left.length > 0) await releaseTitles(deps.db, left);
  }
  return { outcomes: run.outcomes, left };
}

type Ground = {
  /** By `metadata_provider.priority`. */
  providers: readonly MetadataProvider[];
  stored: ReadonlyMap<number, StoredTitle>;
};

async function groundOf(
  { db, watch }: EnrichDeps & { watch: WatchedSources },
  mediaIds: readonly number[],
): Promise<Ground> {
  const places = new Map((await providerPriorities(db)).map(({ name, priority }) => [name, priority]));
  const placeOf = ({ name }: MetadataProvider) => places.get(name) ?? 1000;
  const stored = await storedTitles(db, mediaIds);
  return {
    providers: watch.providers.toSorted((a, b) => placeOf(a) - placeOf(b)),
    stored: new Map(stored.map((title) => [title.mediaId, title])),
  };
}

class AskRun {
  readonly outcomes: Outcome[] = [];
  readonly #deps: EnrichDeps & { watch: WatchedSources };
  readonly #ground: Ground;
  readonly #options: AskOptions;
  #told: Asked[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #failures = 0;

  constructor(deps: EnrichDeps & { watch: WatchedSources }, ground: Ground, options: AskOptions) {
    this.#deps = deps;
    this.#ground = ground;
    this.#options = options;
  }

  /** Takes titles from the front of `waiting`; those that are not asked about stay there. */
  async take(waiting: number[]): Promise<void> {
    const take = async () => {
      while (waiting.length > 0 && this.#goesOn()) {
        const mediaId = waiting.shift();
        if (mediaId !== undefined) await this.#ask(mediaId);
        if (this.#told.length > MOST_WAITING) await this.#writing;
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: ASKED_AT_ONCE }, take));
    // What was told is written, whatever became of the others.
    await this.#written();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #goesOn(): boolean {
    this.#options.signal.throwIfAborted();
    return this.#failures < MOST_FAILURES && this.#options.goesOn();
  }

  async #ask(mediaId: number): Promise<void> {
    const stored = this.#ground.stored.get(mediaId);
    if (stored === undefined || !isAskable(stored)) {
      await this.#note([{ mediaId, outcome: 'skipped', failure: null }]);
      return;
    }
    const { signal } = this.#options;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_ASKED_MS)]);
    try {
      const kept = stored.hasAnswers ? await keptAnswers(this.#deps.db, [mediaId]) : [];
      const asked = await askAbout(this.#ground.providers, stored, kept, bounded);
      const isFailed = asked.failures.length > 0 && asked.collected.answers.length === 0;
      this.#failures = isFailed ? this.#failures + 1 : 0;
      this.#told.push(asked);
      this.#write();
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.log.warn({ err: error, mediaId }, 'a title could not be asked about');
      await this.#note([{ mediaId, outcome: 'failed', failure: FAULT }]);
    }
  }

  /** Begins to write what is told, unless that is under way: whatever comes meanwhile is the next batch. */
  #write(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#writeTold().finally(() => {
      this.#isWriting = false;
    });
    // It is waited for at the end.
    this.#writing.catch(() => undefined);
  }

  async #written(): Promise<void> {
    await this.#writing;
    if (this.#told.length > 0) await this.#writeTold();
  }

  async #writeTold(): Promise<void> {
    while (this.#told.length > 0) {
      const batch = this.#told.splice(0, WRITTEN_AT_ONCE);
      await this.#note(await writeApart(this.#deps, batch));
    }
  }

  async #note(outcomes: readonly Outcome[]): Promise<void> {
    const { db, log, watch } = this.#deps;
    this.outcomes.push(...outcomes);
    await noteTried(db, outcomes.map(triedOf));
    const told = watch.take();
    // For the owner to see; no title fails for it.
    if (told.length > 0)
      await noteSources(db, told).catch((err: unknown) =>
        log.debug({ err }, 'how sources did was not noted'),
      );
  }
}

const FAULT = new AppError('metadata.failed', 'What was told of it could not be stored.', { status: 500 });

/** A batch in which a title is at fault is written again title by title. */
async function writeApart({ db, log }: EnrichDeps, asked: readonly Asked[]): Promise<Outcome[]> {
  try {
    return await db.transaction((tx) => writeAsked(tx, asked));
  } catch (error) {
    const [one, another] = asked;
    if (one === undefined || (another !== undefined && !isFaultOfValues(error))) throw error;
    if (another === undefined) {
      const { mediaId } = one.stored;
      log.warn({ err: error, mediaId }, 'a title could not be completed');
      return [{ mediaId, outcome: 'failed', failure: FAULT }];
    }
    log.debug({ err: error, titles: asked.length }, 'titles are written one by one');
  }
  const outcomes: Outcome[] = [];
  for (const one of asked) outcomes.push(...(await writeApart({ db, log, providers: [] }, [one])));
  return outcomes;
}

function triedOf({ mediaId, outcome, failure }: Outcome): Tried {
  if (failure !== null) return { mediaId, failure: failure.message, dueInSeconds: FAILED_SECONDS };
  return {
    mediaId,
    failure: null,
    dueInSeconds: outcome === 'unknown' ? UNKNOWN_SECONDS : AGAIN_SECONDS,
  };
}
