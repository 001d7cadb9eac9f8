import type { FtpPlace } from './place.ts';
import type { FtpHolder, FtpLease } from './pool.ts';
import { refusedWith } from './refusal.ts';
import { FtpSession, type FtpSessionDeps } from './session.ts';

/** A server that said 421 to a new connection gets no more than it has for so long. */
const FULL_MS = 60_000;
/** Alone, it is asked once more after this. */
const BUSY_RETRY_MS = 500;
const BUSY = 421;
/** A session that is to be given back is waited for so long, rather than dialling a new one. */
const SOON_MS = 250;

export type Waiting = {
  readonly lease: Promise<FtpLease>;
  readonly settle: { take(lease: FtpLease): void; fail(error: unknown): void };
};

/** The sessions of one server and login, and who waits for one, first come first served. */
export class PlaceQueue {
  readonly #place: FtpPlace;
  readonly #deps: FtpSessionDeps;
  readonly #most: number;
  readonly #idle: { session: FtpSession; since: number }[] = [];
  readonly #leased = new Map<FtpLease, { holder: FtpHolder | null; since: number }>();
  readonly #waiting: Waiting[] = [];
  readonly #stop = new AbortController();
  #dialling = 0;
  /** How many the server takes, and until when that is believed. */
  #full: { most: number; until: number } | null = null;

  constructor(place: FtpPlace, deps: FtpSessionDeps, most: number) {
    this.#place = place;
    this.#deps = deps;
    this.#most = most;
  }

  get openCount(): number {
    return this.#idle.length + this.#leased.size + this.#dialling;
  }

  get isEmpty(): boolean {
    return this.openCount === 0 && this.#waiting.length === 0;
  }

  wait(): Waiting {
    const { promise, resolve, reject } = Promise.withResolvers<FtpLease>();
    promise.catch(() => {});
    const waiting = { lease: promise, settle: { take: resolve, fail: reject } };
    this.#waiting.push(waiting);
    this.#serve();
    return waiting;
  }

  /** Nobody is there to take it any more. */
  leave(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    else waiting.lease.then((lease) => lease.release()).catch(() => {});
  }

  /** Closes what has been idle since before `oldest`; asks holders for their sessions where others wait. */
  tick(oldest: number): void {
    for (let at = this.#idle.length - 1; at >= 0; at -= 1) {
      const { session, since } = this.#idle[at] ?? {};
      if (session === undefined || since === undefined || (since >= oldest && !session.isClosed)) continue;
      this.#idle.splice(at, 1);
      session.close();
    }
    this.#serve();
  }

  close(): void {
    this.#stop.abort(new Error('the server stops'));
    for (const { session } of [...this.#idle.splice(0), ...this.#leased.keys()]) session.close();
    for (const { settle } of this.#waiting.splice(0)) settle.fail(this.#stop.signal.reason);
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const session = this.#idle.pop()?.session;
      if (session === undefined) break;
      if (!session.isClosed) this.#waiting.shift()?.settle.take(this.#leaseOf(session));
    }
    if (this.#waiting.length > 0) this.#askFor();
  }

  /** Those that are on their way serve the first; then new ones, then what others can do without. */
  #askFor(): void {
    let wanted = this.#waiting.length - this.#dialling - this.#comingBack();
    for (; wanted > 0 && this.openCount < this.#mostNow(); wanted -= 1) void this.#dial();
    for (const { holder } of this.#leased.values()) {
      if (wanted <= 0) return;
      if (holder?.mayYield() !== true) continue;
      holder.yield();
      wanted -= 1;
    }
  }

  /** Leased, and soon given back: somebody lets go of it just now. */
  #comingBack(): number {
    const now = performance.now();
    let count = 0;
    for (const { holder, since } of this.#leased.values())
      if (holder === null && now - since < SOON_MS) count += 1;
    return count;
  }

  #mostNow(): number {
    if (this.#full !== null && performance.now() > this.#full.until) this.#full = null;
    return Math.min(this.#most, this.#full?.most ?? this.#most);
  }

  #leaseOf(session: FtpSession): FtpLease {
    const lease: FtpLease = {
      session,
      hold: (holder) => {
        if (this.#leased.has(lease)) this.#leased.set(lease, { holder, since: performance.now() });
      },
      release: () => {
        if (!this.#leased.delete(lease)) return;
        if (this.#stop.signal.aborted) session.close();
        else if (!session.isClosed) this.#idle.push({ session, since: performance.now() });
        this.#serve();
        if (this.#idle.at(-1)?.session === session) session.prepare();
      },
    };
    this.#leased.set(lease, { holder: null, since: performance.now() });
    return lease;
  }

  async #dial(isSecondTry = false): Promise<void> {
    this.#dialling += 1;
    let failure: unknown = null;
    try {
      const session = await FtpSession.open(this.#place, this.#deps, this.#stop.signal);
      if (this.#stop.signal.aborted) session.close();
      else this.#idle.push({ session, since: performance.now() });
    } catch (error) {
      failure = error;
    }
    this.#dialling -= 1;
    if (failure !== null) this.#onDialFailed(failure, isSecondTry);
    this.#serve();
  }

  #onDialFailed(failure: unknown, isSecondTry: boolean): void {
    const isBusy = refusedWith(failure) === BUSY;
    if (isBusy && this.openCount > 0) {
      this.#full = { most: this.openCount, until: performance.now() + FULL_MS };
      return;
    }
    if (isBusy && !isSecondTry && this.#waiting.length > 0) {
      // Counted as on its way, so that nobody dials meanwhile.
      this.#dialling += 1;
      setTimeout(() => {
        this.#dialling -= 1;
        void this.#dial(true);
      }, BUSY_RETRY_MS).unref();
      return;
    }
    this.#waiting.shift()?.settle.fail(failure);
  }
}
