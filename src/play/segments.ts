import { LRUCache } from 'lru-cache';
import { abortable } from '../platform/abortable.ts';
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
  users: number;
  heldBytes: number;
  expiresAtMs: number;
  isDropped: boolean;
};

const MIB = 1024 * 1024;
/** Enough to say what a body is. */
const MAX_LARGE = 10_000;

/** Segments and keys in memory only: LRU over `maxBytes`, nothing above `maxEachBytes`. `onAsked`: a viewer asked, and found it here or not. */
export function createSegments(
  net: Net,
  { maxBytes = 256 * MIB, maxEachBytes = 32 * MIB, onAsked = (_isHit: boolean) => {} } = {},
): Segments {
  // Insertion order is the order of use: the first idle one goes first.
  const entries = new Map<string, Entry>();
  /** Not asked for a second time only to be thrown away. */
  const large = new LRUCache<string, true>({ max: MAX_LARGE, ttl: 600_000 });
  let held = 0;

  /** Makes room by dropping what nobody reads; false = there is none. */
  function reserve(entry: Entry, moreBytes: number): boolean {
    for (const oldest of entries.values()) {
      if (held + moreBytes <= maxBytes) break;
      if (oldest.users === 0) drop(oldest);
    }
    if (held + moreBytes > maxBytes) return false;
    held += moreBytes;
    entry.heldBytes += moreBytes;
    return true;
  }

  function drop(entry: Entry): void {
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
    entry.isDropped = true;
    if (entry.users > 0) return;
    if (entry.growing?.isComplete() !== true)
      entry.stop.abort(new Error('nobody waits for this segment any more'));
    held -= entry.heldBytes;
    entry.heldBytes = 0;
  }

  function entryOf(address: Address, lifeMs: number): Entry {
    const key = addressKey(address);
    const known = entries.get(key);
    if (known !== undefined && known.expiresAtMs > performance.now()) {
      entries.delete(key);
      entries.set(key, known);
      return known;
    }
    if (known !== undefined) drop(known);
    const entry: Entry = {
      key,
      address,
      body: Promise.resolve(null),
      growing: null,
      stop: new AbortController(),
      users: 0,
      heldBytes: 0,
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

  function leave(entry: Entry): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (entry.isDropped || entry.growing?.isComplete() !== true) drop(entry);
  }

  async function take(address: Address, lifeMs: number, signal: AbortSignal): Promise<Entry | null> {
    if (large.has(addressKey(address))) return null;
    const entry = entryOf(address, lifeMs);
    entry.users += 1;
    try {
      if ((await abortable(entry.body, signal)) !== null) return entry;
    } catch (error) {
      leave(entry);
      throw error;
    }
    leave(entry);
    return null;
  }

  return {
    async open(address, lifeMs, signal) {
      onAsked(entries.has(addressKey(address)));
      const entry = await take(address, lifeMs, signal);
      return entry?.growing?.source(() => leave(entry)) ?? null;
    },
    kept(address) {
      const entry = entries.get(addressKey(address));
      if (entry?.growing?.isComplete() !== true || entry.expiresAtMs <= performance.now()) return null;
      entry.users += 1;
      return entry.growing.source(() => leave(entry));
    },
    async warm(address, lifeMs, signal) {
      const entry = await take(address, lifeMs, signal);
      if (entry === null) return false;
      try {
        await entry.growing?.beyond(Number.POSITIVE_INFINITY, signal);
        return true;
      } finally {
        leave(entry);
      }
    },
    heldBytes: () => held,
    close() {
      for (const entry of [...entries.values()]) {
        entry.stop.abort(new Error('the server stops'));
        drop(entry);
      }
    },
  };
}
