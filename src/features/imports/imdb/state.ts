import { z } from 'zod';
import type { Db } from '../../../platform/db.ts';
import { deleteImportStates, importStates } from '../queries/sync-state.ts';

/** In `sync_state`: how far the files are read. */
export const STATE_KEY = 'import.imdb';
/** One each, so that two that merge at once do not wait for each other's row. */
export const WORKER_KEYS = ['import.imdb.1', 'import.imdb.2'] as const;

const FileMark = z.object({
  /** Lines read and dealt with, the heading included. */
  lines: z.int(),
  /** Rows that were wanted. */
  rows: z.int(),
  broken: z.int(),
  isDone: z.boolean(),
  failure: z.string().nullable(),
});
export type FileMark = z.infer<typeof FileMark>;

export const ImportState = z.object({
  /** Which files and options: another run begins anew. */
  run: z.string(),
  files: z.record(z.string(), FileMark),
  /** The first hundred broken rows: file, line and reason. */
  broken: z.array(z.string()),
  adopted: z.int().nullable(),
});
export type ImportState = z.infer<typeof ImportState>;

export const WorkerState = z.object({
  run: z.string(),
  /** Batches that are merged: `titles 0-133093`, past the first number up to the second. */
  done: z.array(z.string()),
  counts: z.record(z.string(), z.int()),
  conflicts: z.array(z.string()),
});
export type WorkerState = z.infer<typeof WorkerState>;

export function emptyState(run: string): ImportState {
  return { run, files: {}, broken: [], adopted: null };
}

export function idleWorker(run: string): WorkerState {
  return { run, done: [], counts: {}, conflicts: [] };
}

/** What a run that was stopped left; null when there is none of these files and options. */
export async function unfinished(
  db: Db,
  run: string,
): Promise<{ state: ImportState; workers: WorkerState[] } | null> {
  const stored = new Map(
    (await importStates(db, [STATE_KEY, ...WORKER_KEYS])).map(({ key, data }) => [key, data]),
  );
  const state = ImportState.safeParse(stored.get(STATE_KEY));
  if (!state.success || state.data.run !== run) return null;
  const workers = WORKER_KEYS.map((key) => {
    const worker = WorkerState.safeParse(stored.get(key));
    return worker.success && worker.data.run === run ? worker.data : idleWorker(run);
  });
  return { state: state.data, workers };
}

export async function forgetWorkers(db: Db): Promise<void> {
  await deleteImportStates(db, WORKER_KEYS);
}
