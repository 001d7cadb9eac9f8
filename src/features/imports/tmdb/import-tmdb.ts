import { AppError, BadInput, Conflict } from '../../../kit/errors.ts';
import { openCopier } from '../../../platform/copier.ts';
import type { Pool } from '../../../platform/db.ts';
import type { Net } from '../../../platform/net.ts';
import { putSyncState } from '../queries/sync-state.ts';
import { findSources, runOf, type Source } from '../source-lines.ts';
import { readList } from './read-list.ts';
import { TMDB_LISTS, type TmdbList, type Wanted } from './rows.ts';
import { resumeOrBegin, STATE_KEY, type TmdbState } from './state.ts';

export type TmdbOptions = Wanted & {
  /** Path or URL of each list there is. */
  lists: Partial<Record<TmdbList, string>>;
  signal: AbortSignal;
  progress: {
    begin(step: string, unit: string, total: number | null): void;
    add(count: number): void;
    at(share: number): void;
    end(): void;
  };
};

export type TmdbResult = TmdbState['counts'] & {
  /** The first hundred, for a person to look at. */
  listedBrokenLines: string[];
};

type Deps = { db: Pool; url: string; net: Pick<Net, 'request'> };

/**
 * Imports TMDB's daily lists of ids: each title with its id, original name and popularity, waiting for details. Stopped or killed, the next
 * run of the same files and options goes on where it was; a whole one changes nothing the second time. A list that breaks off is
 * imported as far as it goes, then AppError `imports.cut` says so.
 */
export async function importTmdb(deps: Deps, options: TmdbOptions): Promise<TmdbResult> {
  const sources = await findSources(deps.net, ['movies', 'series'], options.lists, options.signal);
  if (sources.size === 0)
    throw new BadInput('imports.no_list', 'Say where the lists are: movie_ids, tv_series_ids, or both.');
  const copier = await openCopier(deps.url);
  try {
    if (!(await copier.claim(STATE_KEY)))
      throw new Conflict('imports.running', 'Another import from TMDB is running. Wait until it has ended.');
    const state = await resumeOrBegin(
      deps.db,
      runOf(sources, [options.minPopularity, options.adult, options.video]),
    );
    for (const [list, source] of sources) await readOne(deps.db, state, { list, source }, options);
    return await finish(deps.db, state);
  } finally {
    await copier.close();
  }
}

async function readOne(
  db: Pool,
  state: TmdbState,
  { list, source }: { list: TmdbList; source: Source },
  { progress, signal, ...wanted }: TmdbOptions,
): Promise<void> {
  const mark = state.lists[list] ?? { lines: 0, isDone: false, failure: null };
  state.lists[list] = mark;
  if (mark.isDone) return;
  progress.begin(TMDB_LISTS[list].name, 'lines', null);
  const onRead = (lines: number, share: number) => {
    progress.add(lines);
    progress.at(share);
  };
  await readList({ db, state, mark, wanted, signal, onRead }, list, source);
  progress.end();
}

async function finish(db: Pool, state: TmdbState): Promise<TmdbResult> {
  await putSyncState(db, STATE_KEY, state.counts);
  const failures = Object.values(state.lists).flatMap(({ failure }) => (failure === null ? [] : [failure]));
  if (failures.length === 0) return { ...state.counts, listedBrokenLines: state.broken };
  const { newTitles, changedTitles } = state.counts;
  throw new AppError(
    'imports.cut',
    `${failures.join(' ')} What came before is imported (${newTitles} new titles, ${changedTitles} changed). Get the file anew and run this again.`,
    { status: 400 },
  );
}
