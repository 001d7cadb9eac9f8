import type { Lease } from './lease.ts';

/** Articles that are wanted for one piece of work; left when it ends or `signal` aborts. */
export class Leases {
  readonly #signal: AbortSignal;
  readonly #leases = new Set<Lease>();
  readonly #onAbort = () => this.#leaveAll(this.#signal.reason);

  constructor(signal: AbortSignal) {
    signal.throwIfAborted();
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Null, where there was no memory, is for those who read ahead. */
  add(lease: Lease | null): Lease {
    if (lease === null) throw new Error('there is no memory for an article that somebody waits for');
    this.#leases.add(lease);
    if (this.#signal.aborted) this.#leaveAll(this.#signal.reason);
    return lease;
  }

  leave(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#leaveAll(new Error('it is not wanted any more'));
  }

  #leaveAll(reason: unknown): void {
    for (const lease of this.#leases) lease.leave(reason);
    this.#leases.clear();
  }
}
