import { setTimeout as sleep } from 'node:timers/promises';

/** So many requests a second, at most; whoever comes too early waits in turn. */
export type TokenBucket = {
  /** Waits for its turn and answers null; milliseconds, at once, where that would be more than `longestWaitMs`. */
  take(signal: AbortSignal): Promise<number | null>;
  /** Nobody's turn comes within so many milliseconds: the other side said so. */
  hold(forMs: number): void;
};

/** Generic cell rate algorithm (ITU-T I.371): one number instead of a timer that fills the bucket. */
export function createTokenBucket(perSecond: number, burst: number, longestWaitMs: number): TokenBucket {
  const intervalMs = 1000 / perSecond;
  const allowanceMs = (burst - 1) * intervalMs;
  let emptyUntil = 0;
  return {
    async take(signal) {
      signal.throwIfAborted();
      const now = performance.now();
      const waitMs = Math.max(0, emptyUntil - allowanceMs - now);
      if (waitMs > longestWaitMs) return waitMs;
      emptyUntil = Math.max(emptyUntil, now) + intervalMs;
      if (waitMs > 0) await sleep(waitMs, undefined, { signal });
      return null;
    },
    hold(forMs) {
      emptyUntil = Math.max(emptyUntil, performance.now() + forMs + allowanceMs);
    },
  };
}
