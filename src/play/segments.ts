import { LRUCache } from 'lru-cache';
import { abortable } from '../platform/abortable.ts';
import type { Budget, Kept } from '../platform/budget.ts';
import type { Net } from '../platform/net.ts';
import { lengthOf } from '../streams/http/facts.ts';
import type { ByteSource } from '../streams/kind.ts';
import { createGrowingBody, FIRST_CAPACITY, type GrowingBody } from './growing-body.ts';
import { type Address, addressKey, getFrom } from './origin-fetch.ts';
import { fillBody, headOf } from './segment-fill.ts';

export type Segments = {
  /**
   * The segment, readable while it is still coming; those who ask at the same time share one request. null: it is too
   * large to keep, or there is no room now — read it past the cache. `close()` the source.
   */
  open(address: Address, lifeMs: number, signal: AbortSignal): Promise<ByteSource | null>;
  /** Only if all of it is here already. */
  kept(address: Address): ByteSource | null;
  isKept(address: Address): boolean;
  /** Loads it to its end, for those who will ask soon. False: it did not come or is not kept. */
  warm(address: Address, lifeMs: number, signal: AbortSignal): Promise<boolean>;
  /** Memory in use: what is kept, coming, or still being sent. */
  heldBytes(): number;
  close(): void;
};

type Entry = {
  key: string;
  address: Address;
  body: Promise<GrowingBody | null>;
  /** `body` once it is there. */
  growing: GrowingBody | null;
  stop: AbortController;
  /** Viewers, and those who load it for later. */
  users: number;
  readers: number;
  memory: Kept;
  expiresAtMs: number;
  isDropped: boolean;
};

const MIB = 1024 * 1024;
/** Enough to say what a body is. */
const MAX_LARGE = 10_000;

export type SegmentsOptions = {
  budget: Pick<Budget, 'openCache'>;
  maxBytes?: number;
  maxEachBytes?: number;
  /** A viewer asked, and found it here or not. */
  onAsked?: ((isHit: boolean) => void) | undefined;
};

/**
 * Segments and keys in memory only: LRU over `maxBytes` or half of the budget, nothing above `maxEachBytes`. When streams
 * want the memory, what no viewer reads goes, oldest first, also what is still being loaded for later.
 */
export function createSegments(
  net: Net,
  { budget, maxBytes = 256 * MIB, maxEachBytes = 32 * MIB, onAsked }: SegmentsOptions,
): Segments {
  // Insertion order is the order of use: the first idle one goes first.
  const entries = new Map<string, Entry>();
  /** Not asked for a second time only to be thrown away. */
  const large = new LRUCache<string, true>({ max: MAX_LARGE, ttl: 600_000 });
  const cache = budget.openCache(maxBytes, giveWay);

  function giveWay(bytes: number): void {
    let given = 0;
    for (const oldest of entries.values()) {
      if (given >= bytes) return;
      const heldBytes = oldest.memory.heldBytes();
      if (oldest.readers > 0 || heldBytes === 0) continue;
      given += heldBytes;
      forget(oldest);
      release(oldest);
    }
  }

  /** Makes room by dropping what nobody uses; false = there is none. */
  function reserve(entry: Entry, moreBytes: number): boolean {
    for (const oldest of entries.values()) {
      if (cache.roomBytes() >= moreBytes) break;
      if (oldest.users === 0) drop(oldest);
    }
    return cache.roomBytes() >= moreBytes && entry.memory.grow(moreBytes);
  }

  function forget(entry: Entry): void {
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
    entry.isDropped = true;
  }

  function release(entry: Entry): void {
    if (entry.growing?.isComplete() !== true)
      entry.stop.abort(new Error('nobody waits for this segment any more'));
    entry.memory.close();
  }

  function drop(entry: Entry): void {
    forget(entry);
    if (entry.users === 0) release(entry);
  }

  /** What there is of it, from now on the one used last. */
  function known(key: string): Entry | null {
    const entry = entries.get(key);
    if (entry === undefined) return null;
    if (entry.expiresAtMs <= performance.now()) {
      drop(entry);
      return null;
    }
    entries.delete(key);
    entries.set(key, entry);
    return entry;
  }

  function begun(address: Address, key: string, lifeMs: number): Entry {
    const entry: Entry = {
      key,
      address,
      body: Promise.resolve(null),
      growing: null,
      stop: new AbortController(),
      users: 0,
      readers: 0,
      memory: cache.keep(),
      expiresAtMs: performance.now() + lifeMs,
      isDropped: false,
    };
    entry.body = begin(entry);
    entry.body.catch(() => drop(entry));
    entries.set(key, entry);
    return entry;
  }

  async function begin(entry: Entry): Promise<GrowingBody | null> {
    const { address, stop, key } = entry;
    const response = await getFrom(net, address, stop.signal);
    const refuse = () => {
      response.body.on('error', () => {}).destroy();
      drop(entry);
      return null;
    };
    const head = headOf(response, address);
    if ((lengthOf(response.headers) ?? 0) > maxEachBytes) {
      large.set(key, true);
      return refuse();
    }
    if (!reserve(entry, head.sizeBytes ?? FIRST_CAPACITY)) return refuse();
    const body = createGrowingBody(head);
    entry.growing = body;
    const mayGrow = (moreBytes: number) => {
      const growth = body.growth(moreBytes);
      if (body.received() + moreBytes <= maxEachBytes) return growth === 0 || reserve(entry, growth);
      large.set(key, true);
      return false;
    };
    fillBody({ net, address, response, body, mayGrow, signal: stop.signal }).catch((error: unknown) => {
      body.fail(error);
      drop(entry);
    });
    return body;
  }

  /** `isReader`: a viewer, whose segment does not give way. */
  function join(entry: Entry, isReader: boolean): void {
    entry.users += 1;
    if (!isReader) return;
    entry.readers += 1;
    entry.memory.setRead(true);
  }

  function leave(entry: Entry, isReader: boolean): void {
    entry.users -= 1;
    if (isReader) entry.readers -= 1;
    if (entry.readers === 0) entry.memory.setRead(false);
    if (entry.users > 0) return;
    if (entry.isDropped || entry.growing?.isComplete() !== true) drop(entry);
  }

  async function take(
    address: Address,
    { lifeMs, signal, isReader }: { lifeMs: number; signal: AbortSignal; isReader: boolean },
  ): Promise<Entry | null> {
    const key = addressKey(address);
    if (large.has(key)) return null;
    const found = known(key);
    if (isReader) onAsked?.(found !== null);
    const entry = found ?? begun(address, key, lifeMs);
    join(entry, isReader);
    try {
      if ((await abortable(entry.body, signal)) !== null) return entry;
    } catch (error) {
      leave(entry, isReader);
      throw error;
    }
    leave(entry, isReader);
    return null;
  }

  function isKept(address: Address): boolean {
    const entry = entries.get(addressKey(address));
    return entry?.growing?.isComplete() === true && entry.expiresAtMs > performance.now();
  }

  return {
    async open(address, lifeMs, signal) {
      const entry = await take(address, { lifeMs, signal, isReader: true });
      return entry?.growing?.source(() => leave(entry, true)) ?? null;
    },
    kept(address) {
      const entry = isKept(address) ? known(addressKey(address)) : null;
      if (entry?.growing == null) return null;
      onAsked?.(true);
      join(entry, true);
      return entry.growing.source(() => leave(entry, true));
    },
    isKept,
    async warm(address, lifeMs, signal) {
      const entry = await take(address, { lifeMs, signal, isReader: false });
      if (entry === null) return false;
      try {
        await entry.growing?.beyond(Number.POSITIVE_INFINITY, signal);
        return true;
      } finally {
        leave(entry, false);
      }
    },
    heldBytes: cache.heldBytes,
    close() {
      for (const entry of [...entries.values()]) {
        entry.stop.abort(new Error('the server stops'));
        drop(entry);
      }
    },
  };
}
