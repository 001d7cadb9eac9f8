import { createHash } from 'node:crypto';
import type { SlabBuffer } from '../../slab-memory.ts';
import { BLOCK_BYTES } from './layout.ts';
import { blockKey, type Peer } from './peer.ts';
import type { BlockRequest } from './wire.ts';

const [FREE, ASKED, HERE] = [0, 1, 2];
/** Slow peers must not keep a fast one from the block that a viewer waits for: who has given nothing yet is only ever the second. */
const [MAX_ASKERS, MAX_UNPROVEN] = [4, 2];

/** Hashed at a time, as it comes: a whole one at its end kept a viewer waiting, and everybody else, for 1 ms a MiB. */
const HASHED_BLOCKS = 8;

/** A piece on its way: which of its blocks are asked for, of whom, and which are here. */
export class ActivePiece {
  readonly index: number;
  readonly length: number;
  readonly buffer: SlabBuffer;
  readonly blockCount: number;
  /** Who gave blocks: if the hash is wrong, one of them lied. */
  readonly givers = new Set<Peer>();
  /** Only this peer is asked: it gave to a piece that was wrong, and shows now which of the givers it was. */
  only: Peer | null = null;
  #state: Uint8Array;
  /** Who was asked for each block. */
  readonly #askers: Peer[][];
  /** Whose bytes are being put into a block right now: one's at a time, or a liar's would lie between those of another. */
  readonly #placing = new Map<number, Peer>();
  #free: number;
  #missing: number;
  /** No free block lies before it. */
  #from = 0;
  readonly #sha1 = createHash('sha1');
  /** All before it are here and hashed. */
  #hashed = 0;

  constructor(index: number, length: number, buffer: SlabBuffer) {
    this.index = index;
    this.length = length;
    this.buffer = buffer;
    this.blockCount = Math.ceil(length / BLOCK_BYTES);
    this.#state = new Uint8Array(this.blockCount);
    this.#askers = Array.from({ length: this.blockCount }, () => []);
    this.#free = this.blockCount;
    this.#missing = this.blockCount;
  }

  get free(): number {
    return this.#free;
  }

  get missing(): number {
    return this.#missing;
  }

  bytesOf(block: number): number {
    return Math.min(BLOCK_BYTES, this.length - block * BLOCK_BYTES);
  }

  /** How it is asked for, and called off. */
  request(block: number): BlockRequest {
    return { index: this.index, begin: block * BLOCK_BYTES, length: this.bytesOf(block) };
  }

  /** Whether what `peer` sends of it is taken. */
  isOf(peer: Peer): boolean {
    return this.only === null || this.only === peer;
  }

  isHere(block: number): boolean {
    return this.#state[block] === HERE;
  }

  /** The next block nobody was asked for, now asked of `peer`; -1 when there is none. */
  askFree(peer: Peer): number {
    for (let block = this.#from; block < this.blockCount; block += 1) {
      if (this.#state[block] !== FREE) continue;
      this.#state[block] = ASKED;
      this.#askers[block]?.push(peer);
      this.#free -= 1;
      this.#from = block + 1;
      return block;
    }
    return -1;
  }

  /** A block asked only of others, of all of which `isWorse` says that it will come later; now asked of `peer` too. -1: none. */
  askToo(peer: Peer, isWorse: (other: Peer, block: number) => boolean): number {
    const most = peer.rate > 0 ? MAX_ASKERS : MAX_UNPROVEN;
    for (let block = 0; block < this.blockCount; block += 1) {
      const askers = this.#askers[block];
      if (this.#state[block] !== ASKED || askers === undefined || askers.length >= most) continue;
      if (!askers.every((other) => other !== peer && isWorse(other, block))) continue;
      askers.push(peer);
      return block;
    }
    return -1;
  }

  /** `peer` will not give it. */
  release(block: number, peer: Peer): void {
    if (this.#state[block] !== ASKED) return;
    const askers = this.#askers[block] ?? [];
    const at = askers.indexOf(peer);
    if (at < 0) return;
    askers.splice(at, 1);
    if (askers.length > 0) return;
    this.#state[block] = FREE;
    this.#free += 1;
    this.#from = Math.min(this.#from, block);
  }

  /** `peer` begins to send it; who was in the middle of it is not listened to any more. */
  place(block: number, peer: Peer): void {
    this.#dropPlace(block, peer);
    this.#placing.set(block, peer);
  }

  /** Its memory goes to something else: nobody may write there any more. */
  dropPlaces(): void {
    for (const block of [...this.#placing.keys()]) this.#dropPlace(block, null);
  }

  #dropPlace(block: number, next: Peer | null): void {
    const earlier = this.#placing.get(block);
    if (earlier === undefined || earlier === next) return;
    const key = blockKey(this.index, block);
    earlier.dropPlace(key);
    earlier.outstanding.delete(key);
    this.#placing.delete(block);
  }

  /** It came from `peer`; answers who else was asked for it, and whether the piece is whole now. */
  take(block: number, peer: Peer): { others: Peer[]; isLast: boolean } {
    const others = (this.#askers[block] ?? []).filter((other) => other !== peer);
    if (this.#state[block] === FREE) this.#free -= 1;
    this.#state[block] = HERE;
    this.#placing.delete(block);
    this.#askers[block] = [];
    this.#missing -= 1;
    this.givers.add(peer);
    this.#hash(HASHED_BLOCKS);
    return { others, isLast: this.#missing === 0 };
  }

  /** Once, when the last block is here: the SHA-1 of all of it. */
  digest(): Buffer {
    this.#hash(1);
    return this.#sha1.digest();
  }

  /** What is here without a gap, where that is so many blocks. */
  #hash(least: number): void {
    let to = this.#hashed;
    while (this.#state[to] === HERE) to += 1;
    if (to - this.#hashed < least) return;
    const end = Math.min(this.length, to * BLOCK_BYTES);
    this.#sha1.update(this.buffer.bytes.subarray(this.#hashed * BLOCK_BYTES, end));
    this.#hashed = to;
  }
}
