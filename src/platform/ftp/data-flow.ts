import type { Socket } from 'node:net';
import type { ReadBuffers } from '../http1/read-buffers.ts';
import { ReadPace, Silent } from '../http1/read-pace.ts';

/** Takes what comes on one data connection. After `onEnd` nothing more is called. */
export type DataReader = {
  /** `chunk` is the reader's until it calls `release`, once. False: pause until `resume`; what was on its way may still come. */
  onData(chunk: Buffer, release: () => void): boolean;
  /** Null: the server ended it. */
  onEnd(error: Error | null): void;
};

/** TLS hands over 16 KiB at a time; so much has to be free for the next one. */
const RECORD_BYTES = 16 * 1024;
const TICK_MS = 1500;

/** Node's `onread` as it is used here: where the next read goes, and what is done with it; false stops reading. */
export type Onread = { buffer(): Buffer; callback(count: number): boolean };

/** Reads a data connection into recycled buffers; pauses with its reader. */
export class DataFlow {
  readonly onread: Onread;
  readonly #buffers: ReadBuffers;
  readonly #reader: DataReader;
  readonly #gathers: boolean;
  #buffer: Buffer;
  /** Of records that are gathered: how far the buffer is filled, and how far handed over. */
  #filled = 0;
  #handed = 0;
  /** Pieces of the buffer that others have, and ourselves, as long as it is filled. */
  #users = { count: 1 };
  #isFlushDue = false;
  #socket: Socket | null = null;
  #isPaused = false;
  #isOver = false;
  readonly #pace = new ReadPace();
  #ticker: NodeJS.Timeout | null = null;

  /** `gathers`: the records of TLS that come together are handed over together. */
  constructor(buffers: ReadBuffers, reader: DataReader, gathers: boolean) {
    this.#buffers = buffers;
    this.#reader = reader;
    this.#gathers = gathers;
    this.#buffer = buffers.shared;
    this.onread = { buffer: () => this.#room(), callback: (count) => this.#onRead(count) };
  }

  /**
   * The connected socket whose reads come by `onread`. It is closed after `idleMs` in which nothing came although it was read; one that
   * has ended before ends now.
   */
  attach(socket: Socket, idleMs: number): void {
    this.#socket = socket;
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    socket.on('error', (error) => this.#end(error));
    socket.on('end', () => this.#end(null));
    socket.on('close', () => this.#end(null));
    if (socket.destroyed || socket.readableEnded) {
      this.#end(socket.errored);
      return;
    }
    const tickMs = Math.min(TICK_MS, idleMs / 2);
    this.#ticker = setInterval(() => this.#tick(idleMs / tickMs), tickMs).unref();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  /** Closes at once; the reader hears nothing any more. */
  cut(): void {
    this.#isOver = true;
    this.#close();
  }

  #close(): void {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#socket?.destroy();
    this.#retire();
  }

  #tick(mostTicks: number): void {
    if (this.#pace.tick(!this.#isPaused) > mostTicks)
      this.#end(new Silent('the data connection fell silent'));
  }

  #end(error: Error | null): void {
    if (this.#isOver) return;
    this.#flush();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#close();
    this.#reader.onEnd(error);
  }

  /** Asked by Node after each read: the next one may not overwrite what the reader still has. */
  #room(): Buffer {
    // Who is paused for long holds no memory for what comes next: the first read after it is one of the shared buffer. One that is read
    // fast is paused for a moment after nearly every read, or each range of 64 KiB would be a read of 80.
    const isWanted = this.#gathers || !this.#isPaused || this.#pace.isFast;
    if (isWanted && !this.#isOver && this.#buffer === this.#buffers.shared)
      this.#buffer = this.#buffers.take(!this.#gathers && this.#pace.isFast);
    return this.#filled === 0 ? this.#buffer : this.#buffer.subarray(this.#filled);
  }

  /** Node's `onread`: false stops reading. */
  #onRead(count: number): boolean {
    this.#pace.count(count);
    if (this.#isOver) return false;
    if (this.#gathers) this.#gather(count);
    else this.#hand(count);
    return !this.#isPaused && !this.#isOver;
  }

  #hand(count: number): void {
    let lent = this.#buffer;
    if (lent === this.#buffers.shared) {
      lent = this.#buffers.takeSmall();
      this.#buffer.copy(lent, 0, 0, count);
    } else this.#buffer = this.#buffers.shared;
    this.#give(lent.subarray(0, count), () => this.#buffers.give(lent));
  }

  #give(chunk: Buffer, release: () => void): void {
    const takesMore = this.#reader.onData(chunk, release);
    if (!this.#isOver) this.#isPaused = !takesMore;
  }

  #gather(count: number): void {
    this.#filled += count;
    const isFull = this.#buffer.length - this.#filled < RECORD_BYTES;
    if (isFull) {
      this.#flush();
      if (!this.#isOver) this.#retire();
    } else if (!this.#isFlushDue) this.#flushSoon();
  }

  #flushSoon(): void {
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      if (this.#isOver) return;
      this.#flush();
      if (this.#isPaused) this.#socket?.pause();
    });
  }

  /** Hands over what has been gathered; the next record still goes behind it, as Node has been told. */
  #flush(): void {
    if (this.#filled === this.#handed) return;
    const chunk = this.#buffer.subarray(this.#handed, this.#filled);
    this.#handed = this.#filled;
    const [buffer, users] = [this.#buffer, this.#users];
    users.count += 1;
    this.#give(chunk, () => {
      users.count -= 1;
      if (users.count === 0) this.#buffers.give(buffer);
    });
  }

  /** The buffer is filled no further. */
  #retire(): void {
    const [buffer, users] = [this.#buffer, this.#users];
    this.#buffer = this.#buffers.shared;
    this.#users = { count: 1 };
    [this.#filled, this.#handed] = [0, 0];
    if (buffer === this.#buffers.shared) return;
    users.count -= 1;
    if (users.count === 0) this.#buffers.give(buffer);
  }
}
