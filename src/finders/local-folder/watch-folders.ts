import { type FSWatcher, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from '../../platform/abortable.ts';
import { type Lister, ListingFailed } from '../lister.ts';
import { walkFolders } from '../walk-folders.ts';

/** Without a change for so long, a copy of many files is over; a long one is told of in between. */
const SETTLE_MS = 2000;
const LONGEST_MS = 60_000;
/** Where nothing tells of changes. */
const RESCAN_MS = 900_000;
/** Linux gives a user 8,192 watches or more; what others of this machine need must be left. */
const MAX_FOLDERS = 20_000;
const MAX_CHANGED = 1000;
/** The folder is gone or not for us: nothing to watch. All else is the system's limit, or its failure. */
const OF_FOLDER: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);

export type Watching = {
  lister: Lister;
  /** Where a folder is on this machine. */
  placeOf(path: string): Promise<Buffer>;
  onChange(path: string, isSeen: boolean): void;
  signal: AbortSignal;
  settleMs?: number;
  rescanMs?: number;
  maxFolders?: number;
};

/**
 * Tells folders that changed until the signal. One watch a folder: Node's own recursive one takes a watch for every file, and 1.4 s of
 * the whole process for 20,000. Where there are too many folders, or the system gives no more watches, or the folder is gone: the base is
 * told at once, and every quarter of an hour, when watching is tried again. The base is told whenever it begins to hear: it may have missed some.
 */
export async function watchFolders(watching: Watching): Promise<void> {
  const { onChange, signal, rescanMs = RESCAN_MS } = watching;
  while (!signal.aborted) {
    await watchWhilePossible(watching).catch((error: unknown) => {
      if (!signal.aborted && !isExpected(error)) throw error;
    });
    if (signal.aborted) return;
    onChange('', false);
    await sleep(rescanMs, undefined, { signal }).catch(() => {});
  }
}

class TooManyFolders extends Error {}

function isExpected(error: unknown): boolean {
  return error instanceof ListingFailed || error instanceof TooManyFolders || codeOf(error) !== null;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null;
}

/** Ends only by an error. */
async function watchWhilePossible({ lister, placeOf, onChange, signal, ...limits }: Watching): Promise<void> {
  const { settleMs = SETTLE_MS, maxFolders = MAX_FOLDERS } = limits;
  const watched = new Map<string, FSWatcher>();
  const changes = createChanges(settleMs);

  async function add(path: string): Promise<void> {
    if (watched.has(path)) return;
    if (watched.size >= maxFolders) throw new TooManyFolders();
    try {
      const place = await abortable(placeOf(path), signal);
      const watcher = watch(place, { persistent: false }, () => changes.note(path));
      watched.set(path, watcher.on('error', changes.fail));
    } catch (error) {
      if (path === '' || !OF_FOLDER.has(codeOf(error) ?? '')) throw error;
    }
  }

  /** Each folder is watched before it is listed: what comes into it later is heard. */
  async function addAllBelow(start: string): Promise<void> {
    await add(start);
    for await (const { folders } of walkFolders(lister, { starts: [start], signal, restsMs: [] }))
      for (const folder of folders) await add(folder);
  }

  function removeAllBelow(path: string): void {
    for (const [at, watcher] of watched) {
      if (at !== path && !at.startsWith(`${path}/`)) continue;
      watcher.close();
      watched.delete(at);
    }
  }

  async function follow(path: string): Promise<void> {
    const now = await foldersIn(lister, path, signal);
    const before = [...watched.keys()].filter((at) => at !== '' && parentOf(at) === path);
    for (const gone of before.filter((at) => !now.has(at))) removeAllBelow(gone);
    for (const found of now) if (!watched.has(found)) await addAllBelow(found);
  }

  try {
    await addAllBelow('');
    onChange('', true);
    for (;;) {
      const changed = await abortable(changes.settled(), signal);
      for (const path of changed) await follow(path);
      for (const path of outermost(changed)) onChange(path, true);
    }
  } finally {
    for (const watcher of watched.values()) watcher.close();
    changes.fail(new TooManyFolders());
  }
}

/** Gathers changes until nothing more comes for a while. */
function createChanges(settleMs: number) {
  const changed = new Set<string>();
  let failure: unknown = null;
  let noted = () => {};
  const wake = () => noted();

  async function settled(): Promise<string[]> {
    while (changed.size === 0 && failure === null) await nextNote();
    const until = performance.now() + LONGEST_MS;
    while (failure === null && performance.now() < until && (await isNotedWithin(settleMs)));
    if (failure !== null) throw failure;
    const paths = [...changed];
    changed.clear();
    return paths;
  }

  function nextNote(): Promise<void> {
    return new Promise((resolve) => {
      noted = resolve;
    });
  }

  async function isNotedWithin(ms: number): Promise<boolean> {
    const quiet = new AbortController();
    const more = nextNote().then(() => true);
    const none = sleep(ms, false, { signal: quiet.signal, ref: false }).catch(() => false);
    const isNoted = await Promise.race([more, none]);
    quiet.abort();
    return isNoted;
  }

  return {
    note(path: string) {
      changed.add(changed.size < MAX_CHANGED ? path : '');
      wake();
    },
    fail(error: unknown) {
      failure ??= error;
      wake();
    },
    settled,
  };
}

/** Of one that is gone, or not for us: none. Throws ListingFailed where all is gone. */
async function foldersIn(lister: Lister, path: string, signal: AbortSignal): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { folders } of walkFolders(lister, { starts: [path], signal, restsMs: [], maxWaiting: 0 }))
    for (const folder of folders) found.add(folder);
  return found;
}

/** Those that lie in no other of them: who is told of a folder walks all below it. */
function outermost(paths: readonly string[]): string[] {
  const all = new Set(paths);
  const isInOther = (path: string): boolean =>
    path !== '' && (all.has(parentOf(path)) || isInOther(parentOf(path)));
  return paths.filter((path) => !isInOther(path));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
