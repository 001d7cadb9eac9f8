import { BadInput } from '../../../kit/errors.ts';
import type { Copier, CopyPart } from '../../../platform/copier.ts';
import { type StagedTable, staging } from '../../media/index.ts';
import { PUT_IMPORT_STATE } from '../queries/sync-state.ts';
import { faultOf, type Lines, readLines, type Source, shownLine } from '../source-lines.ts';
import { BrokenRow, IMDB_FILES, type ImdbFile, type Met, READ_ROW, type Row, type Wanted } from './rows.ts';
import { type FileMark, type ImportState, STATE_KEY } from './state.ts';

/** Lines a COPY: a killed import reads at most so many again. */
const LINES_PER_COPY = 50_000;
/** Text handed to the database at a time. */
const CHUNK_CHARS = 64 * 1024;
const MAX_LISTED = 100;

export type Reading = {
  copier: Copier;
  state: ImportState;
  wanted: Wanted;
  met: Met;
  signal: AbortSignal;
  onRead(lines: number, share: number): void;
};

/** Copies one file into its staging tables, from the line where an earlier run was stopped. */
export async function readFile(reading: Reading, file: ImdbFile, source: Source): Promise<void> {
  const mark = reading.state.files[file] ?? { lines: 0, rows: 0, broken: 0, isDone: false, failure: null };
  reading.state.files[file] = mark;
  if (mark.isDone) return;
  const lines = readLines(source, reading.signal);
  const reader = createReader(reading, { file, source, mark, lines });
  while (!mark.isDone) await reader.copyNext();
}

type Opened = { file: ImdbFile; source: Source; mark: FileMark; lines: Lines };

const MAIN_TABLE = {
  ratings: 'rating',
  basics: 'title',
  akas: 'aka',
  episode: 'series_episode',
  principals: 'credit',
  names: 'known_name',
} as const satisfies Record<ImdbFile, StagedTable>;

/** Rows of basics go to two tables, each by a COPY of its own: those of the second are kept until the first has its own. */
function createReader(reading: Reading, { file, source, mark, lines }: Opened) {
  const { copier, state, wanted, met, signal } = reading;
  const batches = lines[Symbol.asyncIterator]();
  const { name, columns, first } = IMDB_FILES[file];
  let pending: readonly string[] = [];
  let at = 0;
  /** Lines of this file taken from it by this process. */
  let taken = 0;

  /** Lines ahead that need no waiting for; false at the end of the file. */
  async function fill(): Promise<boolean> {
    while (at >= pending.length) {
      const next = await batches.next();
      signal.throwIfAborted();
      if (next.done === true) return false;
      pending = next.value;
      at = 0;
    }
    return true;
  }

  function takeLine(): string {
    const line = pending[at] ?? '';
    at += 1;
    taken += 1;
    return line;
  }

  /** Past what the run before this one read, and the heading. */
  async function begin(): Promise<void> {
    while (taken < mark.lines && (await fill())) takeLine();
    if (mark.lines > 0) return;
    const heading = (await fill()) ? takeLine() : null;
    if (heading?.startsWith(`${first}\t`) !== true)
      throw lines.failure() === null ? notThisFile(source, name) : cutAtOnce(lines);
    mark.lines = 1;
  }

  function broken(reason: string, line: string): null {
    mark.broken += 1;
    if (state.broken.length < MAX_LISTED)
      state.broken.push(`${source.name} line ${mark.lines}: ${reason}${shownLine(line)}`);
    return null;
  }

  function readRow(line: string): Row {
    const fault = faultOf(line);
    if (fault !== null) return broken(fault, line);
    const fields = line.replace(/\r$/, '').split('\t');
    if (line.length < 2) return null;
    if (fields.length !== columns) return broken(`${fields.length} columns, not ${columns}`, line);
    try {
      return READ_ROW[file](fields, wanted, met);
    } catch (error) {
      if (error instanceof BrokenRow) return broken(error.message, line);
      throw error;
    }
  }

  /** The good rows of the lines at hand, as text for the file's own table, until there is enough to hand on. */
  function takeRows(upto: number, others: Kept): string {
    let text = '';
    while (mark.lines < upto && at < pending.length && text.length < CHUNK_CHARS) {
      const line = takeLine();
      mark.lines += 1;
      const row = readRow(line);
      if (row === null) continue;
      mark.rows += 1;
      if (row.table === MAIN_TABLE[file]) text += `${row.text}\n`;
      else others.keep(row.text);
    }
    return text;
  }

  /** Rows up to the end of the file, or of this COPY's share of it. Waits where lines run out, not for each line. */
  async function* mainRows(others: Kept): AsyncGenerator<string> {
    await begin();
    const upto = mark.lines + LINES_PER_COPY;
    let text = '';
    while (mark.lines < upto) {
      if (!(await fill())) {
        mark.isDone = true;
        mark.failure = lines.failure();
        break;
      }
      text += takeRows(upto, others);
      if (text.length < CHUNK_CHARS) continue;
      yield text;
      text = '';
    }
    yield text;
  }

  return {
    async copyNext(): Promise<void> {
      const before = mark.lines;
      const others = keptRows();
      const parts: CopyPart[] = [{ statement: staging.copyStaged(MAIN_TABLE[file]), text: mainRows(others) }];
      if (file === 'basics')
        parts.push({ statement: staging.copyStaged('episode_name'), text: others.taken() });
      await copier.copyIn(parts, (query) => query(PUT_IMPORT_STATE, [STATE_KEY, JSON.stringify(state)]));
      reading.onRead(mark.lines - before, lines.share());
    },
  };
}

function cutAtOnce(lines: Lines): BadInput {
  return new BadInput('imports.cut', lines.failure() ?? '');
}

type Kept = ReturnType<typeof keptRows>;

/** As bytes: tens of thousands of rows as strings are each several objects, and hold the text of the file they were cut from. */
function keptRows() {
  const chunks: Buffer[] = [];
  let text = '';
  return {
    keep(row: string): void {
      text += `${row}\n`;
      if (text.length < CHUNK_CHARS) return;
      chunks.push(Buffer.from(text));
      text = '';
    },
    async *taken(): AsyncGenerator<Buffer | string> {
      for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
      yield text;
      text = '';
    },
  };
}

function notThisFile(source: Source, name: string): BadInput {
  return new BadInput(
    'imports.not_imdb',
    `${source.name} is not IMDb's ${name}: its first line is not that file's heading.`,
  );
}
