import type { ByteSink } from './kind.ts';

/** How far a range has been sent, over all its transfers: offsets of its first byte and of the next. */
export type Progress = { readonly from: number; at: number };

/** Cuts the wanted bytes out of a body and passes them on. A class: each range of a film makes one. */
export class Cutter {
  /** Bytes that come before the wanted ones. */
  toSkip = 0;
  #missing: number;
  #inFlight = 0;
  #hasEnded = false;
  readonly #sink: Pick<ByteSink, 'write'>;
  readonly #progress: Progress;
  readonly #onDone: () => void;

  /** Calls `onDone` when the sink has taken all. `wanted` is Infinity for an unknown length. */
  constructor(wanted: number, sink: Pick<ByteSink, 'write'>, progress: Progress, onDone: () => void) {
    this.#missing = wanted;
    this.#sink = sink;
    this.#progress = progress;
    this.#onDone = onDone;
  }

  /** Passes on what belongs to the range and calls `release` when the sink is done with it; false = the sink is full. */
  take(chunk: Uint8Array, release: () => void): boolean {
    const from = Math.min(this.toSkip, chunk.length);
    this.toSkip -= from;
    const isWhole = from === 0 && chunk.length <= this.#missing;
    const piece = isWhole ? chunk : chunk.subarray(from, from + this.#missing);
    if (piece.length === 0) {
      release();
      return true;
    }
    this.#missing -= piece.length;
    this.#inFlight += 1;
    this.#progress.at += piece.length;
    return this.#sink.write(piece, () => {
      this.#inFlight -= 1;
      release();
      this.#settle();
    });
  }

  /** Bytes that may still come before the range is complete. */
  wants(): number {
    return this.toSkip + this.#missing;
  }

  /** The origin is done. False: bytes of a known length are missing. */
  end(): boolean {
    if (this.#missing !== 0 && this.#missing !== Number.POSITIVE_INFINITY) return false;
    this.#hasEnded = true;
    this.#settle();
    return true;
  }

  #settle(): void {
    if (this.#inFlight === 0 && this.#hasEnded) this.#onDone();
  }
}
