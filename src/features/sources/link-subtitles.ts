import type { Readable } from 'node:stream';
import { AppError } from '../../kit/errors.ts';
import { createPause } from '../../kit/pause.ts';
import { encodingOf } from '../../kit/text-encoding.ts';
import { languageOfText } from '../../kit/text-language.ts';
import { wordsOfSubtitles } from '../../kit/web-vtt.ts';
import type { Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import { asReadable, type StreamKind } from '../../streams/kind.ts';
import { addressOf, readablePath } from '../../streams/source-files.ts';
import { subtitleLanguage, linkSubtitles as writeSubtitles } from '../stream-index/index.ts';
import { type FolderIndex, indexFolder, matchSubtitle, type VideoFile } from './match-subtitles.ts';
import { kindOf } from './place.ts';
import { type StoredSource, sourceById } from './queries/sources.ts';
import { endSubtitles, sourcesWithSubtitles, videosIn, waitingSubtitles } from './queries/subtitles.ts';
import { folderOf } from './sort-files.ts';

export type SubtitleDeps = { db: Pool; kinds: { get(kind: string): StreamKind | undefined }; log: Log };

const SOURCES_AT_ONCE = 20;
const SUBTITLES_AT_ONCE = 500;
/** Read at once to tell how and in what language they are written. */
const READS_AT_ONCE = 4;
const READ_MS = 10_000;
const SAMPLE_BYTES = 65_536;
/** So long nobody else has a turn at most, but for one name. */
const TURN_MS = 10;
/** Videos that come meanwhile are seen after that. */
const KNOWN_MS = 30_000;

/** Folders by source, as people read them, whose videos were read a moment ago: the next subtitles mostly lie in the same ones. */
export type KnownFolders = Map<number, { readAt: number; folders: Map<string, FolderIndex> }>;

/** Links subtitles that lie beside the videos of sources, once these are streams. Answers how many were looked at. */
export async function linkSourceSubtitles(
  deps: SubtitleDeps,
  signal: AbortSignal,
  known: KnownFolders = new Map(),
): Promise<number> {
  let looked = 0;
  for (const sourceId of await sourcesWithSubtitles(deps.db, SOURCES_AT_ONCE)) {
    const source = await sourceById(deps.db, sourceId);
    if (source !== null) looked += await linkOfSource(deps, source, { signal, known });
  }
  return looked;
}

type Found = { id: number; streamId: number; address: string; language: string | null; similarity: number };

async function linkOfSource(
  deps: SubtitleDeps,
  source: StoredSource,
  { signal, known }: { signal: AbortSignal; known: KnownFolders },
): Promise<number> {
  const waiting = await waitingSubtitles(deps.db, source.id, SUBTITLES_AT_ONCE);
  const pause = createPause(TURN_MS);
  const folders = await foldersOf(deps.db, source, { paths: waiting.map(({ path }) => path), known, pause });
  const found: Found[] = [];
  for (const { id, path, name } of waiting) {
    await pause();
    const matched = matchSubtitle(folders, { folder: folderOf(readablePath(path)), name });
    if (matched === null) continue;
    const { video, similarity } = matched;
    const language = subtitleLanguage(name, video.name);
    found.push({ id, streamId: video.streamId, address: addressOf(source, path), language, similarity });
  }
  const read = await readAll(deps, kindOf(source.finder), found, signal);
  const linked = read.filter(({ isText }) => isText);
  const linkedIds = new Map(linked.map(({ id, streamId }) => [id, streamId]));
  await deps.db.transaction(async (tx) => {
    await writeSubtitles(tx, linked);
    await endSubtitles(
      tx,
      waiting.map(({ id }) => ({ id, streamId: linkedIds.get(id) ?? null })),
    );
  });
  return waiting.length;
}

/** The folders around these paths with their videos, read anew where they are not known or not from just now. */
async function foldersOf(
  db: Pool,
  source: StoredSource,
  { paths, known, pause }: { paths: readonly string[]; known: KnownFolders; pause: () => Promise<void> },
): Promise<ReadonlyMap<string, FolderIndex>> {
  const last = known.get(source.id);
  const isFresh = last !== undefined && performance.now() - last.readAt < KNOWN_MS;
  const kept = isFresh ? last.folders : new Map<string, FolderIndex>();
  const around = [...new Set(paths.flatMap(foldersAround))];
  const missing = around.filter((folder) => !kept.has(readablePath(folder)));
  const videos = missing.length === 0 ? [] : await videosIn(db, source, missing);
  const byFolder = new Map<string, VideoFile[]>(missing.map((folder) => [readablePath(folder), []]));
  for (const { streamId, path } of videos) {
    const readable = readablePath(path);
    const folder = folderOf(readable);
    byFolder.get(folder)?.push({ streamId, folder, name: readable.slice(readable.lastIndexOf('/') + 1) });
    await pause();
  }
  const folders = new Map<string, FolderIndex>();
  for (const [folder, inside] of byFolder) folders.set(folder, await indexFolder(inside, pause));
  for (const folder of around.map(readablePath)) {
    const index = kept.get(folder);
    if (index !== undefined && !folders.has(folder)) folders.set(folder, index);
  }
  known.set(source.id, { readAt: isFresh ? last.readAt : performance.now(), folders });
  return folders;
}

/** Its own, and two above: `Subs/Show.S01E02/2_English.srt`. */
function foldersAround(path: string): string[] {
  const own = folderOf(path);
  return [own, folderOf(own), folderOf(folderOf(own))];
}

type Read = Found & { path: string; encoding: string | null; isText: boolean };

async function readAll(
  { kinds, log }: SubtitleDeps,
  kind: string,
  found: readonly Found[],
  signal: AbortSignal,
): Promise<Read[]> {
  const waiting = [...found];
  const read: Read[] = [];
  const take = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const { streamId, address, language } = one;
      const bytes = await sampleOf(kinds.get(kind), { streamId, address }, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof AppError)) throw error;
        // How it is written is found out again when somebody reads it.
        log.debug({ err: error }, 'a subtitle could not be looked at');
        return null;
      });
      read.push({ ...one, path: address, ...(await lookedAt(bytes, language)) });
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, take));
  // Not by which was read soonest.
  return read.toSorted((a, b) => a.id - b.id);
}

/** What the first bytes of a subtitle tell; of its language what no name did. */
async function lookedAt(bytes: Uint8Array | null, named: string | null) {
  if (bytes === null || isPictures(bytes)) return { language: named, encoding: null, isText: bytes === null };
  const encoding = encodingOf(bytes, { language: named, isBeginning: bytes.length === SAMPLE_BYTES });
  const language = named ?? (await languageOfText(wordsOfSubtitles(bytes, { encoding })));
  return { language, encoding, isText: true };
}

async function sampleOf(
  kind: StreamKind | undefined,
  { streamId, address }: { streamId: number; address: string },
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(READ_MS)]);
  const source = (await kind?.beside?.(streamId, address, bounded)) ?? null;
  if (source === null) return null;
  try {
    const end = Math.min(source.size ?? 0, SAMPLE_BYTES);
    return end === 0 ? null : await wholeOf(asReadable(source, { start: 0, end }, bounded));
  } finally {
    await source.close();
  }
}

async function wholeOf(body: Readable): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of body) if (Buffer.isBuffer(piece)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** VobSub: pictures in a program stream (ISO 13818-1). */
function isPictures(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 1 && bytes[3] === 0xba;
}
