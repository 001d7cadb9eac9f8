import { hash } from 'node:crypto';
import { roomOf, type SlabBuffer, type SlabMemory } from '../../slab-memory.ts';
import { ActivePiece } from './active-piece.ts';
import type { HeldPiece, HeldPieces } from './held-pieces.ts';
import { type Layout, pieceBytesOf } from './layout.ts';
import type { PieceCache } from './piece-cache.ts';

export type PiecesDeps = {
  infoHash: string;
  cache: PieceCache;
  layout: Layout;
  memory: SlabMemory;
  held: HeldPieces;
  /** How far the next reader is, in bytes; null: none is about to come by. What is wanted is kept in memory. */
  distance(index: number): number | null;
  /** Nobody holds it any more. */
  onDropped(index: number): void;
  /** It lies on disk, for others too. */
  onStored(index: number): void;
  /** There is memory again for a piece that could not be begun. */
  onRoom(): void;
};

type Waiter = { resolve(piece: HeldPiece): void };

/** The pieces of one torrent: on their way, checked and in memory, and who waits for which. */
export class Pieces {
  readonly #deps: PiecesDeps;
  readonly #active = new Map<number, ActivePiece>();
  readonly #held = new Map<number, HeldPiece>();
  readonly #loading = new Map<number, Promise<void>>();
  readonly #waiters = new Map<number, Set<Waiter>>();
  #isClosed = false;
  #isStarved = false;

  constructor(deps: PiecesDeps) {
    this.#deps = deps;
  }

  /** Here, or on its way from the disk: no peer is asked for it. */
  isHeld(index: number): boolean {
    return this.#held.has(index) || this.isStored(index);
  }

  get heldCount(): number {
    return Math.max(this.#held.size, this.storedCount);
  }

  get storedCount(): number {
    return this.#deps.cache.count(this.#deps.infoHash);
  }

  active(index: number): ActivePiece | undefined {
    return this.#active.get(index);
  }

  actives(): IterableIterator<ActivePiece> {
    return this.#active.values();
  }

  /**
   * The piece on its way, begun now where it is not; null when there is no memory for it. What is `urgent` gets some in any
   * case: slow viewers may have pinned all there is, and another must not wait for them.
   */
  begin(index: number, isUrgent: boolean): ActivePiece | null {
    const known = this.#active.get(index);
    if (known !== undefined) return known;
    const { layout, memory, held } = this.#deps;
    const length = pieceBytesOf(layout, index);
    const hasRoom = held.makeRoom(length, isUrgent) || isUrgent;
    this.#isStarved = !hasRoom;
    if (this.#isClosed || !hasRoom) return null;
    const piece = new ActivePiece(index, length, memory.take(length));
    this.#active.set(index, piece);
    held.gather(
      piece.buffer,
      () => this.#deps.distance(index),
      () => this.abandon(index),
    );
    return piece;
  }

  /** What was begun for a reader that went elsewhere gives its memory back. */
  abandon(index: number): void {
    const piece = this.#active.get(index);
    if (piece === undefined) return;
    this.#active.delete(index);
    piece.dropPlaces();
    this.#deps.held.gathered(piece.buffer);
    this.#deps.memory.give(piece.buffer);
  }

  /** The last block came: true when it is what the torrent says. Then whoever waited has it, and the disk. */
  finish(piece: ActivePiece): boolean {
    const { index, length, buffer } = piece;
    const { infoHash, cache, memory, held } = this.#deps;
    this.#active.delete(index);
    held.gathered(buffer);
    if (!this.#isRight(index, piece.digest())) {
      memory.give(buffer);
      return false;
    }
    const kept = this.#keep(index, length, buffer);
    kept.pins += 1;
    const bytes = buffer.bytes.subarray(0, length);
    void cache.write(infoHash, index, bytes, roomOf(buffer)).then(() => {
      this.unpin(kept);
      if (this.isStored(index)) this.#deps.onStored(index);
    });
    return true;
  }

  #isRight(index: number, digest: Buffer): boolean {
    return this.#deps.layout.hashes.compare(digest, 0, 20, index * 20, index * 20 + 20) === 0;
  }

  #keep(index: number, length: number, buffer: SlabBuffer): HeldPiece {
    const { held, distance, onDropped } = this.#deps;
    const kept = held.keep(
      buffer,
      length,
      () => distance(index),
      () => {
        this.#held.delete(index);
        onDropped(index);
      },
    );
    this.#held.set(index, kept);
    const waiters = this.#waiters.get(index) ?? [];
    this.#waiters.delete(index);
    for (const waiter of waiters) {
      kept.pins += 1;
      waiter.resolve(kept);
    }
    return kept;
  }

  get layout(): Layout {
    return this.#deps.layout;
  }

  /** On disk; what is only in memory may be gone in a second. */
  isStored(index: number): boolean {
    return this.#deps.cache.has(this.#deps.infoHash, index);
  }

  /** Pinned, where it is in memory: `unpin` it. */
  lend(index: number): HeldPiece | null {
    const kept = this.#held.get(index);
    if (kept === undefined) return null;
    kept.pins += 1;
    return kept;
  }

  /** From the disk for somebody who is not in a hurry: false, where there is no memory to spare. */
  async load(index: number): Promise<boolean> {
    if (!this.#deps.held.makeRoom(pieceBytesOf(this.layout, index))) return false;
    await this.#load(index);
    return true;
  }

  #load(index: number): Promise<void> {
    const running = this.#loading.get(index) ?? this.#read(index);
    this.#loading.set(index, running);
    return running;
  }

  /** From the disk into memory, hashed again: a disk may have lost power in the middle. What is wrong there is fetched from peers. */
  async #read(index: number): Promise<void> {
    const { infoHash, cache, layout, held, memory, onDropped } = this.#deps;
    const length = pieceBytesOf(layout, index);
    held.makeRoom(length);
    const buffer = memory.take(length);
    const bytes = buffer.bytes.subarray(0, length);
    const isRead = await cache.read(infoHash, index, bytes).catch(() => false);
    this.#loading.delete(index);
    if (isRead && !this.#isClosed && this.#isRight(index, hash('sha1', bytes, 'buffer'))) {
      this.#keep(index, length, buffer);
      return;
    }
    memory.give(buffer);
    if (this.#isClosed) return;
    cache.drop(infoHash, index);
    onDropped(index);
  }

  /** Resolves with the checked piece, pinned: `unpin` it. Rejects when `signal` aborts. */
  want(index: number, signal: AbortSignal): Promise<HeldPiece> {
    signal.throwIfAborted();
    const kept = this.#held.get(index);
    if (kept !== undefined) {
      kept.pins += 1;
      return Promise.resolve(kept);
    }
    if (this.isStored(index)) void this.#load(index);
    return this.#wait(index, signal);
  }

  #wait(index: number, signal: AbortSignal): Promise<HeldPiece> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(index) ?? new Set();
      this.#waiters.set(index, waiters);
      const waiter: Waiter = {
        resolve(piece) {
          signal.removeEventListener('abort', onAbort);
          resolve(piece);
        },
      };
      const onAbort = () => {
        waiters.delete(waiter);
        reject(signal.reason);
      };
      waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  unpin(piece: HeldPiece): void {
    piece.pins -= 1;
    if (this.#isClosed && piece.pins === 0) this.#deps.held.drop(piece);
    else this.#deps.held.used(piece);
    if (piece.pins === 0 && this.#isStarved) this.#deps.onRoom();
  }

  /** Gives all memory back; what is being sent, when it has been. */
  close(): void {
    this.#isClosed = true;
    for (const index of [...this.#active.keys()]) this.abandon(index);
    for (const piece of [...this.#held.values()]) if (piece.pins === 0) this.#deps.held.drop(piece);
  }
}
