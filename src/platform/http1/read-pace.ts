/** Past what the kernel's buffers take of a viewer who reads nothing (9 MB on loopback): such a one is not fast. */
const FAST_AFTER_BYTES = 12 * 1024 * 1024;

/** How a connection is read, tick by tick: whether it is worth a larger buffer, and for how long nothing has come. */
export class ReadPace {
  #bytesOfTick = 0;
  #silentTicks = 0;
  #isFast = false;

  /**
   * So much came within a tick, now or in the last one. A short read does not end it: one that is faster than its server drains the
   * socket now and then, and would read by small pieces for all the next ones.
   */
  get isFast(): boolean {
    return this.#isFast;
  }

  /** `earlierBytes`: what came on a connection that broke off. */
  begin(earlierBytes = 0): void {
    this.#silentTicks = 0;
    if (earlierBytes >= FAST_AFTER_BYTES) this.#isFast = true;
  }

  count(bytes: number): void {
    this.#bytesOfTick += bytes;
    if (this.#bytesOfTick >= FAST_AFTER_BYTES) this.#isFast = true;
  }

  /** Ticks in a row in which nothing came although it was read. */
  tick(isRead: boolean): number {
    this.#silentTicks = isRead && this.#bytesOfTick === 0 ? this.#silentTicks + 1 : 0;
    this.#isFast = this.#bytesOfTick >= FAST_AFTER_BYTES;
    this.#bytesOfTick = 0;
    return this.#silentTicks;
  }
}

export class Silent extends Error {
  readonly code = 'ETIMEDOUT';
}
