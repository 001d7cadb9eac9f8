/** What a gigabit line brings, in bytes a second. */
const LINE_BYTES_PER_SECOND = 125_000_000;
/** A run that is kept in one go: neighbours are of more use to the next viewer than every sixth article. */
const RUN_BYTES = 32 * 1024 * 1024;

/**
 * How fast the disk is written to: all that a gigabit line brings is kept, and of what comes faster as much as that, in runs. Unbounded, a
 * fast provider would have the cache of 2 GiB written over every six seconds, at a fifth of the machine's time, and the disk worn for
 * what is fetched again in no time.
 */
export class WritePace {
  readonly #bytesPerSecond: number;
  readonly #runBytes: number;
  #left: number;
  #at: number;
  #isResting = false;

  /** `now` in ms, as all times here. */
  constructor(now: number, bytesPerSecond = LINE_BYTES_PER_SECOND, runBytes = RUN_BYTES) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#runBytes = runBytes;
    this.#left = runBytes;
    this.#at = now;
  }

  /** Whether so many bytes may be written now; then they are counted. What is longer than a run may when a whole one is due. */
  spend(bytes: number, now: number): boolean {
    const come = ((now - this.#at) / 1000) * this.#bytesPerSecond;
    this.#left = Math.min(this.#runBytes, this.#left + come);
    this.#at = now;
    if (this.#left >= this.#runBytes) this.#isResting = false;
    if (this.#isResting) return false;
    this.#left -= bytes;
    this.#isResting = this.#left <= 0;
    return true;
  }
}
