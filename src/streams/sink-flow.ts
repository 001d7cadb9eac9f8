import type { ByteSink } from './kind.ts';

/** Feeds a sink from a source that is read at our own pace: files, articles, pieces. */
export type Flow = {
  /** Waits until the sink takes bytes and a buffer may be filled; rejects with the signal's reason on abort. */
  ready(): Promise<void>;
  /** Hands a chunk over; `release` runs when the sink is done with it. */
  write(chunk: Uint8Array, release: () => void): void;
  /** Waits until the sink has taken everything. */
  finish(): Promise<void>;
  /** Call in `finally`. */
  close(): void;
};

/** At most `maxInFlight` chunks are with the sink at once, so a slow client costs that many buffers and no more. */
export function createFlow(sink: ByteSink, signal: AbortSignal, maxInFlight: number): Flow {
  let inFlight = 0;
  let isFull = false;
  let wake: (() => void) | null = null;
  const stir = () => wake?.();

  async function until(isMet: () => boolean): Promise<void> {
    signal.throwIfAborted();
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
      signal.throwIfAborted();
    }
  }

  sink.onDrain(() => {
    isFull = false;
    stir();
  });
  signal.addEventListener('abort', stir);
  return {
    ready: () => until(() => !isFull && inFlight < maxInFlight),
    write(chunk, release) {
      inFlight += 1;
      const takesMore = sink.write(chunk, () => {
        inFlight -= 1;
        release();
        stir();
      });
      isFull = !takesMore;
    },
    finish: () => until(() => inFlight === 0),
    close: () => signal.removeEventListener('abort', stir),
  };
}
