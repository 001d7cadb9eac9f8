import type { Budget, CacheShare, Kept } from '../../platform/budget.ts';
import type { Reading } from './reading.ts';

/** How long a reading is kept for the range that follows. */
const PARKED_MS = 15_000;
const SWEEP_MS = 1000;
/** Of one file. A third would have held the connection that the next seek takes at once. */
const MOST_OF_FILE = 2;
/** Of all files: each holds a connection. */
const MOST = 64;
/** One read is kept for the next range, and a buffer waits for the one after it; so much is counted from the beginning, as it comes when it comes. */
const KEPT_BYTES = 2 * 1024 * 1024;

/** Readings whose range is over and whose file is not. What they keep counts in the budget, and gives way to streams, the oldest first. */
export class Parked {
  /** The oldest first. */
  readonly #readings = new Map<Reading, { key: string; since: number; memory: Kept }>();
  readonly #memory: CacheShare;
  #sweeper: NodeJS.Timeout | null = null;

  constructor(budget: Pick<Budget, 'openCache'>) {
    this.#memory = budget.openCache(MOST * KEPT_BYTES, (bytes) => {
      const enough = this.#memory.heldBytes() - bytes;
      while (this.#memory.heldBytes() > enough && this.#cutOldest());
    });
  }

  put(key: string, reading: Reading): void {
    while (this.#memory.roomBytes() < KEPT_BYTES && this.#cutOldest());
    if (this.#memory.roomBytes() < KEPT_BYTES) {
      reading.cut();
      return;
    }
    const memory = this.#memory.keep();
    memory.grow(KEPT_BYTES);
    this.#readings.set(reading, { key, since: performance.now(), memory });
    const ofFile = this.#of(key);
    if (ofFile.length > MOST_OF_FILE) this.#cut(ofFile[0]);
    if (this.#readings.size > MOST) this.#cutOldest();
    this.#sweeper ??= setInterval(() => this.#sweep(performance.now() - PARKED_MS), SWEEP_MS).unref();
  }

  /** The one with the least to skip before `at`; null: none will do. */
  take(key: string, at: number, mostSkipped: number): Reading | null {
    let best: Reading | null = null;
    for (const reading of this.#of(key))
      if (reading.serves(at, mostSkipped) && (best === null || reading.at > best.at)) best = reading;
    if (best !== null) this.#forget(best);
    return best;
  }

  close(): void {
    this.#sweep(Number.POSITIVE_INFINITY);
  }

  #of(key: string): Reading[] {
    const ofFile: Reading[] = [];
    for (const [reading, parked] of this.#readings) if (parked.key === key) ofFile.push(reading);
    return ofFile;
  }

  #sweep(oldest: number): void {
    for (const [reading, { since }] of this.#readings) if (since < oldest) this.#cut(reading);
    if (this.#readings.size > 0 || this.#sweeper === null) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  /** False: there is none. */
  #cutOldest(): boolean {
    const oldest = this.#readings.keys().next().value;
    this.#cut(oldest);
    return oldest !== undefined;
  }

  #cut(reading: Reading | undefined): void {
    if (reading === undefined) return;
    this.#forget(reading);
    reading.cut();
  }

  #forget(reading: Reading): void {
    this.#readings.get(reading)?.memory.close();
    this.#readings.delete(reading);
  }
}
