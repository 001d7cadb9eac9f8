import type { Bitfield } from './bitfield.ts';
import { BLOCK_BYTES } from './layout.ts';
import type { PeerLink } from './link.ts';

/** Asked for at a time: of one we know nothing about, at least, at most (criterion 30: 10–250 blocks). */
const [FIRST_DEPTH, MIN_DEPTH, MAX_DEPTH] = [16, 4, 250];
/** Beyond a round trip this much lies ready at the peer; more of it is what a seek waits for. */
const QUEUE_S = 0.25;
const UNKNOWN_RTT_S = 0.2;
const KEY_STEP = 4096;

/** A block by one number. */
export const blockKey = (index: number, block: number) => index * KEY_STEP + block;
export const pieceOfKey = (key: number) => Math.floor(key / KEY_STEP);
export const blockOfKey = (key: number) => key % KEY_STEP;

/** One connected peer: what it has, what it was asked for, how fast it gives. */
export class Peer {
  readonly link: PeerLink;
  readonly address: string;
  isReady = false;
  isChoking = true;
  isInterested = false;
  isClosed = false;
  /** Reached by uTP, not by TCP. */
  isUtp = false;
  /** How often in a row it could not be reached, or gave nothing. */
  failures = 0;
  /** Null until it said which pieces it has: none then. */
  pieces: Bitfield | null = null;
  /** Said before the piece count was known (a magnet): the raw bytes. */
  early: { bits: Uint8Array | null; haves: number[] } = { bits: null, haves: [] };
  /** Extension ids it wants to be spoken to by (BEP 10). */
  metadataId = 0;
  pexId = 0;
  /** How long the `info` dictionary is, as it says; 0: it does not have it. */
  metadataBytes = 0;
  maxQueue = MAX_DEPTH;
  /** Gave to a piece with a wrong hash, with others: the next whole piece it gives alone tells. */
  isSuspect = false;
  /** When each block was asked for, oldest first. */
  readonly outstanding = new Map<number, number>();
  readonly connectedAt = performance.now();
  downloadedBytes = 0;
  lastBlockAt = 0;
  /** The block it is in the middle of is not put anywhere. */
  dropPlace: () => void = () => {};
  /** It let a request lie for too long; asked for one block at a time until one comes. */
  isSnubbed = false;
  #firstAskedAt = 0;
  #bytesSinceTick = 0;
  #rate = 0;
  #depth = FIRST_DEPTH;
  #isStarting = true;
  /** The shortest wait for a block, in seconds. */
  #rttS = Number.POSITIVE_INFINITY;

  constructor(link: PeerLink, address: string) {
    this.link = link;
    this.address = address;
  }

  has(index: number): boolean {
    return this.pieces?.has(index) === true;
  }

  /** Bytes a second, 0 until something came; before the first measure what came since it was first asked. */
  get rate(): number {
    if (this.#rate > 0 || this.lastBlockAt === 0) return this.#rate;
    return this.downloadedBytes / Math.max(0.005, (this.lastBlockAt - this.#firstAskedAt) / 1000);
  }

  get rttS(): number {
    return Number.isFinite(this.#rttS) ? this.#rttS : UNKNOWN_RTT_S;
  }

  /** How many more blocks it may be asked for now. */
  get room(): number {
    const depth = this.isSnubbed ? 1 : Math.min(this.#depth, this.maxQueue);
    return this.isChoking || this.isClosed ? 0 : depth - this.outstanding.size;
  }

  /** Seconds until a block asked for now would be here; `unknownRate` is what is hoped of one that gave nothing yet. */
  etaS(unknownRate: number): number {
    const rate = Math.max(this.rate > 0 ? this.rate : unknownRate, 1024);
    return this.rttS + ((this.outstanding.size + 1) * BLOCK_BYTES) / rate;
  }

  /** Seconds that are left of a block asked for at `askedAt`, by its place in the queue; of one that gave nothing in `patienceS`, for ever. */
  remainingS(askedAt: number, now: number, unknownRate: number, patienceS: number): number {
    const waitedS = (now - askedAt) / 1000;
    if (this.rate === 0 && waitedS > patienceS) return Number.POSITIVE_INFINITY;
    const expectedS = this.etaS(unknownRate);
    return waitedS > expectedS ? expectedS : expectedS - waitedS;
  }

  asked(key: number, now: number): void {
    if (this.#firstAskedAt === 0) this.#firstAskedAt = now;
    this.outstanding.set(key, now);
  }

  gotBlock(key: number, length: number, now: number): void {
    this.lastBlockAt = now;
    this.isSnubbed = false;
    this.downloadedBytes += length;
    this.#bytesSinceTick += length;
    const askedAt = this.outstanding.get(key);
    if (askedAt === undefined) return;
    this.outstanding.delete(key);
    this.#rttS = Math.min(this.#rttS, (now - askedAt) / 1000);
    // As TCP begins: twice as much each round trip, until the rate shows what is enough.
    if (this.#isStarting && this.#depth < MAX_DEPTH) this.#depth += 1;
  }

  tick(seconds: number): void {
    const isAsked = this.#bytesSinceTick > 0 || this.outstanding.size > 0;
    if (!isAsked) return;
    const measured = this.#bytesSinceTick / seconds;
    this.#bytesSinceTick = 0;
    this.#rate = this.#rate === 0 ? measured : this.#rate * 0.7 + measured * 0.3;
    const enough = Math.ceil((this.#rate * (1.5 * this.rttS + QUEUE_S)) / BLOCK_BYTES);
    if (this.#isStarting && this.#depth > 2 * enough + FIRST_DEPTH) this.#isStarting = false;
    if (!this.#isStarting) this.#depth = Math.min(MAX_DEPTH, Math.max(MIN_DEPTH, enough));
  }
}
