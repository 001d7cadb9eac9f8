import { type SlabBuffer, type SlabMemory, slotBytesOf } from '../../slab-memory.ts';
import type { ArticleJob, ArticlesOf, Lane } from '../providers/articles-of.ts';
import type { Yenc, YencHeader } from '../yenc/decoder.ts';
import { Article, type ArticleOwner, type HeaderCheck, MAX_ARTICLE_BYTES } from './article.ts';
import { ArticleAttempt, type Place } from './attempt.ts';
import type { ArticleDisk } from './disk.ts';
import type { Lease } from './lease.ts';
import type { Part } from './part.ts';

export type ArticleStoreOptions = {
  articles: ArticlesOf;
  yenc: Yenc;
  /** Of all articles; its limit is for what is wanted and what is only kept. */
  memory: SlabMemory;
  /** Of it for articles that nobody wants right now. */
  cacheBytes?: number;
  disk: ArticleDisk;
};

/** What of an article is asked for, and by whom. */
export type Wanted = {
  id: string;
  /** As the NZB says, encoded. */
  bytes: number;
  /** What it will have decoded, as far as is known. */
  expectedBytes: number;
  lane: Lane;
  viewer: number;
  check: HeaderCheck;
};

/** One who reads ahead, and gives way to others. */
export type Window = {
  /** Nothing was taken of it for a while: it keeps what lies under its head. */
  readonly isIdle: boolean;
  /** It could not have all that it may. */
  readonly isStarved: boolean;
  /** Lets go of what is farther ahead than so many bytes. */
  trim(bytes: number): void;
  fill(): void;
};

/** Articles by message id, each fetched once for all who want it. */
export type ArticleStore = {
  /** Null: there is no memory for it now, and then it is not `head`, for which there is always some. Leave the lease. */
  want(wanted: Wanted): Lease | null;
  /** More haste: the job is now of this lane, if it is the higher one. */
  hurry(id: string, lane: Lane): void;
  join(window: Window): void;
  leave(window: Window): void;
  /** So many bytes of nothing, for what cannot be had. */
  zeros(length: number): Part;
  /** What each of those who read ahead may keep. */
  shareBytes(): number;
  /** Articles on their way, those that are only kept, bytes of memory, and what of it is put aside for those on their way. */
  state(): { jobs: number; kept: number; usedBytes: number; reservedBytes: number };
  /** Calls off what is under way and gives back what nobody is being sent. */
  close(): Promise<void>;
};

const CACHE_BYTES = 64 * 1024 * 1024;
/** Of the memory, for what is read ahead of viewers; the rest is for what they stand at. */
const WINDOW_SHARE = 0.7;
const HASTE = { head: 2, ahead: 1, background: 0 } as const satisfies Record<Lane, number>;

export function createArticleStore(options: ArticleStoreOptions): ArticleStore {
  return new Store(options);
}

class Store implements ArticleStore, ArticleOwner {
  readonly #options: ArticleStoreOptions;
  readonly #articles = new Map<string, Article>();
  /** Whole, wanted by nobody, sent to nobody: the longest unused first. */
  readonly #kept = new Map<string, Article>();
  readonly #windows = new Set<Window>();
  readonly #running = new Set<Promise<void>>();
  #keptBytes = 0;
  #reserved = 0;
  #isFillDue = false;
  #isClosed = false;

  constructor(options: ArticleStoreOptions) {
    this.#options = options;
  }

  want(wanted: Wanted): Lease | null {
    if (this.#isClosed && wanted.lane !== 'head') return null;
    if (this.#isClosed) throw new Error('the articles are closed');
    const known = this.#articles.get(wanted.id);
    if (known !== undefined) {
      this.#unkeep(known);
      const lease = known.lease(wanted.check);
      this.hurry(wanted.id, wanted.lane);
      return lease;
    }
    const bytes = slotBytesOf(Math.min(MAX_ARTICLE_BYTES, Math.max(1, wanted.expectedBytes)));
    // What nobody waits for takes nothing from those who read ahead.
    const hasRoom = wanted.lane === 'background' ? this.#dropUntil(bytes) : this.#makeRoom(bytes);
    if (!hasRoom && wanted.lane !== 'head') return null;
    const article = new Article(wanted.id, wanted.lane, this);
    this.#articles.set(wanted.id, article);
    this.#reserve(article, bytes);
    const lease = article.lease(wanted.check);
    const running = this.#bring(article, wanted).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return lease;
  }

  hurry(id: string, lane: Lane): void {
    const article = this.#articles.get(id);
    if (article === undefined || HASTE[article.lane] >= HASTE[lane]) return;
    article.lane = lane;
    if (article.job === null) return;
    article.job.lane = lane;
    this.#options.articles.hurry(article.job);
  }

  join(window: Window): void {
    this.#windows.add(window);
  }

  leave(window: Window): void {
    this.#windows.delete(window);
  }

  zeros(length: number): Part {
    this.#makeRoom(slotBytesOf(length));
    const buffer = this.#options.memory.take(length);
    buffer.bytes.fill(0);
    let isOut = true;
    const release = () => {
      if (isOut) this.give(buffer);
      isOut = false;
    };
    return { buffer, from: 0, to: length, release };
  }

  shareBytes(): number {
    let active = 0;
    for (const { isIdle } of this.#windows) if (!isIdle) active += 1;
    return (this.#options.memory.limitBytes * WINDOW_SHARE) / Math.max(1, active);
  }

  state(): { jobs: number; kept: number; usedBytes: number; reservedBytes: number } {
    const usedBytes = this.#options.memory.usedBytes();
    return { jobs: this.#running.size, kept: this.#kept.size, usedBytes, reservedBytes: this.#reserved };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const article of [...this.#kept.values()]) this.#drop(article);
    for (const article of [...this.#articles.values()])
      if (!article.isSettled) article.abandon(new Error('the articles are closed'));
    await Promise.all(this.#running);
  }

  /** Never rejects: whoever wants it is told. */
  async #bring(article: Article, wanted: Wanted): Promise<void> {
    try {
      const place = await this.#fromDisk(article);
      if (article.isSettled) this.#giveUnused(place);
      else if (place === null) await this.#askFor(article, wanted);
      else article.found(place);
    } catch (error) {
      article.fail(error);
    }
    this.#reserve(article, 0);
    if (article.whole === null && this.#articles.get(article.id) === article)
      this.#articles.delete(article.id);
    if (article.leases.size === 0) this.idle(article);
  }

  async #fromDisk(article: Article): Promise<Place | null> {
    const { disk } = this.#options;
    if (!disk.has(article.id)) return null;
    return await disk.read(
      article.id,
      (header) => (article.refusal(header) === null ? article.take(header) : null),
      (buffer) => this.give(buffer),
    );
  }

  async #askFor(article: Article, { id, bytes, viewer }: Wanted): Promise<void> {
    const { articles, yenc, disk } = this.#options;
    const { lane } = article;
    const job: ArticleJob = { id, bytes, viewer, lane, attempt: () => article.attempt(yenc) };
    article.job = job;
    let crc = 0;
    try {
      const attempt = await articles.fetch(job, article.stop.signal);
      if (!(attempt instanceof ArticleAttempt) || !attempt.isWhole)
        throw new Error('an article came that is not whole');
      article.finish(attempt);
      crc = attempt.crc;
    } finally {
      article.job = null;
    }
    const { whole } = article;
    if (whole === null || !disk.admit(id, whole.length)) return;
    const { release } = article.pin(0, whole.length);
    void disk.write(id, whole, crc).finally(release);
  }

  #giveUnused(place: Place | null): void {
    if (place !== null) this.give(place.buffer);
  }

  take(header: YencHeader, article: Article): SlabBuffer | null {
    const { memory } = this.#options;
    const length = header.end - header.begin;
    // What was put aside for it is its own; it may be longer than the NZB said.
    this.#reserve(article, 0);
    // In the middle of a socket's reading nothing is called off, which could be this one.
    this.#dropUntil(slotBytesOf(length));
    return memory.take(length);
  }

  give(buffer: SlabBuffer): void {
    this.#options.memory.give(buffer);
    this.#fillSoon();
  }

  idle(article: Article): void {
    if (article.leases.size > 0) return;
    if (!article.isSettled) {
      this.#articles.delete(article.id);
      this.#reserve(article, 0);
      article.abandon(new Error('nobody wants this article any more'));
    } else if (article.whole !== null && !article.isPinned && this.#articles.get(article.id) === article)
      this.#keep(article);
  }

  #keep(article: Article): void {
    if (this.#kept.has(article.id)) return;
    const most = this.#isClosed ? 0 : (this.#options.cacheBytes ?? CACHE_BYTES);
    this.#kept.set(article.id, article);
    this.#keptBytes += slotOf(article);
    // What nobody waited for pushes out nothing that was watched a moment ago.
    if (article.lane === 'background' && this.#keptBytes > most) this.#drop(article);
    for (const one of this.#kept.values()) {
      if (this.#keptBytes <= most && this.#fits(0)) break;
      this.#drop(one);
    }
    this.#fillSoon();
  }

  #unkeep(article: Article): void {
    if (this.#kept.delete(article.id)) this.#keptBytes -= slotOf(article);
  }

  #drop(article: Article): void {
    this.#unkeep(article);
    this.#articles.delete(article.id);
    article.drop();
  }

  #reserve(article: Article, bytes: number): void {
    this.#reserved += bytes - article.reserved;
    article.reserved = bytes;
  }

  #fits(bytes: number): boolean {
    const { memory } = this.#options;
    return memory.usedBytes() + this.#reserved + bytes <= memory.limitBytes;
  }

  /** What nobody wants goes, then what readers have ahead beyond their share, those first who take nothing. */
  #makeRoom(bytes: number): boolean {
    if (this.#dropUntil(bytes)) return true;
    const share = this.shareBytes();
    const windows = [...this.#windows].sort((one, other) => Number(other.isIdle) - Number(one.isIdle));
    for (const window of windows) {
      window.trim(window.isIdle ? 0 : share);
      if (this.#dropUntil(bytes)) return true;
    }
    return false;
  }

  #dropUntil(bytes: number): boolean {
    for (const article of this.#kept.values()) {
      if (this.#fits(bytes)) return true;
      this.#drop(article);
    }
    return this.#fits(bytes);
  }

  /** There may be memory for those who had none. */
  #fillSoon(): void {
    if (this.#isFillDue || this.#isClosed) return;
    this.#isFillDue = true;
    setImmediate(() => {
      this.#isFillDue = false;
      for (const window of this.#windows) if (window.isStarved) window.fill();
    });
  }
}

function slotOf(article: Article): number {
  return article.whole === null ? 0 : slotBytesOf(article.whole.length);
}
