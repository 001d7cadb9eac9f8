import { abortable } from '../../platform/abortable.ts';
import type { DataReader } from '../../platform/ftp/data-flow.ts';
import { MAX_LISTING_BYTES, tooLarge } from '../ask-folder.ts';

/** Lines that wait to be taken; beyond them the server has to wait. */
const MOST_LINES = 4000;
/** No name is as long; a server that never ends its line is not remembered whole. */
const MAX_LINE_CHARS = 16_384;

/** The lines of one listing as they come, bytes as characters; of a million of them a few thousand are here at a time. More than `mostBytes` fail it. */
export class LineBatches implements DataReader {
  readonly #mostBytes: number;
  #bytes = 0;
  #lines: string[] = [];
  #rest = '';
  #end: { error: Error | null } | null = null;
  #wake = () => {};
  /** Told to go on, once `onData` said false. */
  onRoom = () => {};

  constructor(mostBytes = MAX_LISTING_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** All of it came, or it broke off: the connection is of use again, or gone. */
  get hasEnded(): boolean {
    return this.#end !== null && this.#bytes <= this.#mostBytes;
  }

  onData(chunk: Buffer, release: () => void): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#mostBytes) {
      release();
      this.#end ??= { error: tooLarge() };
      this.#wake();
      return false;
    }
    const text = this.#rest + chunk.toString('latin1');
    release();
    const lines = text.split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
    for (const line of lines) this.#lines.push(line.endsWith('\r') ? line.slice(0, -1) : line);
    this.#wake();
    return this.#lines.length < MOST_LINES;
  }

  onEnd(error: Error | null): void {
    if (this.#rest !== '') this.#lines.push(this.#rest);
    this.#end ??= { error };
    this.#wake();
  }

  /** At most so many, as soon as there are some; null after the last. Rejects when the listing broke off. */
  async next(most: number, signal: AbortSignal): Promise<readonly string[] | null> {
    while (this.#lines.length === 0 && this.#end === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await abortable(promise, signal);
    }
    signal.throwIfAborted();
    if (this.#lines.length > 0) {
      const batch = this.#lines.splice(0, most);
      if (this.#lines.length === 0) this.onRoom();
      return batch;
    }
    if (this.#end?.error) throw this.#end.error;
    return null;
  }
}
