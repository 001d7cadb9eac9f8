import { z } from 'zod';
import type { Db } from '../../../platform/db.ts';
import { importStates } from '../queries/sync-state.ts';

/** In `sync_state`: how far the lists are read. */
export const STATE_KEY = 'import.tmdb';

const Counts = z.object({
  lines: z.int(),
  newTitles: z.int(),
  changedTitles: z.int(),
  sameTitles: z.int(),
  /** Left out: a title here that has no TMDB id yet is called so, and a list has no year to tell. */
  namesakes: z.int(),
  /** Less popular than asked for, for adults, or no film (`video`). */
  unwanted: z.int(),
  brokenLines: z.int(),
});
const NOTHING: z.infer<typeof Counts> = {
  ...{ lines: 0, newTitles: 0, changedTitles: 0, sameTitles: 0, namesakes: 0, unwanted: 0, brokenLines: 0 },
};

const ListMark = z.object({
  /** Lines read and dealt with. */
  lines: z.int(),
  isDone: z.boolean(),
  failure: z.string().nullable(),
});
export type ListMark = z.infer<typeof ListMark>;

const State = z.object({
  /** Which files and options: another run begins anew. */
  run: z.string(),
  lists: z.record(z.string(), ListMark),
  counts: Counts,
  /** The first hundred broken lines: file, line and reason. */
  broken: z.array(z.string()),
});
export type TmdbState = z.infer<typeof State>;

/** What a run of these files and options that was stopped left, or the beginning of one. */
export async function resumeOrBegin(db: Db, run: string): Promise<TmdbState> {
  const [stored] = await importStates(db, [STATE_KEY]);
  const left = State.safeParse(stored?.data);
  return left.success && left.data.run === run ? left.data : { run, lists: {}, counts: NOTHING, broken: [] };
}
