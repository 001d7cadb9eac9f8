import { AppError, BadInput, Conflict } from '../../../kit/errors.ts';
import { type Copier, openCopier } from '../../../platform/copier.ts';
import type { Pool } from '../../../platform/db.ts';
import type { Net } from '../../../platform/net.ts';
import { staging } from '../../media/index.ts';
import { putImportState, putSyncState } from '../queries/sync-state.ts';
import { findSources, runOf, type Sources } from '../source-lines.ts';
import { mergeStaged } from './merge.ts';
import { readFile } from './read-files.ts';
import { IMDB_FILE_ORDER, IMDB_FILES, type ImdbFile, type Met, nobodyMet, type Wanted } from './rows.ts';
import {
  emptyState,
  forgetWorkers,
  type ImportState,
  idleWorker,
  STATE_KEY,
  unfinished,
  WORKER_KEYS,
  type WorkerState,
} from './state.ts';

export type ImdbOptions = {
  /** Path or URL of each file there is; `basics` must be. */
  files: Partial<Record<ImdbFile, string>>;
  types: ReadonlySet<string>;
  minVotes: number;
  adult: boolean;
  signal: AbortSignal;
  progress: {
    begin(step: string, unit: string, total: number | null): void;
    add(count: number): void;
    at(share: number): void;
    end(): void;
  };
};

export type ImdbResult = {
  rows: number;
  newTitles: number;
  changedTitles: number;
  sameTitles: number;
  newEpisodes: number;
  changedEpisodes: number;
  newPeople: number;
  newCredits: number;
  /** Titles without an IMDb id that got theirs by name. */
  adopted: number;
  conflicts: number;
  brokenRows: number;
  /** The first hundred of each, for a person to look at. */
  listedConflicts: string[];
  listedBrokenRows: string[];
};

type Deps = { db: Pool; url: string; net: Pick<Net, 'request'> };

/**
 * Imports IMDb's public data sets (https://developer.imdb.com/non-commercial-datasets/): files → staging tables by COPY → titles in
 * batches. Stopped or killed, the next run of the same files and options goes on where it was; a whole one changes nothing
 * the second time. A file that breaks off is imported as far as it goes, then AppError `imports.cut` says so.
 */
export async function importImdb(deps: Deps, options: ImdbOptions): Promise<ImdbResult> {
  const { signal, minVotes } = options;
  if (options.files.basics === undefined)
    throw new BadInput('imports.no_basics', 'Say where title.basics is: the other files only add to it.');
  if (minVotes > 0 && options.files.ratings === undefined)
    throw new BadInput('imports.no_ratings', 'Say where title.ratings is: it has the votes.');
  const sources = await findSources(deps.net, IMDB_FILE_ORDER, options.files, options.signal);
  const run = runOf(sources, [[...options.types].sort(), options.minVotes, options.adult]);
  const copier = await openCopier(deps.url);
  try {
    if (!(await copier.claim(STATE_KEY)))
      throw new Conflict('imports.running', 'Another import from IMDb is running. Wait until it has ended.');
    const { state, workers } = await resumeOrBegin(deps.db, run);
    await readFiles({ copier, state, options, sources });
    const { progress } = options;
    await mergeStaged({
      ...{ db: deps.db, state, workers, signal },
      begin: (step, unit, total) => progress.begin(step, unit, total),
      add: (count) => progress.add(count),
    });
    progress.end();
    return await finish(deps.db, state, workers);
  } finally {
    await copier.close();
  }
}

async function resumeOrBegin(db: Pool, run: string): Promise<{ state: ImportState; workers: WorkerState[] }> {
  const left = await unfinished(db, run);
  if (left !== null && (await staging.stagingRun(db)) === run) return left;
  const state = emptyState(run);
  await db.transaction(async (tx) => {
    await staging.emptyStaging(tx);
    await staging.nameStaging(tx, run);
    await forgetWorkers(tx);
    await putImportState(tx, STATE_KEY, JSON.stringify(state));
  });
  return { state, workers: WORKER_KEYS.map(() => idleWorker(run)) };
}

type Reading = { copier: Copier; state: ImportState; options: ImdbOptions; sources: Sources<ImdbFile> };

async function readFiles({ copier, state, options, sources }: Reading): Promise<void> {
  const { types, minVotes, adult, progress, signal } = options;
  const wanted: Wanted = { types, minVotes, adult, episodes: sources.has('episode') };
  const met = await metBefore(copier, state, minVotes);
  for (const [file, source] of sources) {
    if (state.files[file]?.isDone === true) continue;
    progress.begin(`reading ${IMDB_FILES[file].name}`, 'rows', null);
    const onRead = (lines: number, share: number) => {
      progress.add(lines);
      progress.at(share);
    };
    await readFile({ copier, state, wanted, met, signal, onRead }, file, source);
    progress.end();
  }
}

/** What the run before had met, from what it staged. */
async function metBefore(copier: Copier, state: ImportState, minVotes: number): Promise<Met> {
  const met = nobodyMet();
  if (Object.keys(state.files).length === 0) return met;
  const { titles, episodeNames, episodes, creditPeople, people, rated } = staging.STAGED_NUMBERS;
  const sets = { titles, episodeNames, episodes, creditPeople, people, rated } as const;
  for (const name of ['titles', 'episodeNames', 'episodes', 'creditPeople', 'people', 'rated'] as const)
    await copier.readNumbers(sets[name], (number) => met[name].add(number));
  await copier.readNumbers(staging.ratedBy(minVotes), (number) => met.popular.add(number));
  return met;
}

async function finish(db: Pool, state: ImportState, workers: readonly WorkerState[]): Promise<ImdbResult> {
  const count = (name: string) => workers.reduce((sum, worker) => sum + (worker.counts[name] ?? 0), 0);
  const files = Object.values(state.files);
  const result: ImdbResult = {
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    newTitles: count('newTitles'),
    changedTitles: count('changedTitles'),
    sameTitles: count('sameTitles'),
    newEpisodes: count('newEpisodes'),
    changedEpisodes: count('changedEpisodes'),
    newPeople: count('newPeople'),
    newCredits: count('newCredits'),
    adopted: state.adopted ?? 0,
    conflicts: count('conflicts'),
    brokenRows: files.reduce((sum, file) => sum + file.broken, 0),
    listedConflicts: workers.flatMap((worker) => worker.conflicts).slice(0, 100),
    listedBrokenRows: state.broken,
  };
  const { listedConflicts: _conflicts, listedBrokenRows: _broken, ...counts } = result;
  await db.transaction(async (tx) => {
    await staging.emptyStaging(tx);
    await forgetWorkers(tx);
    await putSyncState(tx, STATE_KEY, counts);
  });
  const failures = files.flatMap(({ failure }) => (failure === null ? [] : [failure]));
  if (failures.length === 0) return result;
  throw new AppError(
    'imports.cut',
    `${failures.join(' ')} What came before is imported (${result.newTitles} new titles, ${result.changedTitles} changed). Get the file anew and run this again.`,
    { status: 400 },
  );
}
