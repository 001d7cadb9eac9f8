import { setTimeout as sleep } from 'node:timers/promises';
import type { WalkedPlace } from './folder-circles.ts';
import { type FolderPart, failedPart, partsOf, placeAt } from './folder-parts.ts';
import { createHandOver } from './hand-over.ts';
import { type Lister, ListingFailed, type WalkedPart } from './lister.ts';

/** Before a folder of a server that fails is asked for again. */
const RESTS_MS = [1000, 4000, 16_000];
/** Who wants to be left alone for longer is walked another time. */
const MAX_REST_MS = 300_000;
const MAX_WAITING = 100_000;
const MAX_CONNECTIONS = 32;

export type Walk = {
  /** Folders to begin at, as in `list`: `['']`, or where a walk was left. */
  starts: readonly string[];
  signal: AbortSignal;
  /** Milliseconds before each new attempt at a folder of a server that fails. */
  restsMs?: readonly number[];
  /** Folders that may wait to be walked, besides the starts. */
  maxWaiting?: number;
};

/**
 * Walks folders and all below them, several at once, and no further ahead than what is taken: a part that nobody has taken holds its
 * connection. Whoever wants to go on later keeps the frontier: the starts and all `folders` told, without those told `read` or `failed`.
 * More folders than may wait are told and not walked: walk the frontier again until it is empty. A folder that cannot be listed is told and
 * passed over. A server that fails is asked again with rests in between; throws its ListingFailed when it still fails.
 */
export async function* walkFolders(lister: Lister, walk: Walk): AsyncGenerator<WalkedPart, void> {
  const { starts, restsMs = RESTS_MS, maxWaiting = MAX_WAITING } = walk;
  const stop = new AbortController();
  const signal = AbortSignal.any([walk.signal, stop.signal]);
  const parts = createHandOver<WalkedPart>(signal);
  const waiting = starts.map((path) => placeAt(path, null)).reverse();
  const running = new Set<Promise<void>>();
  let isFailed = false;

  async function tell({ part, found }: FolderPart): Promise<void> {
    await parts.give(part);
    // The last found comes first: what waits stays small.
    waiting.push(...found.slice(0, Math.max(0, maxWaiting - waiting.length)));
    startMore();
  }

  const listWhole = createListing({ lister, signal, restsMs, tell });

  function startMore(): void {
    const limit = Math.max(1, Math.min(lister.connections, MAX_CONNECTIONS));
    while (!isFailed && running.size < limit) {
      const place = waiting.pop();
      if (place === undefined) break;
      const task: Promise<void> = listWhole(place).then(() => ended(task), failed);
      running.add(task);
    }
    if (running.size === 0) parts.end();
  }

  function ended(task: Promise<void>): void {
    running.delete(task);
    startMore();
  }

  function failed(error: unknown): void {
    isFailed = true;
    parts.fail(error);
  }

  try {
    startMore();
    yield* parts.taken();
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

type Listing = {
  lister: Lister;
  signal: AbortSignal;
  restsMs: readonly number[];
  tell(part: FolderPart): Promise<void>;
};

/** Lists one folder to its end, in as many attempts as it takes. */
function createListing({ lister, signal, restsMs, tell }: Listing): (place: WalkedPlace) => Promise<void> {
  /** A server that names a time is left alone by all. */
  let quietUntil = 0;

  return async (place) => {
    for (let attempt = 0; ; attempt += 1) {
      const restMs = quietUntil - performance.now();
      if (restMs > 0) await sleep(restMs, undefined, { signal });
      const failure = await listOnce(place);
      if (failure === null) return;
      if (failure.reach === 'folder' || (await isItsOwnFault(place, failure, attempt)))
        return await tell({ part: failedPart(place, failure.message), found: [] });
      await rest(failure, attempt);
    }
  };

  async function listOnce(place: WalkedPlace): Promise<ListingFailed | null> {
    try {
      for await (const part of partsOf(lister, place, signal)) await tell(part);
      return null;
    } catch (error) {
      return listingFailed(error);
    }
  }

  /** A server that answers for its base and fails at one folder, again and again, has a broken folder. */
  async function isItsOwnFault({ path }: WalkedPlace, failure: ListingFailed, attempt: number) {
    if (path === '' || failure.isLasting || attempt < restsMs.length) return false;
    try {
      for await (const _ of lister.list('', signal)) break;
      return true;
    } catch (error) {
      listingFailed(error);
      return false;
    }
  }

  function listingFailed(error: unknown): ListingFailed {
    signal.throwIfAborted();
    if (error instanceof ListingFailed) return error;
    throw error;
  }

  async function rest(failure: ListingFailed, attempt: number): Promise<void> {
    const restMs = restsMs[attempt];
    if (restMs === undefined || failure.isLasting || (failure.restMs ?? 0) > MAX_REST_MS) throw failure;
    if (failure.restMs !== null) quietUntil = Math.max(quietUntil, performance.now() + failure.restMs);
    await sleep(restMs, undefined, { signal });
  }
}
