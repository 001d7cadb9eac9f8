/** One global memory budget in bytes over all streams of the process and what is kept for them. */
export type Budget = {
  /** A stream's share; `wantedBytes` is what it would like to buffer (HTTP 4 MiB, torrents/Usenet 16 MiB), never more than 64 MiB. */
  open(wantedBytes: number): Share;
  /**
   * Memory for what may be asked for again, never more than half of the limit. Streams go first: `giveWay` is called to drop
   * so many bytes of what nobody reads, at once, whenever a stream holds what no longer fits beside them.
   */
  openCache(wantedBytes: number, giveWay: (bytes: number) => void): CacheShare;
  /** Held right now over all shares of streams. */
  usedBytes(): number;
  /** Held right now over all caches. */
  cachedBytes(): number;
  limitBytes(): number;
  shareCount(): number;
};

export type Share = {
  /**
   * How many bytes this stream may hold right now: shrinks when many streams want memory, never below 256 KiB (streams
   * are never killed for memory). Cheap: called per read.
   */
  windowBytes(): number;
  /** Bytes taken into buffers. */
  hold(bytes: number): void;
  /** Bytes given back from buffers. */
  free(bytes: number): void;
  heldBytes(): number;
  /** Idempotent; frees what is still held. */
  close(): void;
};

export type CacheShare = {
  /** What may be taken now with nothing dropped. */
  roomBytes(): number;
  heldBytes(): number;
  /** One thing kept, of no bytes yet and read by nobody. */
  keep(): Kept;
};

export type Kept = {
  heldBytes(): number;
  /** False once it is dropped. */
  grow(bytes: number): boolean;
  /** Somebody reads it (or nobody any more): what is read does not give way, and the windows of streams shrink by it. */
  setRead(isRead: boolean): void;
  /** It is dropped. Idempotent. */
  close(): void;
};

/** Smallest window, and the step in which wishes are compared: 256 classes, so that sharing out costs the same for 10 streams and 10,000. */
const STEP_BYTES = 256 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
const CLASSES = MOST_BYTES / STEP_BYTES;

/**
 * Shares memory out evenly: each stream gets what it wants or the level, whichever is less, and the level is as high as the
 * limit allows, so what small wishes leave goes to the large ones. A stream that already holds more than its window keeps
 * it until it drains; until then the others grow only into what is free. So all together never hold more than the limit and
 * 256 KiB each (and what a stream reads at once). What caches keep unread counts as free here: it goes when a stream holds.
 */
export function createBudget({ limitBytes }: { limitBytes: number }): Budget {
  /** How many shares want up to (index × 256 KiB). */
  const wishes = new Uint32Array(CLASSES + 1);
  let shares = 0;
  let wantedSteps = 0;
  let used = 0;
  let cached = 0;
  /** The part of `cached` that is being read. */
  let read = 0;
  let level = MOST_BYTES;
  let isLevelDue = false;
  const givers: ((bytes: number) => void)[] = [];

  function levelNow(): number {
    if (isLevelDue) {
      const forStreams = Math.max(0, limitBytes - read);
      level = wantedSteps * STEP_BYTES <= forStreams ? MOST_BYTES : levelOf(wishes, shares, forStreams);
      isLevelDue = false;
    }
    return level;
  }

  function makeRoom(): void {
    for (const giveWay of givers) {
      const over = used + cached - limitBytes;
      if (over <= 0 || cached === read) return;
      giveWay(over);
    }
  }

  function countRead(change: number): void {
    read += change;
    isLevelDue = true;
  }

  return {
    open(wantedBytes) {
      const wanted = Math.min(MOST_BYTES, Math.max(STEP_BYTES, Math.floor(wantedBytes)));
      const steps = Math.ceil(wanted / STEP_BYTES);
      count(steps, 1);
      let held = 0;
      let isOpen = true;
      return {
        windowBytes() {
          const free = Math.max(0, limitBytes - used - read);
          return Math.max(STEP_BYTES, Math.min(wanted, levelNow(), held + free));
        },
        hold(bytes) {
          if (!isOpen) return;
          held += bytes;
          used += bytes;
          if (used + cached > limitBytes) makeRoom();
        },
        free(bytes) {
          const freed = Math.min(bytes, held);
          held -= freed;
          used -= freed;
        },
        heldBytes: () => held,
        close() {
          if (!isOpen) return;
          isOpen = false;
          used -= held;
          held = 0;
          count(steps, -1);
        },
      };
    },
    openCache(wantedBytes, giveWay) {
      const most = Math.min(wantedBytes, Math.floor(limitBytes / 2));
      let all = 0;
      givers.push(giveWay);
      return {
        roomBytes: () => Math.max(0, Math.min(most - all, limitBytes - used - cached)),
        heldBytes: () => all,
        keep: () =>
          createKept((change, readChange) => {
            all += change;
            cached += change;
            if (readChange !== 0) countRead(readChange);
          }),
      };
    },
    usedBytes: () => used,
    cachedBytes: () => cached,
    limitBytes: () => limitBytes,
    shareCount: () => shares,
  };

  function count(steps: number, change: 1 | -1): void {
    wishes[steps] = (wishes[steps] ?? 0) + change;
    wantedSteps += change * steps;
    shares += change;
    isLevelDue = true;
  }
}

/** `onChange`: so many bytes more (or fewer) are held, and are being read. */
function createKept(onChange: (change: number, readChange: number) => void): Kept {
  let held = 0;
  let isRead = false;
  let isOpen = true;
  return {
    heldBytes: () => held,
    grow(bytes) {
      if (!isOpen) return false;
      held += bytes;
      onChange(bytes, isRead ? bytes : 0);
      return true;
    },
    setRead(next) {
      if (!isOpen || next === isRead) return;
      isRead = next;
      onChange(0, next ? held : -held);
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      onChange(-held, isRead ? -held : 0);
      held = 0;
    },
  };
}

/** The water level: what each of those gets whose wish is not met, when the limit is less than all wishes. */
function levelOf(wishes: Uint32Array, shares: number, limitBytes: number): number {
  let left = limitBytes;
  let unmet = shares;
  for (let steps = 1; steps <= CLASSES; steps += 1) {
    const wishing = wishes[steps] ?? 0;
    if (wishing === 0) continue;
    const wanted = steps * STEP_BYTES;
    if (wanted * unmet > left) return Math.floor(left / unmet);
    left -= wanted * wishing;
    unmet -= wishing;
  }
  return MOST_BYTES;
}
