import { BadInput } from '../../../kit/errors.ts';
import type { Pool } from '../../../platform/db.ts';
import { type ListedTitle, mergeListed } from '../../media/index.ts';
import { putImportState } from '../queries/sync-state.ts';
import { readLines, type Source, shownLine } from '../source-lines.ts';
import { readRow, TMDB_LISTS, type TmdbList, type Wanted } from './rows.ts';
import { type ListMark, STATE_KEY, type TmdbState } from './state.ts';

/** Titles a transaction: half a second's work; others who write titles wait no longer. A killed import reads at most so many again. */
const BATCH = 2000;
/** Lines a mark, where hardly any of them is wanted. */
const MOST_LINES = 50_000;
const MAX_LISTED = 100;
const MERGED = ['newTitles', 'changedTitles', 'sameTitles', 'namesakes'] as const;

export type Reading = {
  db: Pool;
  state: TmdbState;
  mark: ListMark;
  wanted: Wanted;
  signal: AbortSignal;
  onRead(lines: number, share: number): void;
};

/** Makes titles of one list, from the line where an earlier run was stopped. */
export async function readList(reading: Reading, list: TmdbList, source: Source): Promise<void> {
  const { mark, signal } = reading;
  const lines = readLines(source, signal);
  const batch = openBatch(reading, list, source);
  let at = 0;
  for await (const some of lines) {
    for (const line of some) {
      at += 1;
      if (at <= mark.lines) continue;
      batch.take(line);
      if (batch.isFull()) await batch.write(lines.share());
    }
    signal.throwIfAborted();
  }
  batch.mayEnd(lines.failure());
  mark.isDone = true;
  mark.failure = lines.failure();
  await batch.write(1);
}

/** Lines since the last mark, and what they became. */
function openBatch({ db, state, mark, wanted, onRead }: Reading, list: TmdbList, source: Source) {
  const { kind, name } = TMDB_LISTS[list];
  let titles = new Map<string, ListedTitle>();
  let [taken, unwanted, broken] = [0, 0, 0];
  let hasGood = mark.lines > 0;

  function note(reason: string, line: string): void {
    broken += 1;
    if (state.broken.length < MAX_LISTED)
      state.broken.push(`${source.name} line ${mark.lines + taken}: ${reason}${shownLine(line)}`);
  }

  return {
    take(line: string): void {
      taken += 1;
      if (line.trim() === '') return;
      const row = readRow(list, line, wanted);
      hasGood ||= row === 'unwanted' || 'id' in row;
      if (row === 'unwanted') unwanted += 1;
      else if ('broken' in row) note(row.broken, line);
      else if (titles.has(row.id)) note('an id for the second time', line);
      else titles.set(row.id, row);
    },
    isFull: () => titles.size >= BATCH || taken >= MOST_LINES,
    /** Throws BadInput where not a single line was one of this list's. */
    mayEnd(failure: string | null): void {
      if (hasGood) return;
      throw failure === null
        ? new BadInput(
            'imports.not_tmdb',
            `${source.name} is not TMDB's ${name}: none of its lines is a title of that list.`,
          )
        : new BadInput('imports.cut', failure);
    },
    async write(share: number): Promise<void> {
      this.mayEnd(null);
      const next = { ...state.counts };
      next.lines += taken;
      next.unwanted += unwanted;
      next.brokenLines += broken;
      const read = mark.lines + taken;
      await db.transaction(async (tx) => {
        if (titles.size > 0) {
          const merged = await mergeListed(tx, { kind, titles: [...titles.values()] });
          for (const count of MERGED) next[count] += merged[count];
        }
        const lists = { ...state.lists, [list]: { ...mark, lines: read } };
        await putImportState(tx, STATE_KEY, JSON.stringify({ ...state, lists, counts: next }));
      });
      mark.lines = read;
      state.counts = next;
      onRead(taken, share);
      titles = new Map();
      [taken, unwanted, broken] = [0, 0, 0];
    },
  };
}
