import { abortable } from '../platform/abortable.ts';
import type { ByteSink } from './kind.ts';

/** One write to the sink: what a viewer who stops reading keeps in a socket's queue beyond what the kernel took. */
const CHUNK_BYTES = 1024 * 1024;

type Waiting = { part: number; bytes: Buffer; at: number };

/** Gives parts to a sink in their order, as fast as it takes them, and tells when each has been sent. */
export class PartSender {
  readonly #sink: ByteSink;
  readonly #waiting: Waiting[] = [];
  #isFull = false;
  #isClosed = false;
  #unsent = 0;
  #onSent: (part: number) => void = () => {};
  #onAbandoned: () => void = () => {};
  #onDrained: (() => void) | null = null;

  constructor(sink: ByteSink) {
    this.#sink = sink;
    sink.onDrain(() => {
      this.#isFull = false;
      this.#send();
    });
  }

  /** Told of each part that has been sent, or once that the rest will not be. */
  listen(onSent: (part: number) => void, onAbandoned: () => void): void {
    this.#onSent = onSent;
    this.#onAbandoned = onAbandoned;
  }

  /** `bytes` stay as they are until the part is told as sent. */
  take(part: number, bytes: Buffer): void {
    this.#unsent += 1;
    this.#waiting.push({ part, bytes, at: 0 });
    this.#send();
  }

  #send(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && !this.#isFull && !this.#isClosed;
      next = this.#waiting[0]
    ) {
      const { part, bytes, at } = next;
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      next.at += chunk.length;
      const isLast = next.at >= bytes.length;
      if (isLast) this.#waiting.shift();
      this.#isFull = !this.#sink.write(chunk, isLast ? () => this.#sent(part) : NOTHING);
    }
  }

  #sent(part: number): void {
    if (this.#isClosed) return;
    this.#unsent -= 1;
    this.#onSent(part);
    if (this.#unsent === 0) this.#onDrained?.();
  }

  /** Resolves when the sink has all that was taken. */
  async drained(signal: AbortSignal | undefined): Promise<void> {
    if (this.#unsent === 0) return;
    const drained = new Promise<void>((resolve) => (this.#onDrained = resolve));
    await (signal === undefined ? drained : abortable(drained, signal));
  }

  /** Nothing more is sent. */
  close(): void {
    if (this.#unsent > 0) this.#onAbandoned();
    this.#isClosed = true;
    this.#waiting.length = 0;
  }
}

const NOTHING = () => {};
