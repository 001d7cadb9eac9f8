import { z } from 'zod';
import { AppError, BadInput } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { type PreparedStream, prepareStream, requireLicences, type SaveDeps } from '../stream-index/index.ts';
import { ImportFile, type ImportStream, type ImportTitle } from './schemas.ts';

/** A stream of a title with the place it stands at. */
export type PlacedStream = {
  stream: ImportStream;
  episode: { season: number; episode: number } | null;
  /** As in the file: `seasons.0.episodes.2.streams.0`. */
  path: string;
};

export type Problem = { path: string; message: string };

/** Problems told in one go; the rest waits for the next try. */
export const MAX_PROBLEMS = 20;

/** Parses a whole import file before anything of it is written; BadInput `imports.invalid` names each title and field at fault. */
export async function readImportFile(deps: SaveDeps, file: unknown): Promise<readonly ImportTitle[]> {
  const parsed = ImportFile.safeParse(file);
  if (!parsed.success) throw invalid(file, parsed.error.issues.map(problemOf));
  const { titles } = parsed.data;
  const problems = titles.flatMap((title, index) => streamProblems(deps, title, `titles.${index}`));
  problems.push(...(await licenceProblems(deps.db, titles)));
  if (problems.length > 0) throw invalid(file, problems);
  return titles;
}

/** The streams of a title and its episodes, in the order of the file. */
export function streamsOf(title: ImportTitle): PlacedStream[] {
  const own = (title.streams ?? []).map((stream, index) => ({
    stream,
    episode: null,
    path: `streams.${index}`,
  }));
  const ofEpisodes = (title.seasons ?? []).flatMap((season, s) =>
    (season.episodes ?? []).flatMap((episode, e) =>
      (episode.streams ?? []).map((stream, index) => ({
        stream,
        episode: { season: season.number, episode: episode.number },
        path: `seasons.${s}.episodes.${e}.streams.${index}`,
      })),
    ),
  );
  return [...own, ...ofEpisodes];
}

/** The stream as its kind knows it, under the title's licence when it names none. */
export function prepared(
  deps: Pick<SaveDeps, 'kinds'>,
  title: ImportTitle,
  { fileIndex: _fileIndex, ...stream }: ImportStream,
): Pick<PreparedStream, 'input' | 'kind' | 'detail'> {
  const licence = stream.licence ?? title.licence;
  return prepareStream(deps, { ...stream, ...(licence === undefined ? {} : { licence }) });
}

/** What is wrong with the streams of one title. */
export function streamProblems(deps: SaveDeps, title: ImportTitle, titlePath: string): Problem[] {
  return streamsOf(title).flatMap(({ stream, path }) => {
    try {
      prepared(deps, title, stream);
      return [];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const place = `${titlePath}.${path}`;
      if (error.issues.length === 0) return [{ path: place, message: error.message }];
      return error.issues.map((issue) => ({
        path: issue.path === '' ? place : `${place}.${issue.path}`,
        message: issue.message,
      }));
    }
  });
}

async function licenceProblems(db: Db, titles: readonly ImportTitle[]): Promise<Problem[]> {
  const used = new Map<string, string>();
  for (const [index, title] of titles.entries()) {
    note(title.licence?.code, `titles.${index}.licence.code`);
    for (const { stream, path } of streamsOf(title)) {
      note(stream.licence?.code, `titles.${index}.${path}.licence.code`);
    }
  }
  const problems = await Promise.all([...used].map(([code, path]) => licenceProblem(db, code, path)));
  return problems.filter((problem) => problem !== null);

  function note(code: string | undefined, path: string): void {
    if (code !== undefined && !used.has(code)) used.set(code, path);
  }
}

/** Null: the licence is known. */
export async function licenceProblem(db: Db, code: string, path: string): Promise<Problem | null> {
  try {
    await requireLicences(db, [code]);
    return null;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return { path, message: error.message };
  }
}

export function problemOf(issue: z.core.$ZodIssue): Problem {
  return { path: issue.path.join('.'), message: issue.message };
}

/** `Title 3 "Big Buck Bunny", images.0.url: must be …` */
function invalid(file: unknown, problems: readonly Problem[]): BadInput {
  const titles = Titled.safeParse(file).data?.titles ?? [];
  const shown = problems.slice(0, MAX_PROBLEMS);
  const lines = shown.map((problem) => lineOf(problem, (index) => titles[index]));
  return refused(lines, shown, problems.length);
}

/** The refusal of a file: these lines, and how many problems there are in all. */
export function refused(lines: readonly string[], shown: readonly Problem[], count: number): BadInput {
  const more = count > shown.length ? `\nand ${count - shown.length} more` : '';
  return new BadInput(
    'imports.invalid',
    `The import file is not valid; nothing was imported.\n${lines.join('\n')}${more}`,
    shown,
  );
}

const Titled = z.looseObject({ titles: z.array(z.unknown()) });
const Named = z.looseObject({ title: z.string() });

/** A problem in words; `titleAt` is the title of that place in the file, as it stands there. */
export function lineOf({ path, message }: Problem, titleAt: (index: number) => unknown): string {
  const [, index, field] = /^titles\.(\d+)(?:\.(.*))?$/.exec(path) ?? [];
  if (index === undefined) return `${path === '' ? 'The file' : path}: ${message}`;
  const named = Named.safeParse(titleAt(Number(index)));
  const name = named.success ? ` "${named.data.title.slice(0, 80)}"` : '';
  return `Title ${Number(index) + 1}${name}${field === undefined ? '' : `, ${field}`}: ${message}`;
}
