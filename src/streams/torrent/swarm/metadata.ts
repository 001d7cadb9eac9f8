import { hash } from 'node:crypto';
import { METADATA_PIECE_BYTES } from './extensions.ts';

/** A peer that does not answer is asked for another piece by the others after this. */
const ASK_AGAIN_MS = 2000;

/** The `info` dictionary of a magnet, gathered from peers piece by piece (BEP 9); its hash says when it is right. */
export class Metadata {
  readonly #infoHash: string;
  #bytes: Buffer | null = null;
  #got: Uint8Array = new Uint8Array();
  readonly #askedAt = new Map<number, number>();

  constructor(infoHash: string) {
    this.#infoHash = infoHash;
  }

  /** The pieces to ask this peer for. The first that tells a size is believed until its hash is wrong. */
  wanted(bytes: number, now: number): number[] {
    if (bytes === 0) return [];
    if (this.#bytes === null) {
      this.#bytes = Buffer.alloc(bytes);
      this.#got = new Uint8Array(Math.ceil(bytes / METADATA_PIECE_BYTES));
    }
    if (this.#bytes.length !== bytes) return [];
    const due = [...this.#got.keys()].filter(
      (piece) => this.#got[piece] === 0 && now - (this.#askedAt.get(piece) ?? -ASK_AGAIN_MS) >= ASK_AGAIN_MS,
    );
    for (const piece of due) this.#askedAt.set(piece, now);
    return due;
  }

  /** A piece, at the end of the message. Answers the whole when it is here and right. */
  take(piece: number, payload: Buffer): Uint8Array | null {
    if (this.#bytes === null || piece >= this.#got.length || this.#got[piece] === 1) return null;
    const from = piece * METADATA_PIECE_BYTES;
    const size = Math.min(METADATA_PIECE_BYTES, this.#bytes.length - from);
    if (payload.length <= size) return null;
    payload.copy(this.#bytes, from, payload.length - size);
    this.#got[piece] = 1;
    if (this.#got.includes(0)) return null;
    if (hash('sha1', this.#bytes, 'hex') === this.#infoHash) return this.#bytes;
    // One of them lied, perhaps about the size: everything anew.
    this.#bytes = null;
    this.#askedAt.clear();
    return null;
  }
}
