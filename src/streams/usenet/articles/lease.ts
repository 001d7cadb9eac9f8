import type { YencHeader } from '../yenc/decoder.ts';
import type { Article, HeaderCheck } from './article.ts';
import type { Part } from './part.ts';

type Waiter = { atLeast: number; resolve(): void; reject(error: unknown): void };

/** One who wants an article. As long as it is not left, the article comes, and stays in memory. */
export class Lease {
  readonly #article: Article;
  readonly check: HeaderCheck;
  #waiter: Waiter | null = null;
  #failure: { error: unknown } | null = null;
  /** Bytes of it were given before it was known to be right. */
  hasGiven = false;

  constructor(article: Article, check: HeaderCheck) {
    this.#article = article;
    this.check = check;
  }

  get id(): string {
    return this.#article.id;
  }

  /** Null: not known yet. */
  get header(): YencHeader | null {
    return this.#article.header;
  }

  /** All of it is here and right. */
  get isWhole(): boolean {
    return this.#article.whole !== null;
  }

  /** Bytes from its beginning that are here; that they are right is known when it is whole. */
  get usable(): number {
    return this.#article.usable;
  }

  /** Why it will not come; null: it may. */
  get failure(): { error: unknown } | null {
    return this.#failure;
  }

  /** Resolves when `atLeast` bytes are usable (0: its header is known) or it is whole; one wait at a time. Rejects where it will not come. */
  more(atLeast: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiter = { atLeast, resolve, reject };
      this.look();
    });
  }

  /** Resolves when it is whole. */
  whole(): Promise<void> {
    return this.more(Number.POSITIVE_INFINITY);
  }

  /** Something may have come that is waited for. */
  look(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    if (this.#failure !== null) {
      this.#waiter = null;
      waiter.reject(this.#failure.error);
    } else if (this.isWhole || this.#isEnough(waiter.atLeast)) {
      this.#waiter = null;
      waiter.resolve();
    }
  }

  #isEnough(atLeast: number): boolean {
    return this.header !== null && this.usable >= Math.max(1, atLeast);
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.look();
  }

  /** Usable bytes of it, to be sent. */
  part(from: number, to: number): Part {
    if (!this.isWhole) this.hasGiven = true;
    const { buffer, release } = this.#article.pin(from, to);
    return { buffer, from, to, release };
  }

  /** It is not wanted any more; who waits is told `reason`. */
  leave(reason: unknown): void {
    this.fail(reason);
    this.#article.leave(this);
  }
}
