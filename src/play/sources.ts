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
  /** The source of `key`; requests that come while it is being opened share the opening. */
  take(key: string, open: (signal: AbortSignal) => Promise<ByteSource>, signal: AbortSignal): Promise<Lease>;
  /** How many are open or being opened. */
  count(): number;
  /** Closes the idle ones now and those in use when they come back. */
  close(): void;
};

type Entry = {
  key: string;
  opened: Promise<ByteSource>;
  isOpen: boolean;
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
      isOpen: false,
      opening,
      openedAtMs: performance.now(),
      users: 0,
      isRetired: false,
      isClosed: false,
      idleTimer: undefined,
    };
    fresh.opened.then(
      () => {
        fresh.isOpen = true;
      },
      () => retire(fresh),
    );
    entries.set(key, fresh);
    return fresh;
  }

  function leave(entry: Entry, isBroken: boolean): void {
    entry.users -= 1;
    if (isBroken || (entry.users === 0 && !entry.isOpen)) retire(entry);
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
    if (!entry.isOpen) entry.opening.abort(new Error('nobody waits for this source any more'));
    entry.opened.then((source) => source.close()).catch(() => {});
  }

  return {
    async take(key, open, signal) {
      const entry = entryOf(key, open);
      clearTimeout(entry.idleTimer);
      entry.users += 1;
      try {
        const source = await abortable(entry.opened, signal);
        return { source, release: (isBroken) => leave(entry, isBroken) };
      } catch (error) {
        leave(entry, false);
        throw error;
      }
    },
    count: () => entries.size,
    close() {
      for (const entry of [...entries.values()]) retire(entry);
    },
  };
}
