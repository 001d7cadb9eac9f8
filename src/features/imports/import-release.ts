import { AppError } from '../../kit/errors.ts';
import type { Described } from '../../streams/kind.ts';
import {
  type PreparedStream,
  placeRelease,
  prepareStream,
  type StreamInput,
  saveStreams,
} from '../stream-index/index.ts';
import type { ImportDeps } from './import-titles.ts';

/** What came of one release. `reason`: a sentence without its name. */
export type ReleaseOutcome =
  | { outcome: 'new' | 'changed' | 'same'; mediaId: number; isNewTitle: boolean }
  | { outcome: 'refused'; reason: string };

const DESCRIBE_TIMEOUT_MS = 20_000;

/**
 * Adds a torrent or post by what it says of itself, as POST /api/streams does, with nobody asked: its name is read for the title, which is
 * added where none is called so, and its files are linked to the film or the episodes they tell. One transaction.
 */
export async function importRelease(
  deps: ImportDeps,
  input: StreamInput,
  { origin, signal }: { origin: string; signal: AbortSignal },
): Promise<ReleaseOutcome> {
  try {
    const prepared = prepareStream(deps, input);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(DESCRIBE_TIMEOUT_MS)]);
    const described = await prepared.kind.describe(prepared.detail, bounded);
    return await deps.db.transaction((tx) =>
      linkRelease({ ...deps, db: tx }, { ...prepared, described }, origin),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    return { outcome: 'refused', reason: error.message };
  }
}

type Looked = Omit<PreparedStream, 'links'> & { described: Described };

async function linkRelease(
  deps: Omit<ImportDeps, 'db'> & { db: Parameters<typeof placeRelease>[0] },
  release: Looked,
  origin: string,
): Promise<ReleaseOutcome> {
  const { mediaId, isNewTitle, links } = await placeRelease(deps.db, release);
  const [saved] = await saveStreams(deps, [{ ...release, links }], { isSeen: false, origin });
  if (saved === undefined) throw new Error('one stream has one answer');
  return { outcome: saved.outcome, mediaId, isNewTitle };
}
