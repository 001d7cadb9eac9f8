import type { Reading } from './reading.ts';

/** How long a reading is kept for the range that follows. */
const PARKED_MS = 15_000;
const SWEEP_MS = 1000;
/** Of one file. A third would have held the connection that the next seek takes at once. */
const MOST_PARKED = 2;

/** Readings whose range is over and whose file is not. */
export class Parked {
  readonly #readings = new Map<string, Reading[]>();
  #sweeper: NodeJS.Timeout | null = null;

  put(key: string, reading: Reading): void {
    reading.parkedAt = performance.now();
    const others = this.#readings.get(key);
    if (others === undefined) this.#readings.set(key, [reading]);
    else others.push(reading);
    const [oldest] = others ?? [];
    if (others !== undefined && others.length > MOST_PARKED && oldest !== undefined) {
      this.#drop(key, oldest);
      oldest.cut();
    }
    this.#sweeper ??= setInterval(() => this.#sweep(performance.now() - PARKED_MS), SWEEP_MS).unref();
  }

  /** The one with the least to skip before `at`; null: none will do. */
  take(key: string, at: number, mostSkipped: number): Reading | null {
    const readings = this.#readings.get(key);
    let best: Reading | null = null;
    for (const reading of readings ?? [])
      if (reading.serves(at, mostSkipped) && (best === null || reading.at > best.at)) best = reading;
    if (best !== null) this.#drop(key, best);
    return best;
  }

  close(): void {
    this.#sweep(Number.POSITIVE_INFINITY);
  }

  #sweep(oldest: number): void {
    for (const [key, readings] of this.#readings)
      for (const reading of readings.filter(({ parkedAt }) => parkedAt < oldest)) {
        this.#drop(key, reading);
        reading.cut();
      }
    if (this.#readings.size > 0 || this.#sweeper === null) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  #drop(key: string, reading: Reading): void {
    const rest = (this.#readings.get(key) ?? []).filter((other) => other !== reading);
    if (rest.length === 0) this.#readings.delete(key);
    else this.#readings.set(key, rest);
  }
}
