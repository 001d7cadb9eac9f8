import type { SlabMemory } from '../../slab-memory.ts';
import { deadSwarm } from '../swarm/dead-swarm.ts';
import { type Layout, pieceBytesOf } from '../swarm/layout.ts';
import { windowBytes } from '../swarm/readers.ts';
import type { EnginePart } from '../thread/thread-engine.ts';
import type { Session } from './session.ts';

/** One part: what is copied at a time. */
const PART_BYTES = 256 * 1024;

type Reader = {
  at: number;
  readonly end: number;
  waitingSince: number | null;
  /** Parts that are not yet sent. */
  outCount: number;
  readonly stop: AbortController;
  /** What is fetched for it, up to this piece; null: nothing. */
  wanted: { first: number; last: number; drop(): void } | null;
};

export type ReadingDeps = {
  memory: SlabMemory;
  deadMs: number;
  /** Of all the disk may hold. */
  windowBytes: number;
};

/** The readers of one torrent: what is fetched for them, and how they get it. */
export class Reading {
  readonly layout: Layout;
  readonly #deps: ReadingDeps;
  readonly #readers = new Set<Reader>();
  /** Who waits for a piece, or for memory. */
  readonly #waiting = new Set<() => void>();
  #session: Session;
  #lastBlockAt = performance.now();

  constructor(layout: Layout, session: Session, deps: ReadingDeps) {
    this.layout = layout;
    this.#session = session;
    this.#deps = deps;
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  onBlock(): void {
    this.#lastBlockAt = performance.now();
  }

  /** Something came, or memory was given back: everybody looks again. */
  onChange(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Another session, which has nothing yet. */
  goOnWith(session: Session): void {
    this.#session = session;
    for (const reader of this.#readers) {
      reader.wanted = null;
      this.#aim(reader);
    }
    this.onChange();
  }

  /** The bytes of a half-open range of the torrent, in parts. */
  async *read(start: number, end: number, signal: AbortSignal): AsyncGenerator<EnginePart> {
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const reader: Reader = { at: start, end, waitingSince: null, outCount: 0, stop, wanted: null };
    this.#readers.add(reader);
    try {
      signal.throwIfAborted();
      while (reader.at < end) {
        const part = await this.#next(reader);
        if (part !== null) yield part;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#readers.delete(reader);
      reader.wanted?.drop();
    }
  }

  /** Null: the session ended meanwhile, and the next one is to be asked. */
  async #next(reader: Reader): Promise<EnginePart | null> {
    const { pieceLength } = this.layout;
    const index = Math.floor(reader.at / pieceLength);
    const offset = reader.at - index * pieceLength;
    const most = Math.min(pieceBytesOf(this.layout, index) - offset, reader.end - reader.at);
    const length = Math.min(PART_BYTES, most);
    this.#aim(reader);
    const { signal } = reader.stop;
    reader.waitingSince = performance.now();
    await this.#until(() => this.#session.has(index), signal);
    reader.waitingSince = null;
    await this.#until(() => reader.outCount === 0 || this.#hasRoom(length), signal);
    const session = this.#session;
    const bytes = await session.read(index, offset, length).catch((error: unknown) => error);
    signal.throwIfAborted();
    if (session !== this.#session) return null;
    if (!Buffer.isBuffer(bytes)) throw bytes;
    reader.at += length;
    return this.#part(reader, bytes);
  }

  #part(reader: Reader, bytes: Buffer): EnginePart {
    const { memory } = this.#deps;
    const buffer = memory.take(bytes.length);
    buffer.bytes.set(bytes);
    reader.outCount += 1;
    return {
      ...{ piece: { buffer }, from: 0, to: bytes.length },
      release: () => {
        memory.give(buffer);
        reader.outCount -= 1;
        this.onChange();
      },
    };
  }

  #hasRoom(length: number): boolean {
    const { memory } = this.#deps;
    return memory.usedBytes() + length <= memory.limitBytes;
  }

  /** Has what comes next fetched, as far as the window goes: the library itself would fetch to the end of the range. */
  #aim(reader: Reader): void {
    const { pieceLength } = this.layout;
    const rate = this.#session.bytesPerSecond;
    const window = windowBytes(rate, this.#readers.size, this.layout, this.#deps.windowBytes);
    const first = Math.floor(reader.at / pieceLength);
    const last = Math.floor((Math.min(reader.end, reader.at + window) - 1) / pieceLength);
    const { wanted } = reader;
    if (wanted !== null && wanted.first <= first && wanted.last >= last) return;
    // The new one first: without any it tells all peers that it wants nothing.
    const drop = this.#session.want(first, Math.max(first, last));
    wanted?.drop();
    reader.wanted = { first, last, drop };
  }

  #until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (isSo()) return Promise.resolve();
    return new Promise((fulfil, fail) => {
      const end = (settle: () => void) => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const look = () => {
        if (isSo()) end(fulfil);
      };
      const onAbort = () => end(() => fail(signal.reason));
      this.#waiting.add(look);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  tick(now: number): void {
    for (const { waitingSince, stop } of this.#readers)
      if (waitingSince !== null && now - Math.max(waitingSince, this.#lastBlockAt) > this.#deps.deadMs)
        stop.abort(
          deadSwarm('No peer of this torrent has sent anything for a minute. Choose another stream.'),
        );
  }

  /** Everybody who reads is told. */
  fail(error: Error): void {
    for (const { stop } of this.#readers) stop.abort(error);
  }
}
