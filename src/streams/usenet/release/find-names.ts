import { isVideoName } from '../../../kit/content-type.ts';
import type { SeekableFile } from '../articles/posted-file.ts';
import { isBesides } from '../besides.ts';
import { bestName } from '../names/best-name.ts';
import { isObfuscated } from '../names/obfuscation.ts';
import { type Par2File, readPar2 } from '../names/par2.ts';
import { nameOfSubject } from '../names/subject.ts';
import type { NzbFile } from '../nzb/nzb.ts';
import { isHole } from './refusals.ts';

/**
 * What a posted file is called, as far as can be found out; `isWorth`: it may be, or hold, something to play; `hole`: why nobody can
 * tell, where its articles are gone.
 */
export type NamedPost = { name: string; isRar: boolean; isWorth: boolean; hole?: unknown };

/** Endings that say what a posted file is. */
const TELLING =
  /\.(?:rar|[r-z]\d{2,3}|7z|zip|\d{3}|mkv|mp4|m4v|avi|mov|wmv|ts|m2ts|mpg|mpeg|webm|flv|ogv|iso|srt|ass|ssa|vtt|sub|idx)$/i;
/** What par2 knows files by. */
const HEAD_BYTES = 16 * 1024;
/** An index file of some hundred files; of a larger one those at its beginning. */
const PAR2_BYTES = 512 * 1024;
const NOTHING: NamedPost = { name: '', isRar: false, isWorth: false };

/** One posted file, and what an article of it told. */
type Looked = {
  subject: string;
  bySubject: string;
  file: SeekableFile;
  /** Null: its name is all that is needed, or its articles are gone. */
  article: { yencName: string; head: Buffer; sizeBytes: number } | null;
  /** Why there is nothing of it. */
  hole: unknown;
};

/**
 * The names of a release's posted files. Those whose subject tells cost nothing; of the others the first article is fetched, for
 * yEnc's name and the first bytes, and that of the smallest par2 file, which knows names from before they were hidden. Rejects where one
 * cannot be had just now, which is not to look like a post without it, and where all that has no name is gone and nothing else is there.
 */
export async function findNames(
  files: readonly NzbFile[],
  posted: readonly SeekableFile[],
  signal: AbortSignal,
): Promise<NamedPost[]> {
  const smallest = smallestPar2(files);
  const looked = await Promise.all(
    files.map(async ({ subject }, index): Promise<Looked | null> => {
      const file = posted[index];
      if (file === undefined) return null;
      const bySubject = nameOfSubject(subject) ?? '';
      const isTold = isTelling(bySubject) && !(smallest >= 0 && isHidden(bySubject));
      const looked = isTold ? { article: null, hole: null } : await lookInto(file, signal);
      return { subject, bySubject, file, ...looked };
    }),
  );
  const isAnyHidden = looked.some((one) => one?.article != null);
  const par2 = isAnyHidden ? await par2Of(looked, smallest, signal) : [];
  const names = looked.map((one) => (one === null ? NOTHING : nameOf(one, par2)));
  const lost = looked.find((one) => one?.hole != null);
  if (lost != null && !names.some(({ isWorth }) => isWorth)) throw lost.hole;
  return names;
}

function isTelling(name: string): boolean {
  return TELLING.test(name) || isBesides(name);
}

/** It would be played under a name that says nothing. */
function isHidden(name: string): boolean {
  return isVideoName(name) && isObfuscated(name);
}

function smallestPar2(files: readonly NzbFile[]): number {
  let [smallest, least] = [-1, Number.POSITIVE_INFINITY];
  for (const [index, { subject, segments }] of files.entries()) {
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    if (bytes >= least || !/\.par2$/i.test(nameOfSubject(subject) ?? '')) continue;
    [smallest, least] = [index, bytes];
  }
  return smallest;
}

async function lookInto(file: SeekableFile, signal: AbortSignal): Promise<Pick<Looked, 'article' | 'hole'>> {
  try {
    const { name, sizeBytes } = await file.open(signal);
    const head = await file.read(0, HEAD_BYTES, signal);
    return { article: { yencName: name, head, sizeBytes }, hole: null };
  } catch (hole) {
    if (!isHole(hole)) throw hole;
    return { article: null, hole };
  }
}

/** By the smallest that says in its name that it is one, else by the smallest that begins as one. */
async function par2Of(
  looked: readonly (Looked | null)[],
  smallest: number,
  signal: AbortSignal,
): Promise<Par2File[]> {
  const begun = looked
    .flatMap((one) => (one?.article?.head.subarray(0, 8).equals(PAR2_MAGIC) ? [one] : []))
    .sort((one, other) => (one.article?.sizeBytes ?? 0) - (other.article?.sizeBytes ?? 0));
  const file = (looked[smallest] ?? begun[0])?.file;
  try {
    return file === undefined ? [] : readPar2(await file.read(0, PAR2_BYTES, signal));
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

const PAR2_MAGIC = Buffer.from('PAR2\0PKT', 'latin1');

function nameOf({ subject, bySubject, article, hole }: Looked, par2: readonly Par2File[]): NamedPost {
  if (article === null) return { ...named(bySubject), hole };
  const best = bestName({ subject, par2, ...article });
  const isRar = best.magic?.kind === 'rar4' || best.magic?.kind === 'rar5';
  const { yencName } = article;
  // Volumes with names at random say no order: no ending is put to them, or each would be an archive of its own.
  if (isRar && !TELLING.test(best.name)) return { name: yencName || bySubject, isRar, isWorth: true };
  if (isRar && best.from === 'magic') return { name: yencName || bySubject, isRar, isWorth: true };
  return named(best.name);
}

function named(name: string): NamedPost {
  return { name, isRar: false, isWorth: TELLING.test(name) && !isBesides(name) };
}
