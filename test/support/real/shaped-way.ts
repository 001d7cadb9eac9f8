import type { Socket } from 'node:net';

export type Shape = {
  /** One way; a round trip is twice that. */
  delayMs: number;
  bytesPerSecond: number | null;
};

/** What goes on: bytes, or the end of the connection as it is cut in the middle. */
type Waiting = { due: number; bytes: Buffer } | { due: number; cut: 'reset' | 'end' };

const PART_BYTES = 16 * 1024;
/** What a home router holds back before the sender's window stops it. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;

/** One direction of a connection through a relay: late and slow, always in order. Takes the bytes that `from` gives, if need be changed by `taken`. */
export class ShapedWay {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #shape: Shape;
  readonly #queue: Waiting[] = [];
  #held = 0;
  #lastDue = 0;
  #timer: NodeJS.Timeout | null = null;
  #isEnded = false;
  #isFrozen = false;

  constructor(from: Socket, to: Socket, shape: Shape, taken: (chunk: Buffer, way: ShapedWay) => void) {
    this.#from = from;
    this.#to = to;
    this.#shape = shape;
    from.on('data', (chunk: Buffer) => taken(chunk, this));
    from.on('end', () => this.#end());
    from.on('error', () => to.destroy());
  }

  send(bytes: Buffer): void {
    const { delayMs, bytesPerSecond } = this.#shape;
    const isPlain = delayMs === 0 && bytesPerSecond === null;
    if (isPlain && this.#queue.length === 0 && performance.now() >= this.#lastDue && !this.#isFrozen)
      this.#pass(bytes);
    else this.#delay(bytes);
  }

  /** What comes after is later by so much. */
  hold(ms: number): void {
    this.#lastDue = Math.max(performance.now(), this.#lastDue) + ms;
  }

  /** When what came before has gone. */
  cut(how: 'reset' | 'end'): void {
    this.#queue.push({ due: this.#lastDue + this.#shape.delayMs, cut: how });
    this.#waitForNext();
  }

  /** Nothing goes on until it may again. */
  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
    if (!isFrozen) this.#waitForNext();
  }

  /** Neither late nor slow: as fast as the other side takes it. */
  #pass(chunk: Buffer): void {
    if (this.#to.write(chunk)) return;
    this.#from.pause();
    this.#to.once('drain', () => this.#from.resume());
  }

  #delay(chunk: Buffer): void {
    const { delayMs, bytesPerSecond } = this.#shape;
    this.#held += chunk.length;
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      const bytes = chunk.subarray(at, at + PART_BYTES);
      const seconds = bytesPerSecond === null ? 0 : bytes.length / bytesPerSecond;
      this.#lastDue = Math.max(performance.now(), this.#lastDue) + seconds * 1000;
      this.#queue.push({ due: this.#lastDue + delayMs, bytes });
    }
    if (this.#held >= MAX_HELD_BYTES) this.#from.pause();
    this.#waitForNext();
  }

  #waitForNext(): void {
    const [next] = this.#queue;
    if (next === undefined || this.#isFrozen) return;
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(0, next.due - performance.now()));
  }

  #flush(): void {
    this.#timer = null;
    if (this.#isFrozen) return;
    const now = performance.now();
    const later = this.#queue.findIndex(({ due }) => due > now);
    for (const waiting of this.#queue.splice(0, later < 0 ? this.#queue.length : later)) this.#go(waiting);
    if (this.#held < MAX_HELD_BYTES && this.#from.isPaused()) this.#from.resume();
    if (this.#queue.length > 0) this.#waitForNext();
    else if (this.#isEnded) this.#to.end();
  }

  #go(waiting: Waiting): void {
    if ('bytes' in waiting) this.#held -= waiting.bytes.length;
    if (this.#to.destroyed) return;
    if ('bytes' in waiting) this.#to.write(waiting.bytes);
    else if (waiting.cut === 'reset') this.#to.resetAndDestroy();
    else this.#to.end();
  }

  #end(): void {
    this.#isEnded = true;
    if (this.#queue.length === 0) this.#to.end();
  }
}
