import type { ByteRange } from '../../../kit/range.ts';
import type { SlabMemory } from '../../slab-memory.ts';
import { BlockIntake } from './block-intake.ts';
import { deadSwarm } from './dead-swarm.ts';
import type { HeldPiece, HeldPieces } from './held-pieces.ts';
import { BLOCK_BYTES, type Layout } from './layout.ts';
import { blockOfKey, type Peer, pieceOfKey } from './peer.ts';
import { pick, type Wanted } from './picker.ts';
import type { PieceCache } from './piece-cache.ts';
import { Pieces } from './pieces.ts';
import type { RateLimit } from './rate-limit.ts';
import { type Active, isAhead, isIdle, isUnderHead, orderOf, type Reader, windowBytes } from './readers.ts';
import type { Swarm } from './swarm.ts';
import { type Span, tailOf } from './tail.ts';
import type { BlockRequest } from './wire.ts';

/** A part of a range as it lies in memory; `release` once it has been sent. */
export type Part = { piece: HeldPiece; from: number; to: number; release(): void };

/** Readers may fetch ahead into so much of the memory that all torrents share. */
const MEMORY_SHARE = 0.7;
/** From the end of one range to the beginning of the next; criterion 26 gives an old window 100 ms. */
const BETWEEN_RANGES_MS = 50;
/** What slow peers owe is asked of others too, for so much of what came in all (10 viewers may cost 1.1 of one), and a little at the start. */
const [SPARE_SHARE, SPARE_BYTES] = [0.05, 512 * 1024];
/** But nobody waits for longer than this for thrift's sake. */
const PATIENCE_MS = 300;
/** Who has read so much of a film from its beginning has asked for its tail, or will not. */
const TAIL_UNTIL_BYTES = 32 * 1024 * 1024;

export type PlaybackDeps = {
  infoHash: string;
  memory: SlabMemory;
  held: HeldPieces;
  cache: PieceCache;
  deadMs: number;
  /** Who takes nothing for so long keeps one piece. */
  idleMs: number;
  /** How much may be asked for. */
  downloads: RateLimit;
  onStored(index: number): void;
};

/** Fetches what readers of one torrent are about to need, and no more. */
export class Playback {
  readonly layout: Layout;
  readonly #swarm: Swarm;
  readonly #deps: PlaybackDeps;
  readonly pieces: Pieces;
  readonly intake: BlockIntake;
  readonly #readers = new Set<Active>();
  #order: readonly Wanted[] = [];
  /** Pieces that readers are about to come by, and how far the next one is, in bytes. */
  readonly #wanted = new Map<number, number>();
  #isFillDue = false;
  #isOrderDue = true;
  #isLast = false;
  /** Blocks that were asked of two peers. */
  #doubled = 0;
  readonly #fillLater = () => this.#fillSoon();
  #refusal: Error | null = null;
  #resting: NodeJS.Timeout | undefined;

  constructor(layout: Layout, swarm: Swarm, deps: PlaybackDeps) {
    const { infoHash, memory, held, cache, onStored } = deps;
    this.#deps = deps;
    this.layout = layout;
    this.#swarm = swarm;
    this.pieces = new Pieces({
      ...{ infoHash, cache, layout, memory, held, onStored },
      distance: (index) => this.#wanted.get(index) ?? null,
      onDropped: () => {
        this.#isOrderDue = true;
        if (this.#readers.size > 0) this.#fillSoon();
      },
      onRoom: () => this.#fillSoon(),
    });
    this.intake = new BlockIntake(this.pieces, swarm, deps.downloads, () => {
      this.#isOrderDue = true;
      this.#fillSoon();
    });
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** Some reader has yet to come by that piece. */
  isAhead(index: number, edge: number): boolean {
    return isAhead(this.#readers, this.layout, index, edge);
  }

  /** Until null: who needs more than what is here is told `reason`, and no peer is asked. */
  refuse(reason: Error | null): void {
    this.#refusal = reason;
    if (reason === null) return;
    for (const { at, waitingSince, stop } of this.#readers) {
      const index = Math.floor(at / this.layout.pieceLength);
      if (waitingSince !== null && !this.pieces.isHeld(index)) stop.abort(reason);
    }
  }

  /** The bytes of a half-open range of `file`, piece by piece, each as soon as it is checked. */
  async *read(file: Span, range: ByteRange, signal: AbortSignal): AsyncGenerator<Part> {
    const [start, end] = [file.from + range.start, file.from + range.end];
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const reader: Active = {
      ...{ at: start, end, file, stop },
      ...{ tail: null, waitingSince: null, movedAt: performance.now() },
    };
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
    if (this.#refusal !== null && !this.pieces.isHeld(index)) throw this.#refusal;
    reader.waitingSince = performance.now();
    const piece = await this.pieces.want(index, reader.stop.signal);
    reader.waitingSince = null;
    reader.movedAt = performance.now();
    const from = reader.at - index * pieceLength;
    const { file } = reader;
    if (reader.at === file.from) reader.tail = tailOf(piece.buffer.bytes.subarray(from, piece.length), file);
    else if (reader.at > file.from + TAIL_UNTIL_BYTES) reader.tail = null;
    const to = Math.min(piece.length, reader.end - index * pieceLength);
    reader.at = index * pieceLength + to;
    this.#isOrderDue = true;
    this.#fillSoon();
    return { piece, from, to, release: () => this.pieces.unpin(piece) };
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
    const mostBytes = this.#deps.memory.limitBytes * MEMORY_SHARE;
    const now = performance.now();
    const active = [...this.#readers].filter((reader) => !isIdle(reader, now, this.#deps.idleMs));
    const window = windowBytes(this.intake.rateNow, active.length, this.layout, mostBytes);
    const windowOf = (reader: Reader) =>
      isIdle(reader, now, this.#deps.idleMs) ? this.layout.pieceLength : window;
    this.#isLast = active.every(({ at, end }) => at + window >= end);
    this.#wanted.clear();
    const isHeld = (index: number, distance: number) => {
      this.#wanted.set(index, Math.min(distance, this.#wanted.get(index) ?? distance));
      return this.pieces.isHeld(index);
    };
    this.#order = orderOf(this.#readers, this.layout, windowOf, isHeld);
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
    // The limit is on asking: what is read slower has been sent all the same, and lies in the queues of the way.
    if (!this.#deps.downloads.isOpen) return void this.#deps.downloads.wait(this.#fillLater);
    const now = performance.now();
    const spareBytes = SPARE_BYTES + this.intake.downloadedBytes * SPARE_SHARE;
    const field = {
      order: this.#order,
      peers: this.#swarm.peers,
      rate: this.intake.rate,
      isLast: this.#isLast,
      spare: Math.floor(spareBytes / BLOCK_BYTES) - this.#doubled,
      isWaitedFor: this.#isWaitedFor(now),
      most: Math.ceil(this.#deps.downloads.available / BLOCK_BYTES),
      begin: (index: number) => this.pieces.begin(index, isUnderHead(this.#readers, this.layout, index)),
    };
    const { blocks, doubled } = pick(peer, field, now);
    this.#doubled += doubled;
    if (blocks.length === 0) return;
    this.#deps.downloads.take(blocks.length * BLOCK_BYTES);
    peer.link.request(blocks);
  }

  #isWaitedFor(now: number): boolean {
    for (const { waitingSince } of this.#readers)
      if (waitingSince !== null && now - waitingSince > PATIENCE_MS) return true;
    return false;
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
      this.pieces.active(pieceOfKey(key))?.release(blockOfKey(key), peer);
    this.#deps.downloads.giveBack(peer.outstanding.size * BLOCK_BYTES);
    peer.outstanding.clear();
    for (const piece of this.pieces.actives()) if (piece.only === peer && peer.isClosed) piece.only = null;
  }

  #callOff(peer: Peer, isMeant: (index: number) => boolean): void {
    const off: BlockRequest[] = [];
    for (const key of peer.outstanding.keys()) {
      const index = pieceOfKey(key);
      if (!isMeant(index)) continue;
      const piece = this.pieces.active(index);
      piece?.release(blockOfKey(key), peer);
      peer.outstanding.delete(key);
      if (piece !== undefined) off.push(piece.request(blockOfKey(key)));
    }
    if (off.length === 0) return;
    this.#deps.downloads.giveBack(off.length * BLOCK_BYTES);
    peer.link.cancel(off);
  }

  placeFor(peer: Peer, index: number, begin: number, length: number): Uint8Array | null {
    return this.intake.placeFor(peer, index, begin, length);
  }

  onBlock(peer: Peer, index: number, begin: number, length: number): void {
    this.intake.onBlock(peer, index, begin, length);
  }

  tick(now: number, seconds: number): void {
    this.intake.tick(now, seconds);
    for (const peer of this.#swarm.peers) {
      peer.tick(now, seconds);
      if (peer.isLate(now)) this.#snub(peer);
    }
    this.#isOrderDue = true;
    this.fillAll();
    this.refuse(this.#refusal);
    for (const { waitingSince, stop } of this.#readers)
      if (waitingSince !== null && now - Math.max(waitingSince, this.intake.lastByteAt) > this.#deps.deadMs)
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
    this.pieces.close();
  }
}
