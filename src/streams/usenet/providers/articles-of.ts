import type { ArticleDecoder } from '../yenc/decoder.ts';
import type { ProviderState } from './provider.ts';

/** `head`: a viewer waits for it; `ahead`: one will; `background`: health, import. */
export type Lane = 'head' | 'ahead' | 'background';

/** One try at one provider; a hedge runs beside another. */
export type Attempt = {
  readonly decoder: ArticleDecoder;
  /**
   * It will give nothing more, and was not it: missing there, cut off, damaged, another was faster, or its job was aborted and nothing
   * more is fed. Only then, or when its decoder has ended, its memory goes to others.
   */
  dropped(): void;
};

/** An article that is wanted. */
export type ArticleJob = {
  id: string;
  /** As the NZB says, encoded. */
  bytes: number;
  /** Whose connections it counts to: fairness is between viewers. */
  viewer: number;
  /** May be raised while it waits or runs: tell `hurry`. */
  lane: Lane;
  /** Called for each try, before its first byte. */
  attempt(): Attempt;
};

/** How many of what was asked a STAT found. */
export type StatAnswer = { id: string; isThere: boolean | null };

/** All providers as one: order, failover, hedging, fairness, breakers (criteria 39–41). */
export type ArticlesOf = {
  /**
   * Resolves with the try that came whole and right. Rejects with ArticleMissing where every provider says that it has none (404 of
   * the release), with ArticleDamaged where all that came was wrong, with UpstreamFailed 502/503/504 where no provider could be asked, with
   * the signal's reason when it aborts; what is under way then is read to its end and thrown away, or cut where that is cheaper.
   */
  fetch: (job: ArticleJob, signal: AbortSignal) => Promise<Attempt>;
  /** Its lane was raised. */
  hurry(job: ArticleJob): void;
  /** Whether providers have these articles (STAT, pipelined); null: could not be asked. Never more than a fifth of the connections. */
  stat(
    ids: readonly string[],
    signal: AbortSignal,
    onAnswer?: (answer: StatAnswer) => 'go-on' | 'stop',
  ): Promise<StatAnswer[]>;
  /** Every provider said lately that it has none. */
  isMissing(id: string): boolean;
  /** Every copy that came lately was wrong, though a STAT says that it is there. */
  isDamaged(id: string): boolean;
  states(): ProviderState[];
  /** Closes every connection. */
  close(): Promise<void>;
};

/** No provider has it. */
export class ArticleMissing extends Error {
  readonly id: string;
  constructor(id: string) {
    super('no provider has this article');
    this.id = id;
  }
}

/** Every copy of it is damaged. */
export class ArticleDamaged extends Error {
  readonly id: string;
  constructor(id: string, fault: string) {
    super(`every copy of this article is damaged: ${fault}`);
    this.id = id;
  }
}
