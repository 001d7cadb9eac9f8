import type { ByteSink } from '../streams/kind.ts';
import type { PlayResponse } from './deps.ts';

/** How much may lie between the source and the client's socket: a stream's share of the memory budget. */
export type Window = { windowBytes(): number; hold(bytes: number): void; free(bytes: number): void };

/** Who hears of the bytes of the file; those of part heads are not among them. */
export type Told = {
  /** The head goes out now, before the byte at `offset`; of several parts each begins so. */
  onStart(offset: number): void;
  /** Came from the source. */
  onReceived(sizeBytes: number): void;
  /** Went out to the client. */
  onDelivered(sizeBytes: number): void;
  /** The source broke off and goes on by itself. */
  onResumed(): void;
};

/**
 * What a source's bytes go into on their way to a response. Chunks reach the socket without a copy and may be several at
 * once, up to the window: with one at a time the source would be stopped and started for each. A class, as each range of
 * a film makes one.
 */
export class ResponseSink implements ByteSink {
  readonly #response: PlayResponse;
  readonly #window: Window;
  readonly #told: Told;
  /** Runs before the next byte. */
  #begin: (() => void) | null = null;
  #inFlight = 0;
  #isFull = false;
  #onDrain: () => void = () => {};

  constructor(response: PlayResponse, window: Window, told: Told) {
    this.#response = response;
    this.#window = window;
    this.#told = told;
  }

  /** `run` writes what comes before the next byte of the file: the head, or that of a part. */
  beginWith(run: () => void): void {
    this.#begin = run;
  }

  /** Does it now, where it has not been done. */
  begin(): void {
    const run = this.#begin;
    this.#begin = null;
    run?.();
  }

  write(chunk: Uint8Array, done: () => void): boolean {
    if (this.#begin !== null) this.begin();
    const sizeBytes = chunk.length;
    this.#inFlight += sizeBytes;
    this.#window.hold(sizeBytes);
    this.#told.onReceived(sizeBytes);
    this.#response.write(chunk, (error) => {
      if (!error) this.#told.onDelivered(sizeBytes);
      done();
      this.#left(sizeBytes);
    });
    this.#isFull = this.#inFlight >= this.#window.windowBytes();
    return !this.#isFull;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  resumed(): void {
    this.#told.onResumed();
  }

  #left(sizeBytes: number): void {
    this.#inFlight -= sizeBytes;
    this.#window.free(sizeBytes);
    if (!this.#isFull || this.#inFlight > this.#window.windowBytes() / 2) return;
    this.#isFull = false;
    this.#onDrain();
  }
}
