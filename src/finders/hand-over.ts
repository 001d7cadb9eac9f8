import { abortable } from '../platform/abortable.ts';

/** From many who give to one who takes. */
export type HandOver<T> = {
  /** Waits until it was taken and the next is asked for. */
  give(value: T): Promise<void>;
  end(): void;
  fail(error: unknown): void;
  /** Throws what `fail` was told once all that was given before is taken, and the reason of the signal at once. */
  taken(): AsyncGenerator<T, void>;
};

export function createHandOver<T>(signal: AbortSignal): HandOver<T> {
  const given: { value: T; done: () => void }[] = [];
  let ending: (() => void) | null = null;
  let wake = () => {};

  function endBy(how: () => void): void {
    ending ??= how;
    wake();
  }

  function give(value: T): Promise<void> {
    const taken = new Promise<void>((done) => {
      given.push({ value, done });
    });
    wake();
    return abortable(taken, signal);
  }

  async function next(): Promise<(typeof given)[number] | null> {
    while (given.length === 0 && ending === null) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await abortable(woken, signal);
    }
    signal.throwIfAborted();
    const first = given.shift();
    if (first === undefined) ending?.();
    return first ?? null;
  }

  return {
    give,
    end: () => endBy(() => {}),
    fail: (error) =>
      endBy(() => {
        throw error;
      }),
    async *taken() {
      for (let part = await next(); part !== null; part = await next()) {
        yield part.value;
        part.done();
      }
    },
  };
}
