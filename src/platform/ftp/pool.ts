import { abortable } from '../abortable.ts';
import { createReadBuffers } from '../http1/read-buffers.ts';
import type { Net } from '../net.ts';
import type { FtpPlace } from './place.ts';
import { PlaceQueue } from './place-queue.ts';
import type { FtpSession, FtpTimes } from './session.ts';

/** Who has a session. */
export type FtpHolder = {
  /** Whether others may have it now: it is kept for nobody in particular, or for somebody who does not read. */
  mayYield(): boolean;
  /** Asked to let go of it, as others wait. */
  yield(): void;
};

export type FtpLease = {
  readonly session: FtpSession;
  /** Who has it from now on; null: it is soon given back. */
  hold(holder: FtpHolder | null): void;
  /** Once, when the session takes the next command (or is closed). */
  release(): void;
};

/** Logged-in control connections, kept per server and login for whoever comes next. */
export type FtpPool = {
  /**
   * A session of this place: a waiting one, else a new one, else (where there are too many) the next that others give back. A dial
   * that was begun goes on when nobody waits any more: a player that seeks twenty times logs in once. Rejects with what the server said.
   */
  lease(place: FtpPlace, signal: AbortSignal): Promise<FtpLease>;
  counts(): { open: number };
  /** Nobody has a session or waits for one, and none is kept. */
  isIdle(): boolean;
  close(): void;
};

export type FtpPoolOptions = Partial<FtpTimes> & {
  /** Per server and login. */
  mostPerPlace?: number;
  /** A session that nobody has used for so long is closed. */
  keepMs?: number;
};

const TIMES: FtpTimes = { replyMs: 10_000, loginMs: 20_000, idleMs: 15_000, cutMs: 1500 };
const MOST_PER_PLACE = 4;
const KEEP_MS = 60_000;
const TICK_MS = 250;
const TRIM_MS = 10_000;

export function createFtpPool(net: Pick<Net, 'dial'>, options: FtpPoolOptions = {}): FtpPool {
  const { mostPerPlace = MOST_PER_PLACE, keepMs = KEEP_MS, ...times } = options;
  const buffers = createReadBuffers();
  const deps = { net, buffers, times: { ...TIMES, ...times } };
  const queues = new Map<string, PlaceQueue>();
  let ticker: NodeJS.Timeout | null = null;
  let trimmedAt = 0;
  let isClosed = false;

  function tick(): void {
    const now = performance.now();
    for (const [key, queue] of queues) {
      queue.tick(now - keepMs);
      if (queue.isEmpty) queues.delete(key);
    }
    if (now - trimmedAt < TRIM_MS) return;
    trimmedAt = now;
    if (buffers.trim() || queues.size > 0 || ticker === null) return;
    clearInterval(ticker);
    ticker = null;
  }

  return {
    async lease(place, signal) {
      signal.throwIfAborted();
      if (isClosed) throw new Error('the server stops');
      const key = JSON.stringify(Object.values(place));
      const queue = queues.get(key) ?? new PlaceQueue(place, deps, mostPerPlace);
      queues.set(key, queue);
      ticker ??= setInterval(tick, TICK_MS).unref();
      const waiting = queue.wait();
      try {
        return await abortable(waiting.lease, signal);
      } catch (error) {
        if (signal.aborted) queue.leave(waiting);
        throw error;
      }
    },
    counts: () => ({ open: [...queues.values()].reduce((sum, { openCount }) => sum + openCount, 0) }),
    isIdle: () => [...queues.values()].every((queue) => queue.isEmpty),
    close() {
      isClosed = true;
      for (const queue of queues.values()) queue.close();
      queues.clear();
      if (ticker !== null) clearInterval(ticker);
      ticker = null;
    },
  };
}
