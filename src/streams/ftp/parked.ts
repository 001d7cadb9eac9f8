import type { Reading } from './reading.ts';

/** How long a reading is kept for the range that follows. */
const PARKED_MS = 15_000;
const SWEEP_MS = 1000;
/** Of one file. A third would have held the connection that the next seek takes at once. */
const MOST_OF_FILE = 2;
/** Of all files: each holds a connection and at most one read of 1 MiB. */
const MOST = 64;

/** Readings whose range is over and whose file is not. */
export class Parked {
  /** The oldest first. */
  readonly #readings = new Map<Reading, { key: string; since: number }>();
  #sweeper: NodeJS.Timeout | null = null;

  put(key: string, reading: Reading): void {
    this.#readings.set(reading, { key, since: performance.now() });
    const ofFile = this.#of(key);
    if (ofFile.length > MOST_OF_FILE) this.#cut(ofFile[0]);
    if (this.#readings.size > MOST) this.#cut(this.#readings.keys().next().value);
    this.#sweeper ??= setInterval(() => this.#sweep(performance.now() - PARKED_MS), SWEEP_MS).unref();
  }

  /** The one with the least to skip before `at`; null: none will do. */
  take(key: string, at: number, mostSkipped: number): Reading | null {
    let best: Reading | null = null;
    for (const reading of this.#of(key))
      if (reading.serves(at, mostSkipped) && (best === null || reading.at > best.at)) best = reading;
    if (best !== null) this.#readings.delete(best);
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

  #cut(reading: Reading | undefined): void {
    if (reading === undefined) return;
    this.#readings.delete(reading);
    reading.cut();
  }
}
