import { abortable } from '../platform/abortable.ts';
import type { ByteSource } from '../streams/kind.ts';

/** An opened source on loan. */
export type Lease = {
  source: ByteSource;
  /** Gives it back; call exactly once. `isBroken`: nobody shall get this one again. */
  release(isBroken: boolean): void;
};

/** Opened sources, kept a while after their last use, so that a seek opens nothing. */
export type Sources = {
  /** The source of `key`, at once where it is open; requests that come while it is being opened share the opening. */
  take(
    key: string,
    open: (signal: AbortSignal) => Promise<ByteSource>,
    signal: AbortSignal,
  ): Lease | Promise<Lease>;
  /** How many are open or being opened. */
  count(): number;
  /** Closes the idle ones now and those in use when they come back. */
  close(): void;
};

type Entry = {
  key: string;
  opened: Promise<ByteSource>;
  /** Null while it is being opened. */
  source: ByteSource | null;
  opening: AbortController;
  openedAtMs: number;
  users: number;
  isRetired: boolean;
  isClosed: boolean;
  idleTimer: NodeJS.Timeout | undefined;
};

/** `maxIdle` open files or connections are kept; one is looked at anew after `maxAgeMs` even in constant use. */
export function createSources({ maxIdle = 256, idleMs = 60_000, maxAgeMs = 600_000 } = {}): Sources {
  const entries = new Map<string, Entry>();

  function entryOf(key: string, open: (signal: AbortSignal) => Promise<ByteSource>): Entry {
    const known = entries.get(key);
    if (known !== undefined && performance.now() - known.openedAtMs < maxAgeMs) {
      // Last used comes last: the first idle one is the oldest.
      entries.delete(key);
      entries.set(key, known);
      return known;
    }
    if (known !== undefined) retire(known);
    const opening = new AbortController();
    const fresh: Entry = {
      key,
      opened: open(opening.signal),
      source: null,
      opening,
      openedAtMs: performance.now(),
      users: 0,
      isRetired: false,
      isClosed: false,
      idleTimer: undefined,
    };
    fresh.opened.then(
      (source) => {
        fresh.source = source;
      },
      () => retire(fresh),
    );
    entries.set(key, fresh);
    return fresh;
  }

  function leave(entry: Entry, isBroken: boolean): void {
    entry.users -= 1;
    if (isBroken || (entry.users === 0 && entry.source === null)) retire(entry);
    else if (entry.isRetired) closeUnused(entry);
    else if (entry.users === 0) rest(entry);
  }

  function rest(entry: Entry): void {
    entry.idleTimer = setTimeout(() => retire(entry), idleMs).unref();
    for (const oldest of entries.values()) {
      if (entries.size <= maxIdle) break;
      if (oldest.users === 0) retire(oldest);
    }
  }

  function retire(entry: Entry): void {
    entry.isRetired = true;
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
    closeUnused(entry);
  }

  function closeUnused(entry: Entry): void {
    if (entry.users > 0 || entry.isClosed) return;
    entry.isClosed = true;
    clearTimeout(entry.idleTimer);
    if (entry.source === null) entry.opening.abort(new Error('nobody waits for this source any more'));
    entry.opened.then((source) => source.close()).catch(() => {});
  }

  async function wait(entry: Entry, signal: AbortSignal): Promise<Lease> {
    try {
      const source = await abortable(entry.opened, signal);
      return { source, release: (isBroken) => leave(entry, isBroken) };
    } catch (error) {
      leave(entry, false);
      throw error;
    }
  }

  return {
    take(key, open, signal) {
      const entry = entryOf(key, open);
      clearTimeout(entry.idleTimer);
      entry.users += 1;
      if (entry.source === null) return wait(entry, signal);
      return { source: entry.source, release: (isBroken) => leave(entry, isBroken) };
    },
    count: () => entries.size,
    close() {
      for (const entry of [...entries.values()]) retire(entry);
    },
  };
}
