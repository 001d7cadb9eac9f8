import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { z } from 'zod';
import { BadInput } from '../../kit/errors.ts';
import { jsonMembers, NotJson } from '../../kit/json-members.ts';
import { type ImportDeps, type ImportOptions, type ImportResult, importAll } from './import-titles.ts';
import {
  licenceProblem,
  lineOf,
  MAX_PROBLEMS,
  type Problem,
  problemOf,
  refused,
  streamProblems,
  streamsOf,
} from './read-import-file.ts';
import { ImportTitle } from './schemas.ts';

/** A title with all of its streams; a series of ten thousand episodes is some 5 MiB. */
const MAX_TITLE_CHARS = 64 * 1024 * 1024;
/** Large enough that a long title is not put together of thousands of pieces. */
const CHUNK_BYTES = 1024 * 1024;

type FileOptions = ImportOptions & {
  /** Told of the checking, before anything is written: the share of the file that was read, 0 to 1. */
  onChecked?: ((share: number, titles: number) => void) | undefined;
};

/**
 * Imports a file of any size by its path, one batch in memory. It is read twice: the first time only checked, so that nothing of a bad
 * file is imported; the second time written. Throws BadInput `imports.invalid`, `imports.no_file` or `imports.file_changed` (it is not
 * the file any more that was checked).
 */
export async function importFile(
  deps: ImportDeps,
  path: string,
  options: FileOptions,
): Promise<ImportResult> {
  const before = await stateOf(path);
  const total = await checkFile(deps, path, before.size, options);
  const after = await stateOf(path);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
    throw new BadInput(
      'imports.file_changed',
      'The file was changed while it was checked; nothing was imported. Begin again when it is whole.',
    );
  return importAll(deps, titlesIn(path, options.signal), { ...options, total });
}

async function stateOf(path: string): Promise<{ size: number; mtimeMs: number }> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile())
    throw new BadInput('imports.no_file', `There is no readable file ${path}.`);
  return found;
}

async function* titlesIn(path: string, signal: AbortSignal | undefined): AsyncGenerator<ImportTitle> {
  for await (const { key, index, text } of membersOf(path, signal))
    if (key === 'titles' && index !== null) yield ImportTitle.parse(JSON.parse(text));
}

function membersOf(path: string, signal: AbortSignal | undefined, onBytes?: (count: number) => void) {
  return jsonMembers(textOf(path, signal, onBytes), { list: 'titles', maxChars: MAX_TITLE_CHARS });
}

async function* textOf(
  path: string,
  signal: AbortSignal | undefined,
  onBytes: ((count: number) => void) | undefined,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    signal?.throwIfAborted();
    if (!(chunk instanceof Uint8Array)) continue;
    onBytes?.(chunk.length);
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/** Every title of the file; the number of them. Throws BadInput `imports.invalid` with the first problems in words. */
async function checkFile(
  deps: ImportDeps,
  path: string,
  sizeBytes: number,
  { signal, onChecked }: FileOptions,
): Promise<number> {
  const told = problemList();
  const licences = new Set<string>();
  const seen = new Set<string>();
  let [titles, bytes] = [0, 0];
  const onBytes = (count: number) => (bytes += count);
  try {
    for await (const { key, index, text } of membersOf(path, signal, onBytes)) {
      seen.add(key);
      if (key === 'titles' && index !== null) {
        titles += 1;
        await checkTitle(deps, { text, at: `titles.${index}` }, licences, told);
        onChecked?.(bytes / sizeBytes, titles);
      } else told.add(memberProblems(key, text));
    }
    told.add(missing(seen));
  } catch (error) {
    if (!(error instanceof NotJson || error instanceof SyntaxError)) throw error;
    told.add([{ path: '', message: `This is no JSON. ${error.message}` }]);
  }
  told.refuse();
  return titles;
}

function missing(seen: ReadonlySet<string>): Problem[] {
  return ['version', 'titles']
    .filter((key) => !seen.has(key))
    .map((path) => ({ path, message: 'is missing' }));
}

function problemList() {
  const shown: Problem[] = [];
  const lines: string[] = [];
  let count = 0;
  return {
    add(problems: readonly Problem[], title?: unknown) {
      count += problems.length;
      for (const problem of problems.slice(0, MAX_PROBLEMS - shown.length)) {
        shown.push(problem);
        lines.push(lineOf(problem, () => title));
      }
    },
    refuse() {
      if (count > 0) throw refused(lines, shown, count);
    },
  };
}

function memberProblems(key: string, text: string): Problem[] {
  if (key === 'version') return text === '1' ? [] : [{ path: 'version', message: 'must be 1' }];
  if (key === 'titles') return text === '[]' ? [] : [{ path: 'titles', message: 'must be a list' }];
  return [{ path: '', message: `Unrecognized key: "${key.slice(0, 50)}"` }];
}

async function checkTitle(
  deps: ImportDeps,
  { text, at }: { text: string; at: string },
  licences: Set<string>,
  told: ReturnType<typeof problemList>,
): Promise<void> {
  const value: unknown = JSON.parse(text);
  const parsed = ImportTitle.safeParse(value);
  if (!parsed.success)
    return told.add(
      parsed.error.issues.map((issue) => placed(issue, at)),
      value,
    );
  told.add(streamProblems(deps, parsed.data, at), value);
  for (const { code, path } of licencesOf(parsed.data, at)) {
    if (licences.has(code)) continue;
    licences.add(code);
    const problem = await licenceProblem(deps.db, code, path);
    if (problem !== null) told.add([problem], value);
  }
}

function placed(issue: z.core.$ZodIssue, at: string): Problem {
  const { path, message } = problemOf(issue);
  return { path: path === '' ? at : `${at}.${path}`, message };
}

function licencesOf(title: ImportTitle, at: string): { code: string; path: string }[] {
  const own = title.licence === undefined ? [] : [{ code: title.licence.code, path: `${at}.licence.code` }];
  return [
    ...own,
    ...streamsOf(title).flatMap(({ stream, path }) =>
      stream.licence === undefined ? [] : [{ code: stream.licence.code, path: `${at}.${path}.licence.code` }],
    ),
  ];
}
