import type { ActivePiece } from './active-piece.ts';
import { deadSwarm } from './dead-swarm.ts';
import type { HeldPiece, HeldPieces } from './held-pieces.ts';
import { BLOCK_BYTES, type Layout } from './layout.ts';
import { blockKey, blockOfKey, type Peer, pieceOfKey } from './peer.ts';
import { pick, type Wanted } from './picker.ts';
import type { PieceCache } from './piece-cache.ts';
import type { PieceMemory } from './piece-memory.ts';
import { Pieces } from './pieces.ts';
import { type Active, isAhead, isUnderHead, orderOf, windowBytes } from './readers.ts';
import type { Swarm } from './swarm.ts';
import type { BlockRequest } from './wire.ts';

/** A part of a range as it lies in memory; `release` once it has been sent. */
export type Part = { piece: HeldPiece; from: number; to: number; release(): void };

/** Readers may fetch ahead into so much of the memory that all torrents share. */
const MEMORY_SHARE = 0.7;
/** From the end of one range to the beginning of the next; criterion 26 gives an old window 100 ms. */
const BETWEEN_RANGES_MS = 50;

export type PlaybackDeps = {
  infoHash: string;
  memory: PieceMemory;
  held: HeldPieces;
  cache: PieceCache;
  deadMs: number;
};

/** Fetches what readers of one torrent are about to need, and no more. */
export class Playback {
  readonly layout: Layout;
  readonly #swarm: Swarm;
  readonly #memory: PieceMemory;
  readonly #deadMs: number;
  readonly #pieces: Pieces;
  readonly #readers = new Set<Active>();
  #order: readonly Wanted[] = [];
  readonly #wanted = new Set<number>();
  #isFillDue = false;
  #isOrderDue = true;
  #isLast = false;
  #refusal: Error | null = null;
  #resting: NodeJS.Timeout | undefined;
  #tickedAt = performance.now();
  #lastByteAt = performance.now();
  #bytesSinceTick = 0;
  rate = 0;
  downloadedBytes = 0;
  wastedBytes = 0;

  constructor(layout: Layout, swarm: Swarm, deps: PlaybackDeps) {
    const { infoHash, memory, held, cache, deadMs } = deps;
    this.#deadMs = deadMs;
    this.layout = layout;
    this.#swarm = swarm;
    this.#memory = memory;
    this.#pieces = new Pieces({
      ...{ infoHash, cache, layout, memory, held },
      isWanted: (index) => this.#wanted.has(index),
      onDropped: () => {
        this.#isOrderDue = true;
        if (this.#readers.size > 0) this.#fillSoon();
      },
      onRoom: () => this.#fillSoon(),
    });
  }

  get heldCount(): number {
    return this.#pieces.heldCount;
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** Some reader has yet to come by that piece. */
  isAhead(index: number): boolean {
    return isAhead(this.#readers, this.layout, index);
  }

  /** Until null: who needs more than what is here is told `reason`, and no peer is asked. */
  refuse(reason: Error | null): void {
    this.#refusal = reason;
    if (reason === null) return;
    for (const { at, waitingSince, stop } of this.#readers) {
      const index = Math.floor(at / this.layout.pieceLength);
      if (waitingSince !== null && !this.#pieces.isHeld(index)) stop.abort(reason);
    }
  }

  /** The bytes of a half-open range of the torrent, piece by piece, each as soon as it is checked. */
  async *read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Part> {
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const reader: Active = { at: start, end, waitingSince: null, stop };
    this.#readers.add(reader);
    this.#readersChanged();
    try {
      while (reader.at < end) yield await this.#next(reader);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#readers.delete(reader);
      if (this.#readers.size > 0) this.#readersChanged();
      else this.#restSoon();
    }
  }

  async #next(reader: Active): Promise<Part> {
    const { pieceLength } = this.layout;
    const index = Math.floor(reader.at / pieceLength);
    if (this.#refusal !== null && !this.#pieces.isHeld(index)) throw this.#refusal;
    reader.waitingSince = performance.now();
    const piece = await this.#pieces.want(index, reader.stop.signal);
    reader.waitingSince = null;
    const from = reader.at - index * pieceLength;
    const to = Math.min(piece.length, reader.end - index * pieceLength);
    reader.at = index * pieceLength + to;
    this.#isOrderDue = true;
    this.#fillSoon();
    return { piece, from, to, release: () => this.#pieces.unpin(piece) };
  }

  /** Players read a film range by range: what is on its way for the next one is not called off in between. */
  #restSoon(): void {
    this.#isOrderDue = true;
    this.#renewOrder();
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      if (this.#readers.size === 0) this.#readersChanged();
    }, BETWEEN_RANGES_MS);
  }

  /** A seek: what was asked for and nobody needs now is called off, so that what is needed does not wait behind it. */
  #readersChanged(): void {
    this.#isOrderDue = true;
    this.#renewOrder();
    for (const peer of this.#swarm.peers) this.#callOff(peer, (index) => !this.#wanted.has(index));
    this.fillAll();
  }

  #renewOrder(): void {
    if (!this.#isOrderDue) return;
    this.#isOrderDue = false;
    const mostBytes = this.#memory.limitBytes * MEMORY_SHARE;
    const window = windowBytes(this.#rateNow(), this.#readers.size, this.layout, mostBytes);
    this.#isLast = [...this.#readers].every(({ at, end }) => at + window >= end);
    this.#wanted.clear();
    const isHeld = (index: number) => {
      this.#wanted.add(index);
      return this.#pieces.isHeld(index);
    };
    this.#order = orderOf(this.#readers, this.layout, window, isHeld);
  }

  /** A quarter of a second is long for a fast swarm: what came since the last measure counts at once. */
  #rateNow(): number {
    const seconds = Math.max(0.02, (performance.now() - this.#tickedAt) / 1000);
    return Math.max(this.rate, this.#bytesSinceTick / seconds);
  }

  #fillSoon(): void {
    if (this.#isFillDue) return;
    this.#isFillDue = true;
    setImmediate(() => {
      this.#isFillDue = false;
      this.fillAll();
    });
  }

  fillAll(): void {
    for (const peer of this.#swarm.peers) this.fill(peer);
  }

  /** Asks `peer` for as much as it can give in time. */
  fill(peer: Peer): void {
    if (peer.room <= 0) return;
    this.#renewOrder();
    if (this.#order.length === 0) return;
    const field = {
      order: this.#order,
      peers: this.#swarm.peers,
      rate: this.rate,
      isLast: this.#isLast,
      begin: (index: number) => this.#pieces.begin(index, isUnderHead(this.#readers, this.layout, index)),
    };
    const blocks = pick(peer, field, performance.now());
    if (blocks.length > 0) peer.link.request(blocks);
  }

  onChoke(peer: Peer): void {
    // BEP 3: a choke forgets what was asked for.
    if (peer.isChoking) this.#release(peer);
    this.#fillSoon();
  }

  onGone(peer: Peer): void {
    this.#release(peer);
    this.#fillSoon();
  }

  #release(peer: Peer): void {
    for (const key of peer.outstanding.keys())
      this.#pieces.active(pieceOfKey(key))?.release(blockOfKey(key), peer);
    peer.outstanding.clear();
    for (const piece of this.#pieces.actives()) if (piece.only === peer && peer.isClosed) piece.only = null;
  }

  #callOff(peer: Peer, isMeant: (index: number) => boolean): void {
    const off: BlockRequest[] = [];
    for (const key of peer.outstanding.keys()) {
      const index = pieceOfKey(key);
      if (!isMeant(index)) continue;
      const piece = this.#pieces.active(index);
      piece?.release(blockOfKey(key), peer);
      peer.outstanding.delete(key);
      if (piece !== undefined) off.push(piece.request(blockOfKey(key)));
    }
    if (off.length > 0) peer.link.cancel(off);
  }

  placeFor(peer: Peer, index: number, begin: number, length: number): Uint8Array | null {
    const piece = this.#pieces.active(index);
    const block = begin / BLOCK_BYTES;
    const isOurs = piece !== undefined && Number.isInteger(block) && block < piece.blockCount;
    if (!isOurs || length !== piece.bytesOf(block) || piece.isHere(block) || !piece.isOf(peer)) {
      peer.outstanding.delete(blockKey(index, block));
      this.wastedBytes += length;
      return null;
    }
    piece.place(block, peer);
    return piece.buffer.bytes.subarray(begin, begin + length);
  }

  onBlock(peer: Peer, index: number, begin: number, length: number): void {
    const now = performance.now();
    const block = begin / BLOCK_BYTES;
    this.#lastByteAt = now;
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
    this.#isOrderDue = true;
    const givers = [...piece.givers];
    if (isRight) for (const peer of givers) peer.isSuspect &&= givers.length > 1;
    else this.#wrong(givers, piece.length);
    this.#fillSoon();
  }

  #wrong(givers: readonly Peer[], length: number): void {
    this.wastedBytes += length;
    for (const peer of givers) peer.isSuspect = true;
    const [liar] = givers;
    if (givers.length === 1 && liar !== undefined && this.#swarm.gaveBadPiece(liar)) liar.link.destroy();
  }

  tick(now: number, seconds: number): void {
    const measured = this.#bytesSinceTick / seconds;
    this.#bytesSinceTick = 0;
    this.#tickedAt = now;
    this.rate = measured > this.rate ? measured : this.rate * 0.8 + measured * 0.2;
    for (const peer of this.#swarm.peers) {
      peer.tick(seconds);
      if (peer.isLate(now)) this.#snub(peer);
    }
    this.#isOrderDue = true;
    this.fillAll();
    this.refuse(this.#refusal);
    for (const { waitingSince, stop } of this.#readers)
      if (waitingSince !== null && now - Math.max(waitingSince, this.#lastByteAt) > this.#deadMs)
        stop.abort(
          deadSwarm('No peer of this torrent has sent anything for a minute. Choose another stream.'),
        );
  }

  #snub(peer: Peer): void {
    peer.isSnubbed = true;
    this.#callOff(peer, () => true);
  }

  close(reason: Error): void {
    clearTimeout(this.#resting);
    for (const { stop } of this.#readers) stop.abort(reason);
    this.#pieces.close();
  }
}
