import {
  isOneOfAbove,
  isWalkablePath,
  lookOf,
  looksLikeAbove,
  MAX_PATH_BYTES,
  type WalkedPlace,
} from './folder-circles.ts';
import { isListedSegment } from './listed-name.ts';
import { type ListedEntry, type Lister, ListingFailed, type WalkedFile, type WalkedPart } from './lister.ts';

const PART_ENTRIES = 1000;

export type FolderPart = { part: WalkedPart; found: readonly WalkedPlace[] };

/** One folder in parts of a thousand entries. One that holds the same as a folder it lies in is told as failed. Throws what `list` throws. */
export async function* partsOf(
  lister: Lister,
  place: WalkedPlace,
  signal: AbortSignal,
): AsyncGenerator<FolderPart, void> {
  let isFirst = true;
  for await (const { entries, refused, isLast } of thousands(lister, place.path, signal)) {
    if (isFirst) place.look = lookOf(entries);
    if (isFirst && looksLikeAbove(place.look, place)) {
      yield { part: failedPart(place, 'It holds the same as a folder it lies in: a circle.'), found: [] };
      return;
    }
    isFirst = false;
    yield partOf(place, entries, refused, isLast ? 'read' : 'more');
  }
}

export function placeAt(path: string, above: WalkedPlace | null, identity?: string): WalkedPlace {
  return { path, above, identity: identity ?? null, look: null };
}

export function failedPart({ path }: WalkedPlace, reason: string): WalkedPart {
  return { path, files: [], folders: [], refused: 0, state: 'failed', reason };
}

type Thousand = { entries: ListedEntry[]; refused: number; isLast: boolean };

/** What comes in whatever batches, as the walk tells it; the last holds less than a thousand. */
async function* thousands(lister: Lister, path: string, signal: AbortSignal): AsyncGenerator<Thousand, void> {
  let entries: ListedEntry[] = [];
  let refused = 0;
  const refuse = () => {
    refused += 1;
  };
  let failure: ListingFailed | null = null;
  const onFailed = (error: ListingFailed) => {
    failure = error;
  };
  for await (const batch of told(lister.list(path, signal, refuse), onFailed)) {
    for (const entry of batch) {
      if (isListedSegment(entry.segment)) entries.push(entry);
      else refuse();
      if (entries.length < PART_ENTRIES) continue;
      yield { entries, refused, isLast: false };
      entries = [];
      refused = 0;
    }
  }
  if (failure === null || entries.length > 0 || refused > 0)
    yield { entries, refused, isLast: failure === null };
  if (failure !== null) throw failure;
}

/** Ends where a folder cannot be listed on: it is not asked for again, so what it told until then is all there is of it. */
async function* told(
  batches: AsyncIterable<readonly ListedEntry[]>,
  onFailed: (error: ListingFailed) => void,
): AsyncGenerator<readonly ListedEntry[], void> {
  try {
    yield* batches;
  } catch (error) {
    if (!(error instanceof ListingFailed) || error.reach !== 'folder') throw error;
    onFailed(error);
  }
}

function partOf(
  place: WalkedPlace,
  entries: readonly ListedEntry[],
  refusedNames: number,
  state: 'more' | 'read',
): FolderPart {
  const files: WalkedFile[] = [];
  const found: WalkedPlace[] = [];
  let refused = refusedNames;
  for (const { kind, segment, name, sizeBytes, modifiedAt, identity } of entries) {
    const path = place.path === '' ? segment : `${place.path}/${segment}`;
    const isFine =
      kind === 'file'
        ? path.length <= MAX_PATH_BYTES
        : isWalkablePath(path) && !isOneOfAbove(identity, place);
    if (!isFine) refused += 1;
    else if (kind === 'file')
      files.push({ path, name, sizeBytes, modifiedMs: modifiedAt?.getTime() ?? null });
    else found.push(placeAt(path, place, identity));
  }
  const folders = found.map(({ path }) => path);
  return { part: { path: place.path, files, folders, refused, state, reason: null }, found };
}
