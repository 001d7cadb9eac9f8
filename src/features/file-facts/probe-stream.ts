import { NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import type { ByteSource, StreamKind } from '../../streams/kind.ts';
import { applySeenFacts } from '../stream-index/index.ts';
import { factsOfFile, type LookDeps } from './look.ts';
import { type FileFacts, linkedFiles, saveFacts, storedFacts } from './queries.ts';
import { seenFactsOf } from './stream-facts.ts';

export type ProbeDeps = LookDeps & {
  db: Pool;
  kinds: { get(kind: string): StreamKind | undefined };
};

export type ProbedFile = { fileIndex: number | null } & FileFacts;

/** Files of one stream that are looked into; a pack of a long series has hundreds. */
const MAX_FILES = 3;
/** Files that a subtitle may be asked of. */
export const MAX_LINKED_FILES = 1000;

/**
 * Looks into the linked files of a stream and writes what they say of it. Throws NotFound `media.no_bytes` when nothing of
 * it can be read here, and what opening a file and the tools throw.
 */
export async function probeStream(
  deps: ProbeDeps,
  streamId: number,
  signal: AbortSignal,
): Promise<readonly ProbedFile[]> {
  const files = await linkedFiles(deps.db, streamId, MAX_FILES);
  const probed: ProbedFile[] = [];
  for (const { kind, fileIndex } of files) {
    const facts = await withSource(deps, { kind, streamId, fileIndex }, signal, (source) =>
      probeFile(deps, { streamId, fileIndex, isOnly: files.length === 1 }, source, signal),
    );
    probed.push({ fileIndex, ...facts });
  }
  if (probed.length === 0) throw noBytes();
  return probed;
}

async function probeFile(
  deps: ProbeDeps,
  { streamId, fileIndex, isOnly }: { streamId: number; fileIndex: number | null; isOnly: boolean },
  source: ByteSource,
  signal: AbortSignal,
): Promise<FileFacts> {
  const before = await storedFacts(deps.db, streamId, fileIndex);
  const { isFresh, ...facts } = await factsOfFile(deps, { streamId, fileIndex }, source, signal);
  // One file of a pack says nothing of the others, so nothing of the stream as a whole.
  if (!isOnly || facts.media === null || (!isFresh && facts.setColumns.length > 0)) return facts;
  const seen = seenFactsOf(facts.media, facts.sizeBytes);
  const setColumns = [...(await applySeenFacts(deps.db, streamId, seen, before?.setColumns ?? []))];
  await saveFacts(deps.db, { ...facts, setColumns, streamId, fileIndex });
  return { ...facts, setColumns };
}

/** Opens a stream's file for `work` and closes it again. */
export async function withSource<T>(
  { kinds }: Pick<ProbeDeps, 'kinds'>,
  { kind, streamId, fileIndex }: { kind: string; streamId: number; fileIndex: number | null },
  signal: AbortSignal,
  work: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const source = await kinds.get(kind)?.open?.({ streamId, fileIndex }, signal);
  if (source === undefined) throw noBytes();
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

function noBytes(): NotFound {
  return new NotFound('media.no_bytes', 'Nothing of this stream can be read here.');
}
