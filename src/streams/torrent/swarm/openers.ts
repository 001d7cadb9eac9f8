type Opener = { isHasty: boolean; resolve(): void; reject(error: Error): void };

/** Who waits for the files of a torrent to be known. */
export class Openers {
  readonly #waiting = new Set<Opener>();

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Resolves when they are; rejects when `signal` aborts. */
  wait(isHasty: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((fulfil, fail) => {
      const end = (settle: () => void) => {
        this.#waiting.delete(opener);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const opener = {
        isHasty,
        resolve: () => end(fulfil),
        reject: (error: Error) => end(() => fail(error)),
      };
      const onAbort = () => end(() => fail(signal.reason));
      this.#waiting.add(opener);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  resolve(): void {
    for (const { resolve } of [...this.#waiting]) resolve();
  }

  /** All of them, or those in a hurry. */
  reject(error: Error, onlyHasty = false): void {
    for (const { isHasty, reject } of [...this.#waiting]) if (isHasty || !onlyHasty) reject(error);
  }
}
