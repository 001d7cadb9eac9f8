import type { ScriptContext } from '../context.ts';

/** How far a long import is; drawn as a bar with rate and ETA on a terminal, as a line now and then elsewhere. */
export type Progress = {
  /** A step begins: what is counted (`titles`), and how many there are, where that is known. */
  begin(step: string, unit: string, total: number | null): void;
  /** So many more are done. */
  add(count: number): void;
  /** Another measure of how far it is, in 0 to 1, where the total is not known (bytes of a file read). */
  at(share: number): void;
  end(): void;
};

export type ImportWork = {
  context: ScriptContext;
  signal: AbortSignal;
  progress: Progress;
};

/** What came of it, printed at the end as a table of words and numbers, and as JSON with `--json`. */
export type Summary = Record<string, string | number | readonly string[]>;

/** `npm run seed -- NAME …`: one file beside this one, one line in `importers.ts`. Resumable and idempotent; works beside a running server. */
export type Importer = {
  readonly name: string;
  /** Lines of the usage text: arguments and what it does. */
  readonly usage: readonly string[];
  run(args: readonly string[], work: ImportWork): Promise<Summary>;
};
