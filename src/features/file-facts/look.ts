import { AppError } from '../../kit/errors.ts';
import type { ByteRange } from '../../kit/range.ts';
import { videoHash, videoHashRanges } from '../../kit/video-hash.ts';
import type { Db } from '../../platform/db.ts';
import type { MediaTools } from '../../platform/media-tools/index.ts';
import type { ByteSource } from '../../streams/kind.ts';
import { type FileFacts, HASHED_ONLY, saveFacts, storedFacts } from './queries.ts';

/** A source under a loopback address for one run of a media tool. */
export type Lent = {
  url: string;
  /** What the source broke off with while it was read; null: it did not. */
  failure(): unknown;
  release(): void;
};
/** Lends a source; past `maxBytes` the connection is cut. */
export type Lend = (source: ByteSource, options?: { maxBytes?: number }) => Promise<Lent>;

export type LookDeps = { db: Db; tools: MediaTools; lend: Lend };

/** Lent for a probe; with what lies in sockets when it is cut, at most 5 MiB of the origin are read. */
const PROBE_BYTES = 4 * 1024 * 1024;
/** Both ends of the file, 128 KiB. */
const HASH_MS = 20_000;

export type FileRef = { streamId?: number | undefined; fileIndex: number | null };

/**
 * What a file holds: stored facts while ETag and size are the same, else looked at now and, for a stored stream, stored.
 * Throws AppError `media.*` when the tools cannot say (missing, busy, late); a file that is no film has a `failure` instead.
 */
export async function factsOfFile(
  deps: LookDeps,
  { streamId, fileIndex }: FileRef,
  source: ByteSource,
  signal: AbortSignal,
): Promise<FileFacts & { isFresh: boolean }> {
  const known = streamId === undefined ? null : await storedFacts(deps.db, streamId, fileIndex);
  const isKnown = known !== null && isSameFile(known, source);
  if (isKnown && known.failure !== HASHED_ONLY) return { ...known, isFresh: false };
  const facts = {
    ...(await lookInto(deps, source, isKnown ? known.videoHash : null, signal)),
    setColumns: [],
  };
  if (streamId !== undefined) await saveFacts(deps.db, { ...facts, streamId, fileIndex });
  return { ...facts, isFresh: true };
}

/** Without a validator nobody can tell, so the size decides. */
function isSameFile(known: FileFacts, source: ByteSource): boolean {
  return known.sizeBytes === source.size && known.etag === source.etag;
}

async function lookInto(
  { tools, lend }: LookDeps,
  source: ByteSource,
  knownHash: string | null,
  signal: AbortSignal,
): Promise<Omit<FileFacts, 'setColumns'>> {
  const lent = await lend(source, { maxBytes: PROBE_BYTES });
  const base = { etag: source.etag?.slice(0, 1000) ?? null, sizeBytes: source.size };
  try {
    const media = await tools.probe(lent.url, signal);
    return { ...base, videoHash: knownHash ?? (await hashOf(source, signal)), media, failure: null };
  } catch (error) {
    signal.throwIfAborted();
    // An origin that broke off says nothing of the file.
    if (lent.failure() !== null) throw lent.failure();
    if (!(error instanceof AppError) || error.code !== 'media.unreadable') throw error;
    return { ...base, videoHash: knownHash, media: null, failure: error.code };
  } finally {
    lent.release();
  }
}

/** The OpenSubtitles hash by two ranges of the source; null for a short file or one of unknown length. */
export async function hashOf(source: ByteSource, signal: AbortSignal): Promise<string | null> {
  const ranges = source.size === null ? null : videoHashRanges(source.size);
  if (ranges === null || source.size === null) return null;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(HASH_MS)]);
  const [head, tail] = [await bytesOf(source, ranges[0], bounded), await bytesOf(source, ranges[1], bounded)];
  return videoHash(source.size, head, tail);
}

/** Copied: the source reuses its buffers. */
async function bytesOf(source: ByteSource, range: ByteRange, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const sink = {
    write(chunk: Uint8Array, done: () => void) {
      pieces.push(Buffer.from(chunk));
      done();
      return true;
    },
    onDrain() {},
  };
  await source.send(range, sink, signal);
  return Buffer.concat(pieces);
}
