/** One global memory budget in bytes over all streams of the process. */
export type Budget = {
  /** A stream's share; `wantedBytes` is what it would like to buffer (HTTP 4 MiB, torrents/Usenet 16 MiB), never more than 64 MiB. */
  open(wantedBytes: number): Share;
  /** Held right now over all shares. */
  usedBytes(): number;
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

/** Smallest window, and the step in which wishes are compared: 256 classes, so that sharing out costs the same for 10 streams and 10,000. */
const STEP_BYTES = 256 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
const CLASSES = MOST_BYTES / STEP_BYTES;

/**
 * Shares memory out evenly: each stream gets what it wants or the level, whichever is less, and the level is as high as the
 * limit allows, so what small wishes leave goes to the large ones. A stream that already holds more than its window keeps
 * it until it drains; until then the others grow only into what is free. So all together never hold more than the limit and
 * 256 KiB each (and what a stream reads at once).
 */
export function createBudget({ limitBytes }: { limitBytes: number }): Budget {
  /** How many shares want up to (index × 256 KiB). */
  const wishes = new Uint32Array(CLASSES + 1);
  let shares = 0;
  let wantedSteps = 0;
  let used = 0;
  let level = MOST_BYTES;
  let isLevelDue = false;

  function levelNow(): number {
    if (isLevelDue) {
      level = wantedSteps * STEP_BYTES <= limitBytes ? MOST_BYTES : levelOf(wishes, shares, limitBytes);
      isLevelDue = false;
    }
    return level;
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
          const free = Math.max(0, limitBytes - used);
          return Math.max(STEP_BYTES, Math.min(wanted, levelNow(), held + free));
        },
        hold(bytes) {
          if (!isOpen) return;
          held += bytes;
          used += bytes;
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
    usedBytes: () => used,
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
