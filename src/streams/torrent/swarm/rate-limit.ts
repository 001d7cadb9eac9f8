/** What the bucket holds at most: a burst after a rest, and what a late wake-up does not lose. */
const BURST_S = 0.25;
/** Waking up more often than this costs more than it evens out. */
const MIN_WAIT_MS = 10;

/**
 * A token bucket in bytes. It may be overdrawn by what is taken at once, so that a block passes a bucket smaller than it; the
 * next one waits the longer. Without a rate it never runs dry.
 */
export class RateLimit {
  #bytesPerSecond = 0;
  #tokens = 0;
  #filledAt = performance.now();
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;

  /** Valid at once; 0: no limit. */
  set(bytesPerSecond: number): void {
    this.#fill();
    this.#bytesPerSecond = bytesPerSecond;
    // A debt of the old rate may be an hour of the new one.
    this.#tokens = Math.max(this.#tokens, -bytesPerSecond * BURST_S);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#wake();
  }

  get isOpen(): boolean {
    return this.available > 0;
  }

  /** Bytes that may go now; not above 0: none. */
  get available(): number {
    if (this.#bytesPerSecond === 0) return Number.POSITIVE_INFINITY;
    this.#fill();
    return this.#tokens;
  }

  take(bytes: number): void {
    if (this.#bytesPerSecond > 0) this.#tokens -= bytes;
  }

  /** Taken and not used. */
  giveBack(bytes: number): void {
    this.take(-bytes);
  }

  /** Calls back once when there is something again, however often it was asked to; who waited longest comes first. */
  wait(resume: () => void): void {
    this.#waiting.add(resume);
    this.#timer ??= setTimeout(() => this.#wake(), this.#waitMs());
  }

  #waitMs(): number {
    return Math.max(MIN_WAIT_MS, Math.ceil((1000 * -this.#tokens) / Math.max(1, this.#bytesPerSecond)));
  }

  #wake(): void {
    this.#timer = null;
    // Each once: who waits again comes behind the others.
    for (const resume of [...this.#waiting]) {
      if (!this.isOpen) break;
      this.#waiting.delete(resume);
      resume();
    }
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#wake(), this.#waitMs());
  }

  #fill(): void {
    const now = performance.now();
    const come = (this.#bytesPerSecond * (now - this.#filledAt)) / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#bytesPerSecond * BURST_S, this.#tokens + come);
  }

  /** Nobody waits any more. */
  close(): void {
    this.#waiting.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
