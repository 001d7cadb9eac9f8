import type { Lister } from '../../finders/lister.ts';
import { AppError } from '../../kit/errors.ts';
import { brokenConstraint, type Db } from '../../platform/db.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { detailInput } from '../../streams/source-files.ts';
import { markStreams, noteVerified } from '../stream-index/index.ts';
import { findMoved } from './find-moved.ts';
import { forgetFailing, type LinkSample, noteFailing } from './queries/links.ts';
import type { ProbedSource } from './queries/probes.ts';
import { readSample, type SampleRead } from './read-sample.ts';

export type CheckLinkDeps = {
  db: Db;
  kinds: { get(kind: string): StreamKind | undefined };
  /** Lists the folders of a source, to find a file that is not where it was; closed afterwards. Null: nobody can. */
  listerOf(source: ProbedSource): Promise<Pick<Lister, 'list' | 'close'> | null>;
  /** Milliseconds that reading a file may take, and the search for one that is gone; left out: 15 s and 30 s. */
  limitsMs?: { read: number; search: number };
};

const LIMITS_MS = { read: 15_000, search: 30_000 };

/** Its bytes were read; it was not there; it could not be reached. */
type Seen = { state: 'read'; read: SampleRead } | { state: 'gone' | 'away'; reason: string };

/**
 * Reads the beginning of one file of a source and writes down what came of it: a file that is gone (404, 410) is looked for under its name
 * and size, and hidden as `broken` when it is nowhere; one that was not reached is hidden after 30 days, by the job of each night. Rejects where
 * it was not read in time; a search that takes too long is one that found nothing.
 */
export async function checkLink(
  deps: CheckLinkDeps,
  source: ProbedSource,
  file: LinkSample,
  signal: AbortSignal,
): Promise<Seen> {
  const { db } = deps;
  const seen = await look(deps, file, signal);
  if (seen.state === 'away') await noteFailing(db, file.streamId, { isBroken: false, reason: seen.reason });
  if (seen.state === 'gone') await lookElsewhere(deps, source, file, seen.reason, signal);
  if (seen.state !== 'read') return seen;
  await noteVerified(db, file.streamId);
  if (file.wasFailing) await show(db, file.streamId);
  return seen;
}

async function look(
  { kinds, limitsMs: { read } = LIMITS_MS }: CheckLinkDeps,
  file: LinkSample,
  signal: AbortSignal,
): Promise<Seen> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(read)]);
  try {
    return { state: 'read', read: await readSample(kinds, file, limited) };
  } catch (error) {
    limited.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    const isGone = error.status === 404 || error.status === 410;
    return { state: isGone ? 'gone' : 'away', reason: error.message.replace('origin', 'server') };
  }
}

async function lookElsewhere(
  deps: CheckLinkDeps,
  source: ProbedSource,
  file: LinkSample,
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  const path = await newPathOf(deps, source, file, signal);
  if (path !== null && (await moveFile(deps, source, file, path))) {
    await show(deps.db, file.streamId);
    return;
  }
  await noteFailing(deps.db, file.streamId, { isBroken: true, reason });
  await markStreams(deps.db, [file.streamId], 'broken');
}

/** The server answered that the file is gone: however long its folders take, that says nothing against it. */
async function newPathOf(
  { listerOf, limitsMs: { search } = LIMITS_MS }: CheckLinkDeps,
  source: ProbedSource,
  file: LinkSample,
  signal: AbortSignal,
): Promise<string | null> {
  const lister = await listerOf(source);
  if (lister === null) return null;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(search)]);
  try {
    return await findMoved(lister, file, limited);
  } catch (error) {
    signal.throwIfAborted();
    if (limited.aborted) return null;
    throw error;
  } finally {
    await lister.close();
  }
}

/** Its stream keeps its number, and its links. False: it is where it was, or another stream lies there already. */
async function moveFile(
  { db, kinds }: CheckLinkDeps,
  source: ProbedSource,
  { streamId, kind: name, path: former }: LinkSample,
  path: string,
): Promise<boolean> {
  const kind = kinds.get(name);
  if (kind === undefined || path === former) return false;
  const detail = kind.parse(detailInput(source, path));
  if ((await kind.find(db, detail)) !== null) return false;
  try {
    await kind.save(db, streamId, detail, { sourceId: source.sourceId, filePath: path });
    return true;
  } catch (error) {
    if (brokenConstraint(error)?.kind === 'unique') return false;
    throw error;
  }
}

async function show(db: Db, streamId: number): Promise<void> {
  // One that was not reached, but is not hidden yet.
  await forgetFailing(db, streamId);
  await markStreams(db, [streamId], 'active');
}
