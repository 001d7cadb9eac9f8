import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FindQuery } from '../../finders/finder.ts';
import type { Cache } from '../../platform/cache.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Pool } from '../../platform/db.ts';
import { episodeNumbersOf, titlesOf } from '../media/index.ts';
import { type AskDeps, askFinder, openCaps } from './ask-finder.ts';
import { type KeepDeps, keepReleases } from './keep-releases.ts';
import type { Wanted } from './match-release.ts';
import { findersToAsk, type StoredFinder, wantedRow } from './queries/finders.ts';

/** A title, or an episode of it, that has nothing to play. */
export type SearchedPlace = { mediaId: number; episodeId: number | null };
/** `off`: there is nobody to ask; `searching`: nothing yet, ask again soon. */
export type SearchState = 'off' | 'found' | 'nothing' | 'searching';

export type LiveSearch = {
  /** Asks all finders for it, once for all viewers and instances; answers with the first that has something, or when it has taken too long. */
  search(place: SearchedPlace): Promise<SearchState>;
  close(): Promise<void>;
};

export type LiveSearchDeps = Omit<AskDeps, 'caps' | 'db'> &
  KeepDeps & {
    db: Pool;
    crypto: Pick<Crypto, 'open' | 'seal'>;
    openSpace: Cache['space'];
    /** Resolves once what was saved is seen by whoever asks next. */
    settled(): Promise<void>;
    /** How long a viewer waits for the first answer; default 6 s. */
    firstMs?: number;
  };

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const FIRST_MS = 6000;
/** Of all finders together: three questions of 20 s and their torrents. */
const SEARCH_MS = 90_000;
const MAX_FINDERS = 30;
/** Titles looked for at once; past it viewers are told to ask again. */
const MAX_SEARCHES = 20;
/** Stored titles have some hundred names at most, of which the first are the known ones. */
const MAX_NAMES = 50;

/** Nothing was found: kept for a minute, where what was found is kept for two days. */
class NothingFound extends Error {}

type Search = { first: PromiseWithResolvers<void>; done: Promise<number> };

/** Looks for titles that have no streams while somebody waits for them. */
export function createLiveSearch(deps: LiveSearchDeps): LiveSearch {
  const { db, openSpace, crypto, log, settled, firstMs = FIRST_MS } = deps;
  const caps = openCaps(openSpace, crypto);
  const onceForAll = { waitMs: SEARCH_MS, crypto };
  const space = (name: string, ttlMs: number) =>
    openSpace(name, { ttlMs, maxEntries: 5000, schema: z.int(), onceForAll });
  const asked = space('finders-asked', MINUTE_MS);
  const found = space('finders-found', 48 * HOUR_MS);
  const running = new Map<string, Search>();
  const stopping = new AbortController();

  async function search(place: SearchedPlace): Promise<SearchState> {
    if (stopping.signal.aborted) return 'off';
    const key = `${place.mediaId} ${place.episodeId ?? ''}`;
    const under = running.get(key) ?? (await begin(key, place));
    if (under === 'off' || under === 'searching') return under;
    const timer = new AbortController();
    try {
      const late = sleep(firstMs, 'searching' as const, { signal: timer.signal, ref: false });
      late.catch(() => undefined);
      const first = under.first.promise.then(() => 'found' as const);
      const done = under.done.then((count) => (count > 0 ? ('found' as const) : ('nothing' as const)));
      const state = await Promise.race([first, done, late]);
      if (state === 'found') await settled();
      return state;
    } finally {
      timer.abort();
    }
  }

  async function begin(key: string, place: SearchedPlace): Promise<Search | 'off' | 'searching'> {
    const finders = await findersToAsk(db, MAX_FINDERS);
    if (finders.length === 0) return 'off';
    const known = running.get(key);
    if (known !== undefined) return known;
    if (running.size >= MAX_SEARCHES) return 'searching';
    const first = Promise.withResolvers<void>();
    // No viewer's signal: who waits may leave, what was begun is kept.
    const done = asked
      .get(key, () => found.get(key, () => askAll(place, finders, first.resolve)).catch(noneOf))
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.warn({ err: error }, 'a search for streams failed');
        return 0;
      })
      .finally(() => running.delete(key));
    const under = { first, done };
    running.set(key, under);
    return under;
  }

  async function askAll(
    place: SearchedPlace,
    finders: readonly StoredFinder[],
    onFirst: () => void,
  ): Promise<number> {
    const wanted = await wantedOf(db, place);
    if (wanted === null) throw new NothingFound();
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(SEARCH_MS)]);
    const counts = await Promise.all(
      finders.map(async (stored) => {
        const count = await askOne(wanted, stored, signal);
        if (count > 0) onFirst();
        return count;
      }),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) throw new NothingFound();
    return total;
  }

  /** One that fails, or a release of it that does, is no reason to lose what the others find. */
  async function askOne(wanted: Wanted, stored: StoredFinder, signal: AbortSignal): Promise<number> {
    try {
      const count = await askFinder(
        { ...deps, caps },
        stored,
        async (finder) => {
          const { releases = [], restMs = null } = (await finder.find?.(queryOf(wanted), signal)) ?? {};
          return {
            found: await keepReleases(deps, wanted, releases, { origin: stored.kind, signal }),
            restMs,
          };
        },
        signal,
      );
      return count ?? 0;
    } catch (error) {
      if (!stopping.signal.aborted)
        log.warn({ err: error, finder: stored.name }, 'what a finder found was not kept');
      return 0;
    }
  }

  return {
    search,
    async close() {
      stopping.abort(new Error('the program is stopping'));
      await Promise.allSettled([...running.values()].map(({ done }) => done));
    },
  };
}

function noneOf(error: unknown): number {
  if (error instanceof NothingFound) return 0;
  throw error;
}

/** Films and series only: nobody files channels and events by their names. */
async function wantedOf(db: Pool, { mediaId, episodeId }: SearchedPlace): Promise<Wanted | null> {
  const [row, [title]] = await Promise.all([wantedRow(db, mediaId, episodeId), titlesOf(db, [mediaId])]);
  if (row === null || title === undefined || (row.kind !== 'movie' && row.kind !== 'series')) return null;
  if (row.kind === 'series' && row.episode === null) return null;
  const { kind, year, season, episode, imdb, tmdb, tvdb } = row;
  return {
    ...{ mediaId, kind, year, season, episode },
    names: [...new Set(title.names)].slice(0, MAX_NAMES),
    ids: { imdb: imdb ?? undefined, tmdb: tmdb ?? undefined, tvdb: tvdb ?? undefined },
    catalogue: kind === 'series' ? await episodeNumbersOf(db, [mediaId]) : [],
  };
}

function queryOf({ kind, ids, names, year, season, episode }: Wanted): FindQuery {
  return { kind, ids, titles: names, year, season: season ?? undefined, episode: episode ?? undefined };
}
