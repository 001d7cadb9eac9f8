import type { ActivePiece } from './active-piece.ts';
import { BLOCK_BYTES } from './layout.ts';
import { blockKey, type Peer } from './peer.ts';
import type { Pieces } from './pieces.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Swarm } from './swarm.ts';

/** Takes the blocks that peers give, measures how fast they come, and finds out who gave wrong ones. */
export class BlockIntake {
  readonly #pieces: Pieces;
  readonly #swarm: Swarm;
  readonly #downloads: RateLimit;
  readonly #onPiece: () => void;
  #tickedAt = performance.now();
  #bytesSinceTick = 0;
  lastByteAt = performance.now();
  /** Bytes a second, of a moment ago. */
  rate = 0;
  downloadedBytes = 0;
  wastedBytes = 0;

  /** `onPiece`: one is whole, right or wrong. */
  constructor(pieces: Pieces, swarm: Swarm, downloads: RateLimit, onPiece: () => void) {
    this.#pieces = pieces;
    this.#swarm = swarm;
    this.#downloads = downloads;
    this.#onPiece = onPiece;
  }

  /** A quarter of a second is long for a fast swarm: what came since the last measure counts at once. */
  get rateNow(): number {
    const seconds = Math.max(0.02, (performance.now() - this.#tickedAt) / 1000);
    return Math.max(this.rate, this.#bytesSinceTick / seconds);
  }

  /** Where the block's bytes go; null when nobody asked for it, or it is here. */
  placeFor(peer: Peer, index: number, begin: number, length: number): Uint8Array | null {
    const piece = this.#pieces.active(index);
    const block = begin / BLOCK_BYTES;
    const isOurs = piece !== undefined && Number.isInteger(block) && block < piece.blockCount;
    if (!isOurs || length !== piece.bytesOf(block) || piece.isHere(block) || !piece.isOf(peer)) {
      // Called off too late: it comes all the same, and counts.
      if (!peer.outstanding.delete(blockKey(index, block))) this.#downloads.take(length);
      this.wastedBytes += length;
      return null;
    }
    piece.place(block, peer);
    return piece.buffer.bytes.subarray(begin, begin + length);
  }

  onBlock(peer: Peer, index: number, begin: number, length: number): void {
    const now = performance.now();
    const block = begin / BLOCK_BYTES;
    this.lastByteAt = now;
    this.#bytesSinceTick += length;
    this.downloadedBytes += length;
    peer.gotBlock(blockKey(index, block), length, now);
    const piece = this.#pieces.active(index);
    // Meanwhile another gave it, or the piece was given up.
    if (piece === undefined || piece.isHere(block)) return;
    const { others, isLast } = piece.take(block, peer);
    for (const other of others) {
      if (!other.outstanding.delete(blockKey(index, block))) continue;
      other.link.cancel([piece.request(block)]);
    }
    if (isLast) this.#finish(piece);
  }

  #finish(piece: ActivePiece): void {
    const isRight = this.#pieces.finish(piece);
    const givers = [...piece.givers];
    const [only] = givers;
    if (!isRight) this.#wrong(givers, piece);
    else if (givers.length === 1 && only !== undefined) only.suspicion = 0;
    this.#onPiece();
  }

  #wrong(givers: readonly Peer[], { index, length }: ActivePiece): void {
    this.wastedBytes += length;
    for (const peer of givers) peer.suspicion = Math.max(1, peer.suspicion);
    const [liar] = givers;
    if (givers.length > 1 || liar === undefined) return;
    liar.suspicion += 1;
    if (this.#swarm.gaveBadPiece(liar, index)) liar.link.destroy();
  }

  tick(now: number, seconds: number): void {
    const measured = this.#bytesSinceTick / seconds;
    this.#bytesSinceTick = 0;
    this.#tickedAt = now;
    this.rate = measured > this.rate ? measured : this.rate * 0.8 + measured * 0.2;
  }
}
