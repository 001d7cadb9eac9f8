import { roomOf, type SlabBuffer } from '../../slab-memory.ts';
import type { Attempt } from '../providers/articles-of.ts';
import type { ArticleDecoder, Yenc, YencHeader } from '../yenc/decoder.ts';

/** An article's bytes in memory. */
export type Place = { readonly buffer: SlabBuffer; readonly length: number; readonly header: YencHeader };

export type AttemptOwner = {
  /** Why such an article is not what was asked for; null: it may be. */
  refusal(header: YencHeader): string | null;
  /** Memory for it; null: nobody wants it any more, or there is none. */
  take(header: YencHeader): SlabBuffer | null;
  /** More of it is here, or it has ended. */
  moved(attempt: ArticleAttempt): void;
  /** Nothing is written by it any more. */
  ended(attempt: ArticleAttempt): void;
};

/** One try, decoded where it stays; whoever owns it hears of each step. It is its own decoder: no bytes are touched here. */
export class ArticleAttempt implements Attempt, ArticleDecoder {
  readonly decoder: ArticleDecoder = this;
  readonly #yenc: Yenc;
  readonly #inner: ArticleDecoder;
  #rest: ArticleDecoder | null = null;
  readonly #owner: AttemptOwner;
  #refusal: string | null = null;
  place: Place | null = null;
  /** Of what was given to viewers it has been compared so far; -1: it differs. */
  agreesTo = 0;
  isDropped = false;

  constructor(yenc: Yenc, owner: AttemptOwner) {
    this.#yenc = yenc;
    this.#owner = owner;
    this.#inner = yenc.decoder((header) => this.#takePlace(header));
  }

  get header(): YencHeader | null {
    return this.#inner.header;
  }

  get out(): Uint8Array | null {
    return this.#inner.out;
  }

  get written(): number {
    return this.#inner.written;
  }

  get crc(): number {
    return this.#inner.crc;
  }

  get isEnded(): boolean {
    return (this.#rest ?? this.#inner).isEnded;
  }

  get fault(): string | null {
    return this.#refusal ?? this.#inner.fault;
  }

  /** Bytes that may be read. */
  get usable(): number {
    return this.fault === null && !this.isDropped && this.place !== null ? this.#inner.written : 0;
  }

  /** It writes nowhere any more. */
  get isDone(): boolean {
    return this.isDropped || this.#inner.isEnded;
  }

  get isWhole(): boolean {
    return this.#inner.isEnded && this.fault === null && this.place?.length === this.#inner.written;
  }

  feed(from: number, to: number): number {
    if (this.#rest !== null) return this.#rest.feed(from, to);
    const [written, hadFault] = [this.#inner.written, this.fault !== null];
    const stopped = this.#inner.feed(from, to);
    if (this.#inner.written !== written || (this.fault !== null) !== hadFault || this.#inner.isEnded)
      this.#owner.moved(this);
    if (this.#inner.isEnded) this.#owner.ended(this);
    return stopped;
  }

  dropped(): void {
    if (this.isDropped) return;
    this.isDropped = true;
    // Its memory is given to others now: if something comes all the same, it is read to its end and goes nowhere.
    if (!this.#inner.isEnded) this.#rest = this.#yenc.decoder(() => null);
    this.#owner.ended(this);
  }

  #takePlace(header: YencHeader): Uint8Array | null {
    if (this.isDropped) return null;
    this.#refusal = this.#owner.refusal(header);
    const buffer = this.#refusal === null ? this.#memoryFor(header) : null;
    if (buffer === null) return null;
    this.place = { buffer, length: header.end - header.begin, header };
    return roomOf(buffer) ?? buffer.bytes;
  }

  /** Nothing is thrown into the middle of a socket's reading. */
  #memoryFor(header: YencHeader): SlabBuffer | null {
    try {
      return this.#owner.take(header);
    } catch {
      this.#refusal = 'there is no memory for it';
      return null;
    }
  }
}
