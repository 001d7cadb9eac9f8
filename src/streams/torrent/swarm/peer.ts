import type { Bitfield } from './bitfield.ts';
import { BLOCK_BYTES } from './layout.ts';
import type { PeerLink } from './link.ts';

/** How many blocks are asked for at a time. */
export type QueueRules = {
  /** Of one we know nothing about, at least, at most. */
  first: number;
  min: number;
  max: number;
  /** Of one that has not said how many it takes. */
  unsaid: number;
  /** Beyond a round trip this much lies ready at the peer; more of it is what a seek waits for. */
  aheadS: number;
  /** So much of the depth must be free before more is asked for: who answers block by block needs no heap of them. */
  heap: number;
};

/** Criterion 30. */
export const UNSAID_QUEUE = 250;
/**
 * 500 of a peer that says it takes them (`reqq`, BEP 10), as libtorrent asks: 250 are 4 MB on the way, at 60 ms no more than 68 MB/s
 * (three such peers gave 150 MB/s, and give 214). Asked for by the dozen where the queue is deep: each write is a system call in which
 * loopback and most network cards do the other side's work too, a tenth of the thread at 250 MB/s when each read was answered by one.
 */
const WIRE_QUEUE: QueueRules = {
  first: 16,
  min: 4,
  max: 500,
  unsaid: UNSAID_QUEUE,
  aheadS: 0.25,
  heap: 1 / 8,
};
const UNKNOWN_RTT_S = 0.2;
/** And so much more. */
const SETTLE_S = 0.5;
/** Of a quarter of a second. */
const ON_TIME_S = 0.35;
const KEY_STEP = 4096;
/**
 * Of a request that lies at the peer: so many times what it should take, at least and at most so long. At most, since the rate falls with
 * the silence: what a peer had forgotten of 250 blocks was never late, and a torrent with no other ended after its minute.
 */
const [LATE_FACTOR, LATE_S, MOST_LATE_S] = [4, 4, 10];

/** A block by one number. */
export const blockKey = (index: number, block: number) => index * KEY_STEP + block;
export const pieceOfKey = (key: number) => Math.floor(key / KEY_STEP);
export const blockOfKey = (key: number) => key % KEY_STEP;

/** One connected peer: what it has, what it was asked for, how fast it gives. */
export class Peer {
  readonly link: PeerLink;
  readonly address: string;
  /** It dialled us; the port of `address` is not the one it listens at. */
  isIncoming = false;
  /** Its own name for itself (BEP 3), in hex; empty until it said it. */
  id = '';
  /** Where it can be dialled, as it says (BEP 10); 0: it did not say. */
  listenPort = 0;
  heardAt = performance.now();
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
  maxQueue: number;
  /** 1: gave to a wrong piece with others; the next whole piece it gives alone tells. One more for each that it gave wrong alone. */
  suspicion = 0;
  /** When each block was asked for, oldest first. */
  readonly outstanding = new Map<number, number>();
  readonly connectedAt = performance.now();
  downloadedBytes = 0;
  lastBlockAt = 0;
  /** Since when something is asked of it, without a break. */
  #askedSince = 0;
  /** The longest it let us wait since it last gave anything. */
  #silentS = 0;
  /** This block, if it is in the middle of it, is not put anywhere. */
  dropPlace: (key: number) => void = () => {};
  /** When it was last looked what others owe soon. */
  helpedAt = 0;
  /** It let a request lie for too long; asked for one block at a time until one comes. */
  isSnubbed = false;
  #firstAskedAt = 0;
  #bytesSinceTick = 0;
  #rate = 0;
  readonly #queue: QueueRules;
  #depth: number;
  #isStarting = true;
  /** The shortest wait for a block, in seconds. */
  #rttS = Number.POSITIVE_INFINITY;

  constructor(link: PeerLink, address: string, queue = WIRE_QUEUE) {
    this.link = link;
    this.address = address;
    this.#queue = queue;
    this.#depth = queue.first;
    this.maxQueue = queue.unsaid;
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
    const room = depth - this.outstanding.size;
    return this.isChoking || this.isClosed || room < depth * this.#queue.heap ? 0 : room;
  }

  /**
   * Seconds until a block asked for now would be here; `unknownRate` is what is hoped of one that gave nothing yet. Who has been silent
   * for a while will be for as long again.
   */
  etaS(unknownRate: number): number {
    const rate = Math.max(this.rate > 0 ? this.rate : unknownRate, 1024);
    const expectedS = this.rttS + ((this.outstanding.size + 1) * BLOCK_BYTES) / rate;
    return Math.max(expectedS, this.#silentS);
  }

  #silenceS(now: number): number {
    if (this.outstanding.size === 0) return 0;
    return (now - Math.max(this.lastBlockAt, this.#askedSince)) / 1000;
  }

  /** Seconds that are left of a block asked for at `askedAt`, by its place in the queue; of one that gave nothing in `patienceS`, for ever. */
  remainingS(askedAt: number, now: number, unknownRate: number, patienceS: number): number {
    const waitedS = (now - askedAt) / 1000;
    if (this.rate === 0 && waitedS > patienceS) return Number.POSITIVE_INFINITY;
    const expectedS = this.etaS(unknownRate);
    return waitedS > expectedS ? expectedS : expectedS - waitedS;
  }

  /** What it was asked for first should have come by now. */
  isLate(now: number): boolean {
    const [oldest] = this.outstanding.values();
    if (oldest === undefined || this.isChoking) return false;
    const since = (now - Math.max(oldest, this.lastBlockAt)) / 1000;
    return since > Math.min(MOST_LATE_S, Math.max(LATE_S, LATE_FACTOR * this.etaS(0)));
  }

  asked(key: number, now: number): void {
    if (this.#firstAskedAt === 0) this.#firstAskedAt = now;
    if (this.outstanding.size === 0) this.#askedSince = now;
    this.outstanding.set(key, now);
  }

  gotBlock(key: number, length: number, now: number): void {
    this.lastBlockAt = now;
    this.isSnubbed = false;
    this.#silentS = 0;
    this.downloadedBytes += length;
    this.#bytesSinceTick += length;
    const askedAt = this.outstanding.get(key);
    if (askedAt === undefined) return;
    this.outstanding.delete(key);
    this.#rttS = Math.min(this.#rttS, (now - askedAt) / 1000);
    // As TCP begins: twice as much each round trip, until the rate shows what is enough.
    if (this.#isStarting && this.#depth < this.#queue.max) this.#depth += 1;
  }

  tick(now: number, seconds: number): void {
    // What was called off meanwhile was waited for all the same. A tick that comes late says that nobody was listened to.
    if (seconds < ON_TIME_S) this.#silentS = Math.max(this.#silentS, this.#silenceS(now));
    const isAsked = this.#bytesSinceTick > 0 || this.outstanding.size > 0;
    if (!isAsked) return;
    const measured = this.#bytesSinceTick / seconds;
    this.#bytesSinceTick = 0;
    this.#rate = this.#rate === 0 ? measured : this.#rate * 0.7 + measured * 0.3;
    const { first, min, max, aheadS } = this.#queue;
    const enough = Math.ceil((this.#rate * (1.5 * this.rttS + aheadS)) / BLOCK_BYTES);
    // A slow peer never needs what it begins with: four round trips show it.
    const isKnown = now - this.#firstAskedAt > 1000 * (4 * this.rttS + SETTLE_S);
    const most = 2 * enough + (isKnown ? 0 : first);
    if (this.#isStarting && this.#depth > most) this.#isStarting = false;
    if (!this.#isStarting) this.#depth = Math.min(max, Math.max(min, enough));
  }
}
