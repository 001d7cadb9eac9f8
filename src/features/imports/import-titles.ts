import type { Db, Pool } from '../../platform/db.ts';
import { setCatalogItems } from '../lists/index.ts';
import { episodesOf, type UpsertOutcome, upsertTitles } from '../media/index.ts';
import { noteContradictions } from '../metadata/index.ts';
import { linksOfPacks, type PreparedStream, type SaveDeps, saveStreams } from '../stream-index/index.ts';
import { lastSync, putSyncState } from './queries/sync-state.ts';
import { type PlacedStream, prepared, readImportFile, streamsOf } from './read-import-file.ts';
import type { ImportTitle } from './schemas.ts';

export type ImportOptions = {
  /** Under which it is remembered: `starter`, the name of an importer, of a file. */
  name: string;
  /** System catalogue that becomes exactly these titles, in the order of the file; the starter's own by default. */
  catalog?: string | undefined;
  /** Titles a transaction. */
  batchSize?: number | undefined;
  onProgress?: ((progress: { done: number; total: number | null }) => void) | undefined;
  /** Told the titles of each batch, once it is written. */
  onWritten?: ((mediaIds: readonly number[]) => void) | undefined;
  signal?: AbortSignal | undefined;
};

export type ImportResult = {
  titles: number;
  newTitles: number;
  changedTitles: number;
  streams: number;
  newStreams: number;
  changedStreams: number;
  /** Titles left out because their ids contradict what is stored; for a person to look at. */
  conflicts: { title: string; reason: string }[];
};

export type ImportDeps = Omit<SaveDeps, 'db'> & { db: Pool };

const TITLES_PER_BATCH = 200;
/** Named in the result; what is left out was not written either. */
const MAX_CONFLICTS = 1000;
const CATALOGS: Readonly<Record<string, string>> = { starter: 'open-films' };

/**
 * Imports the titles, episodes, streams and licences of a file (`docs/import-format.md`). All of it is checked before
 * anything is written; a second run changes nothing. Throws BadInput `imports.invalid`.
 */
export async function importTitles(
  deps: ImportDeps,
  file: unknown,
  options: ImportOptions,
): Promise<ImportResult> {
  const titles = await readImportFile(deps, file);
  return importAll(deps, titles, { ...options, total: titles.length });
}

/** Text of one batch past which it is written although it has few titles. */
const BATCH_CHARS = 16 * 1024 * 1024;

/** Imports titles that were checked before, batch by batch: one batch is in memory, and one transaction. */
export async function importAll(
  deps: ImportDeps,
  titles: Iterable<ImportTitle> | AsyncIterable<ImportTitle>,
  options: ImportOptions & {
    total: number | null;
    /** Its streams are there now: what had been hidden because it was gone comes back. */
    isSeen?: boolean;
    /** Its films and series were made from names: new ones are hidden until it is sure what they are. */
    isGuessed?: boolean;
  },
): Promise<ImportResult> {
  const { signal, onProgress, batchSize = TITLES_PER_BATCH } = options;
  const catalog = options.catalog ?? CATALOGS[options.name];
  const result = emptyResult();
  const mediaIds: number[] = [];
  const streamIds = new Set<number>();
  let done = 0;
  for await (const batch of batchesOf(titles, batchSize)) {
    signal?.throwIfAborted();
    const written = await deps.db.transaction((tx) => importBatch({ ...deps, db: tx }, batch, options));
    const added = addBatch(result, batch, written, streamIds);
    if (catalog !== undefined) mediaIds.push(...added);
    options.onWritten?.(added);
    if (streamIds.size > MAX_REMEMBERED) streamIds.clear();
    done += batch.length;
    onProgress?.({ done, total: options.total });
  }
  if (catalog !== undefined) await setCatalogItems(deps.db, catalog, mediaIds);
  const { conflicts, ...counts } = result;
  await putSyncState(deps.db, keyOf(options.name), { ...counts, conflicts: conflicts.length });
  return result;
}

/** Streams remembered so that one that stands at two titles is counted once; past a million (60 MB) it may be counted twice. */
const MAX_REMEMBERED = 1_000_000;

async function* batchesOf(
  titles: Iterable<ImportTitle> | AsyncIterable<ImportTitle>,
  batchSize: number,
): AsyncGenerator<ImportTitle[]> {
  let batch: ImportTitle[] = [];
  let weight = 0;
  for await (const title of titles) {
    batch.push(title);
    weight += title.streams === undefined && title.seasons === undefined ? 1 : JSON.stringify(title).length;
    if (batch.length < batchSize && weight < BATCH_CHARS) continue;
    yield batch;
    batch = [];
    weight = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Was this ever imported here? */
export async function wasImported(db: Db, name: string): Promise<boolean> {
  return (await lastSync(db, keyOf(name))) !== null;
}

function keyOf(name: string): string {
  return `import.${name}`;
}

function emptyResult(): ImportResult {
  return {
    titles: 0,
    newTitles: 0,
    changedTitles: 0,
    streams: 0,
    newStreams: 0,
    changedStreams: 0,
    conflicts: [],
  };
}

type Written = { outcomes: UpsertOutcome[]; streams: Awaited<ReturnType<typeof saveStreams>> };

async function importBatch(
  deps: SaveDeps,
  titles: readonly ImportTitle[],
  { name, isSeen = false, isGuessed = false }: { name: string; isSeen?: boolean; isGuessed?: boolean },
): Promise<Written> {
  const guessed = titles.map(({ matchConfidence }) => matchConfidence ?? (isGuessed ? 0 : undefined));
  const outcomes = await upsertTitles(deps.db, titles, { guessed });
  await noteContradictions(deps.db, 'import', contradictionsIn(titles, outcomes));
  const placed = titles.flatMap((title, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined || outcome.outcome === 'conflict') return [];
    return streamsOf(title).map((place) => ({ ...place, title, mediaId: outcome.mediaId }));
  });
  const streams = await linked(deps, placed);
  return { outcomes, streams: await saveStreams(deps, streams, { isSeen, origin: name }) };
}

function contradictionsIn(titles: readonly ImportTitle[], outcomes: readonly UpsertOutcome[]) {
  return outcomes.flatMap((outcome, index) => {
    const { ids = {}, title = null, year = null } = titles[index] ?? {};
    if (outcome.outcome !== 'conflict') return [];
    return [{ mediaId: outcome.mediaId, reason: outcome.reason, ids, title, year }];
  });
}

type Placed = PlacedStream & { title: ImportTitle; mediaId: number };

/** The streams with the numbers of the titles and episodes they belong to. */
async function linked(deps: SaveDeps, placed: readonly Placed[]): Promise<PreparedStream[]> {
  const episodes = await episodesOf(
    deps.db,
    placed.flatMap(({ mediaId, episode }) => (episode === null ? [] : [{ mediaId, ...episode }])),
  );
  const ids = new Map(episodes.map((e) => [`${e.mediaId} ${e.season} ${e.episode}`, e.episodeId]));
  const streams = placed.map(({ stream, title, mediaId, episode }) => ({
    ...prepared(deps, title, stream),
    described: null,
    links: [
      {
        mediaId,
        episodeId: episode === null ? null : ids.get(`${mediaId} ${episode.season} ${episode.episode}`),
        fileIndex: stream.fileIndex ?? null,
        isVerified: true,
      },
    ],
  }));
  return await withPacks(deps, placed, streams);
}

/** Kinds whose own text says what is inside. */
const PACKS: ReadonlySet<string> = new Set(['torrent', 'usenet']);

/** A torrent or post of a series as a whole is offered for no episode; its names tell which file is which. */
async function withPacks(
  deps: SaveDeps,
  placed: readonly Placed[],
  streams: readonly PreparedStream[],
): Promise<PreparedStream[]> {
  const packs = await Promise.all(
    streams.flatMap((stream, n) => {
      const { title, episode, mediaId, stream: given } = placed[n] ?? {};
      const isPack = title?.kind === 'series' && episode === null && given?.fileIndex === undefined;
      return isPack && mediaId !== undefined && PACKS.has(stream.kind.kind)
        ? [describePack(stream, mediaId)]
        : [];
    }),
  );
  const links = await linksOfPacks(deps.db, packs);
  const found = new Map(
    packs.map(({ stream, described }, n) => [stream, { described, links: links[n] ?? [] }]),
  );
  return streams.map((stream) => {
    const pack = found.get(stream);
    if (pack === undefined || pack.links.length === 0) return stream;
    return { ...stream, described: pack.described, links: pack.links };
  });
}

/** Its own text tells, without a connection. */
async function describePack(stream: PreparedStream, mediaId: number) {
  const described = await stream.kind.describe(stream.detail, AbortSignal.timeout(10_000));
  const inside = { name: stream.input.name ?? described.name ?? '', files: described.files };
  return { stream, described, mediaId, inside };
}

/** Adds what a batch did to the result; answers its titles in the order of the file. */
function addBatch(
  result: ImportResult,
  titles: readonly ImportTitle[],
  { outcomes, streams }: Written,
  seen: Set<number>,
): number[] {
  const written = outcomes.filter((outcome) => outcome.outcome !== 'conflict');
  result.titles += written.length;
  result.newTitles += countOf(written, 'new');
  result.changedTitles += countOf(written, 'changed');
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.outcome === 'conflict' && result.conflicts.length < MAX_CONFLICTS)
      result.conflicts.push({ title: titles[index]?.title ?? '', reason: outcome.reason });
  }
  const fresh = [...new Map(streams.map((stream) => [stream.streamId, stream])).values()].filter(
    (stream) => !seen.has(stream.streamId),
  );
  result.streams += fresh.length;
  result.newStreams += countOf(fresh, 'new');
  result.changedStreams += countOf(fresh, 'changed');
  for (const { streamId } of fresh) seen.add(streamId);
  return written.map((outcome) => outcome.mediaId);
}

function countOf(results: readonly { outcome: string }[], outcome: 'new' | 'changed'): number {
  return results.filter((result) => result.outcome === outcome).length;
}
