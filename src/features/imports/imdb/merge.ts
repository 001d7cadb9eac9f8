import type { Pool } from '../../../platform/db.ts';
import {
  addNewTitles,
  adoptStagedTitles,
  mergeEpisodes,
  mergeKnownTitles,
  mergePeople,
  mergeTitleCredits,
  prepareGenres,
  type StagedConflict,
  type StagedRange,
  staging,
} from '../../media/index.ts';
import { type Contradiction, noteContradictions } from '../../metadata/index.ts';
import { putImportState } from '../queries/sync-state.ts';
import { IMDB_GENRES } from './genres.ts';
import { type ImportState, STATE_KEY, WORKER_KEYS, type WorkerState } from './state.ts';

/** Titles or people a transaction: about a second's work on a busy small machine; others who write titles wait no longer. */
const MAX_BATCH = 5000;
/** Below this, what a batch costs by itself would show. */
const MIN_BATCH = 500;
/** Of a small import so many batches, that both who merge have work to the end. */
const MIN_BATCHES = 6;
const MAX_LISTED = 100;

export type Merging = {
  db: Pool;
  state: ImportState;
  workers: readonly WorkerState[];
  signal: AbortSignal;
  begin(step: string, unit: string, total: number): void;
  add(count: number): void;
};

type Batch = StagedRange & { name: string; count: number };
type Step = {
  name: string;
  unit: string;
  of: 'title' | 'known_name';
  /** In the transaction in which the batch is marked as done. */
  merge(
    tx: Pool | Parameters<Parameters<Pool['transaction']>[0]>[0],
    batch: Batch,
  ): Promise<Record<string, number>>;
  /** Before it, in one of its own; done again when it was stopped in between, which changes nothing then. */
  before?(merging: Merging, worker: WorkerState, batch: Batch): Promise<void>;
};

const TITLES: Step = {
  name: 'titles',
  unit: 'titles',
  of: 'title',
  async before({ db }, worker, batch) {
    const { changed, same, conflicts } = await db.transaction(async (tx) => {
      const known = await mergeKnownTitles(tx, batch);
      await noteContradictions(tx, 'imdb', known.conflicts.map(contradictionOf));
      return known;
    });
    worker.counts.changedTitles = (worker.counts.changedTitles ?? 0) + changed;
    worker.counts.sameTitles = (worker.counts.sameTitles ?? 0) + same;
    worker.counts.conflicts = (worker.counts.conflicts ?? 0) + conflicts.length;
    for (const { imdbId, title, reason } of conflicts)
      if (worker.conflicts.length < MAX_LISTED) worker.conflicts.push(`${imdbId} ${title}: ${reason}`);
  },
  merge: async (tx, batch) => ({ newTitles: await addNewTitles(tx, batch) }),
};
function contradictionOf({ mediaId, imdbId, title, reason }: StagedConflict): Contradiction {
  return { mediaId, ids: { imdb: imdbId }, title, year: null, reason };
}

const EPISODES: Step = {
  name: 'episodes',
  unit: 'titles',
  of: 'title',
  async merge(tx, batch) {
    const { added, changed } = await mergeEpisodes(tx, batch);
    return { newEpisodes: added, changedEpisodes: changed };
  },
};
const PEOPLE: Step = {
  name: 'people',
  unit: 'people',
  of: 'known_name',
  merge: async (tx, batch) => ({ newPeople: (await mergePeople(tx, batch)).added }),
};
const CREDITS: Step = {
  name: 'credits',
  unit: 'titles',
  of: 'title',
  merge: async (tx, batch) => ({ newCredits: (await mergeTitleCredits(tx, batch)).added }),
};

/** Makes titles of what is staged, in short transactions, two at a time; what an earlier run did is left out. */
export async function mergeStaged(merging: Merging): Promise<void> {
  const { db, state } = merging;
  await staging.analyzeStaging(db);
  await prepareGenres(db, IMDB_GENRES);
  if (state.adopted === null) {
    state.adopted = await db.transaction(async (tx) => {
      const adopted = await adoptStagedTitles(tx);
      await putImportState(tx, STATE_KEY, JSON.stringify({ ...state, adopted }));
      return adopted;
    });
  }
  await run(merging, TITLES);
  if (state.files.episode !== undefined) await run(merging, EPISODES);
  if (state.files.principals !== undefined) {
    await run(merging, PEOPLE);
    await run(merging, CREDITS);
  }
}

async function run(merging: Merging, step: Step): Promise<void> {
  const batches = await batchesOf(merging, step);
  const done = new Set(merging.workers.flatMap((worker) => worker.done));
  const left = batches.filter((batch) => !done.has(batch.name));
  merging.begin(step.name, step.unit, total(batches));
  merging.add(total(batches) - total(left));
  const stop = new AbortController();
  const signal = AbortSignal.any([merging.signal, stop.signal]);
  const results = await Promise.allSettled(
    merging.workers.map(async (worker, index) => {
      try {
        for (let batch = left.shift(); batch !== undefined; batch = left.shift()) {
          signal.throwIfAborted();
          await mergeBatch(merging, step, { worker, key: WORKER_KEYS[index] ?? WORKER_KEYS[0], batch });
        }
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function mergeBatch(
  merging: Merging,
  step: Step,
  { worker, key, batch }: { worker: WorkerState; key: string; batch: Batch },
): Promise<void> {
  await step.before?.(merging, worker, batch);
  const counted = await merging.db.transaction(async (tx) => {
    const counts = { ...worker.counts };
    for (const [name, count] of Object.entries(await step.merge(tx, batch)))
      counts[name] = (counts[name] ?? 0) + count;
    await putImportState(tx, key, JSON.stringify({ ...worker, counts, done: [...worker.done, batch.name] }));
    return counts;
  });
  worker.done.push(batch.name);
  worker.counts = counted;
  merging.add(batch.count);
}

/** The same batches for the same staged rows. */
async function batchesOf({ db, signal }: Merging, step: Step): Promise<Batch[]> {
  const batches: Batch[] = [];
  const few = await staging.nextBatch(db, step.of, 0, MIN_BATCHES * MAX_BATCH);
  const size = Math.max(MIN_BATCH, Math.ceil(few.count / MIN_BATCHES));
  for (let after = 0; ; ) {
    signal.throwIfAborted();
    const { upto, count } = await staging.nextBatch(db, step.of, after, size);
    if (upto === null) return batches;
    // By its numbers: a run that began with batches of another size must not take one of those for this one.
    batches.push({ after, upto, count, name: `${step.name} ${after}-${upto}` });
    after = upto;
  }
}

function total(batches: readonly Batch[]): number {
  return batches.reduce((sum, batch) => sum + batch.count, 0);
}
