import { Bitfield } from './bitfield.ts';
import type { Peer } from './peer.ts';
import type { Pieces } from './pieces.ts';
import { bitfield, haves } from './wire.ts';

/** Told at a time to one whom no bitfield told. */
const HAVES_AT_ONCE = 4096;
/** Many peers may come in one second, and there may be half a million pieces to look through. */
const BITS_MS = 5000;

/** What peers are told that we have. */
export class Advertised {
  readonly #pieces: Pieces;
  readonly #toldTo = new WeakMap<Peer, number>();
  readonly #fresh = new Set<number>();
  #bits: Bitfield | null = null;
  #bitsMadeAt = 0;

  constructor(pieces: Pieces) {
    this.#pieces = pieces;
  }

  /** It came to the disk. */
  onStored(index: number): void {
    this.#fresh.add(index);
    this.#bits?.set(index);
  }

  /** The message for the beginning of a connection; empty where there is nothing. */
  bitfieldFor(peer: Peer): Uint8Array {
    const { bytes } = this.#bitsNow();
    this.#toldTo.set(peer, this.#pieces.layout.pieceCount);
    return bytes.some((byte) => byte !== 0) ? bitfield(bytes) : new Uint8Array();
  }

  #bitsNow(): Bitfield {
    const now = performance.now();
    if (this.#bits !== null && now - this.#bitsMadeAt < BITS_MS) return this.#bits;
    const { pieceCount } = this.#pieces.layout;
    const bits = new Bitfield(pieceCount);
    for (let index = 0; index < pieceCount; index += 1) if (this.#pieces.isStored(index)) bits.set(index);
    this.#bits = bits;
    this.#bitsMadeAt = now;
    return bits;
  }

  /** What has come to the disk since, and to whom no bitfield was sent the rest, some at a time. Who has it need not know. */
  tell(peers: Iterable<Peer>): void {
    for (const peer of peers) {
      const toldTo = this.#toldTo.get(peer) ?? 0;
      const isNews = (index: number) => !peer.has(index) && this.#pieces.isStored(index);
      const news = [...this.#fresh].filter((index) => index < toldTo && isNews(index));
      const until = Math.min(this.#pieces.layout.pieceCount, toldTo + HAVES_AT_ONCE);
      for (let index = toldTo; index < until; index += 1) if (isNews(index)) news.push(index);
      this.#toldTo.set(peer, until);
      if (news.length > 0) peer.link.send(haves(news));
    }
    this.#fresh.clear();
  }
}
