import type { SlabBuffer } from '../../slab-memory.ts';
import { ArticleDamaged, type ArticleJob, type Lane } from '../providers/articles-of.ts';
import type { Yenc, YencHeader } from '../yenc/decoder.ts';
import { ArticleAttempt, type AttemptOwner, type Place } from './attempt.ts';
import { Lease } from './lease.ts';

/** Articles have 0.2–1 MB, and servers take hardly more than four. */
export const MAX_ARTICLE_BYTES = 8 * 1024 * 1024;

export type ArticleOwner = {
  take(header: YencHeader, article: Article): SlabBuffer | null;
  give(buffer: SlabBuffer): void;
  /** Nobody wants it any more, or nobody is sent any of it. */
  idle(article: Article): void;
};

/** Why an article is not what was asked for; null: it may be. */
export type HeaderCheck = (header: YencHeader) => string | null;

/** One article: on its way or in memory, who wants it, and what of it viewers have been given already. */
export class Article implements AttemptOwner {
  readonly id: string;
  /** The highest of those who want it, also while it is still looked for on disk. */
  lane: Lane;
  readonly #owner: ArticleOwner;
  readonly leases = new Set<Lease>();
  readonly #attempts = new Set<ArticleAttempt>();
  /** How often each place is being sent. */
  readonly #pins = new Map<Place, number>();
  /** Whose bytes viewers are given. */
  #lead: ArticleAttempt | null = null;
  #whole: Place | null = null;
  #failure: unknown = null;
  #isSettled = false;
  /** Given out before it was known to be right. */
  #givenFrom = Number.POSITIVE_INFINITY;
  #givenTo = 0;
  /** What it will take and has not taken yet. */
  reserved = 0;
  job: ArticleJob | null = null;
  readonly stop = new AbortController();

  constructor(id: string, lane: Lane, owner: ArticleOwner) {
    this.id = id;
    this.lane = lane;
    this.#owner = owner;
  }

  get whole(): Place | null {
    return this.#whole;
  }

  get failure(): unknown {
    return this.#failure;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get isPinned(): boolean {
    return this.#pins.size > 0;
  }

  get header(): YencHeader | null {
    return this.#whole?.header ?? (this.#lead?.usable === 0 ? null : (this.#lead?.header ?? null));
  }

  /** Bytes from its beginning that may be read. */
  get usable(): number {
    return this.#whole?.length ?? this.#lead?.usable ?? 0;
  }

  attempt(yenc: Yenc): ArticleAttempt {
    const attempt = new ArticleAttempt(yenc, this);
    this.#attempts.add(attempt);
    return attempt;
  }

  refusal(header: YencHeader): string | null {
    const length = header.end - header.begin;
    if (!(length >= 0 && length <= MAX_ARTICLE_BYTES)) return 'it is longer than any article';
    for (const { check } of this.leases) {
      const reason = check(header);
      if (reason !== null) return reason;
    }
    return null;
  }

  take(header: YencHeader): SlabBuffer | null {
    return this.#isSettled ? null : this.#owner.take(header, this);
  }

  moved(attempt: ArticleAttempt): void {
    if (this.#isSettled) return;
    if (attempt !== this.#lead) {
      if (attempt.usable <= (this.#lead?.usable ?? 0) || !this.#agrees(attempt)) return;
      const former = this.#lead;
      this.#lead = attempt;
      if (former !== null) this.#tidy(former);
    }
    this.#wake();
  }

  ended(attempt: ArticleAttempt): void {
    this.#tidy(attempt);
  }

  /** The attempt that came whole and right. */
  finish(attempt: ArticleAttempt): void {
    const { place } = attempt;
    if (this.#isSettled || place === null) return;
    const wrong =
      attempt === this.#lead || this.#agrees(attempt)
        ? []
        : [...this.leases].filter(({ hasGiven }) => hasGiven);
    this.#settle(place, null);
    for (const lease of wrong)
      lease.fail(new ArticleDamaged(this.id, 'what was given of it is not what it is'));
    this.#wake();
  }

  /** From the disk. */
  found(place: Place): void {
    this.#settle(place, null);
    this.#wake();
  }

  fail(error: unknown): void {
    if (this.#isSettled) return;
    this.#settle(null, error);
    for (const lease of [...this.leases]) lease.fail(error);
  }

  /** Nobody wants it: what is under way writes to its end where it is, and no further. */
  abandon(reason: unknown): void {
    this.fail(reason);
    this.stop.abort(reason);
  }

  #settle(place: Place | null, failure: unknown): void {
    this.#isSettled = true;
    this.#whole = place;
    this.#failure = failure;
    this.#lead = null;
    for (const attempt of [...this.#attempts]) this.#tidy(attempt);
  }

  /** Gives back what was not it, as soon as it is neither written nor sent. */
  #tidy(attempt: ArticleAttempt): void {
    // What viewers were given of it is compared with the next.
    const isNeeded = attempt === this.#lead && this.#givenTo > 0;
    if (!attempt.isDone || isNeeded || (!this.#isSettled && !attempt.isDropped)) return;
    if (attempt === this.#lead) this.#lead = null;
    if (!this.#attempts.delete(attempt) || attempt.place === null) return;
    this.#giveBack(attempt.place);
  }

  #giveBack(place: Place): void {
    if (place === this.#whole || this.#pins.has(place) || this.#isOf(place)) return;
    this.#owner.give(place.buffer);
  }

  #isOf(place: Place): boolean {
    for (const attempt of this.#attempts) if (attempt.place === place) return true;
    return false;
  }

  /** What viewers have been given of the lead is what this one says too. */
  #agrees(attempt: ArticleAttempt): boolean {
    const [lead, to] = [this.#lead?.place ?? null, this.#givenTo];
    const { place, agreesTo } = attempt;
    if (to === 0 || lead === null) return true;
    if (place === null || agreesTo < 0 || attempt.written < to) return false;
    const isSame = place.header.begin === lead.header.begin && place.length === lead.length;
    const from = Math.max(agreesTo, this.#givenFrom);
    attempt.agreesTo =
      isSame && lead.buffer.bytes.compare(place.buffer.bytes, from, to, from, to) === 0 ? to : -1;
    return attempt.agreesTo > 0;
  }

  #wake(): void {
    for (const lease of this.leases) lease.look();
  }

  /** Its bytes from `from` to `to` as they lie there, which must be usable. */
  pin(from: number, to: number): { buffer: SlabBuffer; release(): void } {
    const place = this.#whole ?? this.#lead?.place ?? null;
    if (place === null) throw new Error('nothing of this article is here');
    if (this.#whole === null) {
      this.#givenFrom = Math.min(this.#givenFrom, from);
      this.#givenTo = Math.max(this.#givenTo, to);
    }
    this.#pins.set(place, (this.#pins.get(place) ?? 0) + 1);
    let isOut = true;
    const release = () => {
      if (isOut) this.#unpin(place);
      isOut = false;
    };
    return { buffer: place.buffer, release };
  }

  #unpin(place: Place): void {
    const left = (this.#pins.get(place) ?? 0) - 1;
    if (left > 0) this.#pins.set(place, left);
    else this.#pins.delete(place);
    if (left > 0) return;
    if (place !== this.#whole) this.#giveBack(place);
    else if (this.leases.size === 0) this.#owner.idle(this);
  }

  /** Somebody wants it from now on. */
  lease(check: HeaderCheck): Lease {
    const lease = new Lease(this, check);
    this.leases.add(lease);
    if (this.#isSettled && this.#whole === null) lease.fail(this.#failure);
    return lease;
  }

  leave(lease: Lease): void {
    if (this.leases.delete(lease) && this.leases.size === 0) this.#owner.idle(this);
  }

  /** Its memory goes; only when nobody wants it nor is sent any of it. */
  drop(): void {
    const place = this.#whole;
    this.#whole = null;
    if (place !== null) this.#owner.give(place.buffer);
  }
}
