import type { Db } from '../../platform/db.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { hashOf } from './look.ts';
import { withSource } from './probe-stream.ts';
import { type FileHash, saveHashes, sourcesOfFiles, type UnhashedFile, unhashedFiles } from './queries.ts';

export type HashDeps = { db: Db; kinds: { get(kind: string): StreamKind | undefined } };

/** Each is another server, which is asked for one file at a time. */
const SOURCES_AT_ONCE = 4;
/** Written at once: whatever is written empties what is kept of catalogues. */
const FILES_AT_ONCE = 100;
/** So many that fail one after the other are a server that is away. */
const MAX_FAILURES = 3;
const FILE_MS = 30_000;

/**
 * Takes the hash by which subtitle collections know a film of each file of a source that has none yet, newest first, by two ranges of 64 KiB.
 * Each file is tried once: a look into it, when somebody opens it, takes the hash too. Answers how many were tried.
 */
export async function hashSourceFiles(deps: HashDeps, signal: AbortSignal): Promise<number> {
  const sourceIds = [...(await sourcesOfFiles(deps.db))];
  let tried = 0;
  const work = async () => {
    for (let sourceId = sourceIds.shift(); sourceId !== undefined; sourceId = sourceIds.shift()) {
      const files = await hashFilesOf(deps, sourceId, signal);
      tried += files;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: SOURCES_AT_ONCE }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return tried;
}

async function hashFilesOf(deps: HashDeps, sourceId: number, signal: AbortSignal): Promise<number> {
  for (let tried = 0; ; ) {
    const files = await unhashedFiles(deps.db, sourceId, FILES_AT_ONCE);
    const hashes: FileHash[] = [];
    try {
      if (!(await hashEach(deps, files, hashes, signal))) return tried + hashes.length;
    } finally {
      if (hashes.length > 0) await saveHashes(deps.db, hashes);
    }
    tried += hashes.length;
    if (files.length < FILES_AT_ONCE) return tried;
  }
}

/** False: the server is away. */
async function hashEach(
  deps: HashDeps,
  files: readonly UnhashedFile[],
  hashes: FileHash[],
  signal: AbortSignal,
): Promise<boolean> {
  let failures = 0;
  for (const file of files) {
    signal.throwIfAborted();
    const found = await hashFile(deps, file, signal);
    hashes.push({ streamId: file.streamId, ...(found ?? NOTHING) });
    failures = found === null ? failures + 1 : 0;
    if (failures === MAX_FAILURES) return false;
  }
  return true;
}

const NOTHING = { etag: null, sizeBytes: null, videoHash: null };

/** Null: it could not be read. */
async function hashFile(
  deps: HashDeps,
  { streamId, kind }: UnhashedFile,
  signal: AbortSignal,
): Promise<Omit<FileHash, 'streamId'> | null> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(FILE_MS)]);
  try {
    return await withSource(deps, { kind, streamId, fileIndex: null }, limited, async (source) => ({
      ...{ etag: source.etag?.slice(0, 1000) ?? null, sizeBytes: source.size },
      videoHash: await hashOf(source, limited),
    }));
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
