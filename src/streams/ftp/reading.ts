import type { DataReader } from '../../platform/ftp/data-flow.ts';
import type { FtpHolder, FtpLease } from '../../platform/ftp/pool.ts';
import type { FtpTransfer } from '../../platform/ftp/transfer.ts';

/** Somebody who takes a part of what a reading gives. */
export type Taker = {
  /** Bytes it still takes. */
  wants(): number;
  take(chunk: Uint8Array, release: () => void): boolean;
  /** It has all it wanted; the reading may serve another. */
  onEnough(): void;
  /** The data ended before; null: the server says that this was all of it. */
  onEnd(error: Error | null): void;
  /** Others wait for the session. */
  onYield(): void;
};

/** Where too many want to read from one server, each one that reads gets so long. */
const TURN_MS = 2000;
/** A taker that has been full for so long can wait for its turn. */
const FULL_MS = 250;

/**
 * A file as it comes from one offset on, for one taker after the other: a player's next range begins where the last one ended, and
 * costs nothing but the reading then. What came beyond a range is kept for the next: one read at most, then the server has to wait.
 */
export class Reading implements DataReader, FtpHolder {
  /** Offset of the next byte. */
  at: number;
  readonly #lease: FtpLease;
  #transfer: FtpTransfer | null = null;
  #taker: Taker | null = null;
  #kept: { chunk: Uint8Array; release: () => void }[] = [];
  #end: { error: Error | null } | null = null;
  #isCut = false;
  #isFinishing = false;
  #fullSince: number | null = null;
  readonly #begunAt = performance.now();

  private constructor(lease: FtpLease, at: number) {
    this.#lease = lease;
    this.at = at;
  }

  /** Begins to read at `at`; the lease goes back when it fails, and else when it ends. */
  static async begin(lease: FtpLease, path: string, at: number): Promise<Reading> {
    const reading = new Reading(lease, at);
    try {
      const { session } = lease;
      reading.#transfer = await session.transfer(`RETR ${session.absolute(path)}`, at, reading);
      lease.hold(reading);
      return reading;
    } catch (error) {
      reading.#giveBack();
      lease.release();
      throw error;
    }
  }

  /** Hands what comes to `taker` until it has enough; one that was cut meanwhile has nothing for it. */
  feed(taker: Taker): void {
    if (this.#isCut) {
      taker.onYield();
      return;
    }
    this.#taker = taker;
    this.#fullSince = null;
    this.#drain();
  }

  /** `taker` takes bytes again. */
  resume(taker: Taker): void {
    if (this.#taker !== taker) return;
    this.#fullSince = null;
    this.#drain();
  }

  /** Whether there is something in it for a taker that begins at `at` and has nothing against `mostSkipped` bytes before. */
  serves(at: number, mostSkipped: number): boolean {
    const keptBytes = this.#kept.reduce((sum, { chunk }) => sum + chunk.length, 0);
    const mayGoOn = this.#end === null && !this.#isCut;
    return at >= this.at && at - this.at <= (mayGoOn ? mostSkipped : keptBytes - 1);
  }

  /** Nobody wants more of it; the session goes back as soon as the server knows. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#taker = null;
    this.#giveBack();
    this.#lease.hold(null);
    void (this.#transfer?.cut() ?? Promise.resolve()).then(() => this.#lease.release());
  }

  /** Everything was taken: only the server's word on it is still to come. */
  finish(): void {
    // The file has grown: nobody asked for what is beyond.
    if (this.#kept.length > 0) this.cut();
    else {
      this.#isFinishing = true;
      this.#transfer?.resume();
    }
  }

  mayYield(): boolean {
    const now = performance.now();
    if (this.#taker === null) return true;
    const isFull = this.#fullSince !== null && now - this.#fullSince > FULL_MS;
    return isFull || now - this.#begunAt > TURN_MS;
  }

  yield(): void {
    const taker = this.#taker;
    this.cut();
    taker?.onYield();
  }

  onData(chunk: Buffer, release: () => void): boolean {
    // It has grown.
    if (this.#isFinishing) this.cut();
    if (this.#isCut) release();
    else if (this.#taker === null || this.#kept.length > 0) this.#kept.push({ chunk, release });
    else return this.#pass(chunk, release);
    return false;
  }

  onEnd(error: Error | null): void {
    this.#end = { error };
    this.#lease.release();
    if (this.#kept.length === 0) this.#tellEnd();
  }

  #tellEnd(): void {
    const taker = this.#taker;
    this.#taker = null;
    if (this.#end !== null) taker?.onEnd(this.#end.error);
  }

  #drain(): void {
    while (this.#taker !== null && this.#fullSince === null) {
      const next = this.#kept.shift();
      if (next === undefined) break;
      this.#pass(next.chunk, next.release);
    }
    if (this.#taker === null || this.#fullSince !== null || this.#isCut) return;
    if (this.#end === null) this.#transfer?.resume();
    else this.#tellEnd();
  }

  /** False: nobody takes more now. */
  #pass(chunk: Uint8Array, release: () => void): boolean {
    const taker = this.#taker;
    if (taker === null) return false;
    const wanted = taker.wants();
    let give = release;
    if (chunk.length > wanted) {
      let users = 2;
      give = () => {
        users -= 1;
        if (users === 0) release();
      };
      this.#kept.unshift({ chunk: chunk.subarray(wanted), release: give });
    }
    const piece = chunk.length > wanted ? chunk.subarray(0, wanted) : chunk;
    this.at += piece.length;
    const takesMore = taker.take(piece, give);
    if (this.#taker !== taker) return false;
    if (piece.length === wanted) {
      this.#taker = null;
      taker.onEnough();
      // Only who reads on sees the end.
      return this.#isFinishing;
    }
    if (!takesMore) this.#fullSince = performance.now();
    return takesMore;
  }

  #giveBack(): void {
    for (const { release } of this.#kept.splice(0)) release();
  }
}
