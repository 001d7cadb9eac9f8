import { abortable } from '../../../platform/abortable.ts';
import type { Learned, ReleaseFile, ReleaseState, UsenetSpec } from '../engine.ts';
import { isHole } from './refusals.ts';
import type { Release } from './release.ts';

/** A player asks for a film range by range, and the next episode lies in the same post. */
const IDLE_MS = 300_000;
/** Of all that nobody has open, some 40 MB: each holds its NZB, and one of 70,000 articles takes 15. */
const MAX_IDLE_ARTICLES = 200_000;
/** What was learned is told so often while it grows: each telling is a row written. */
const TELL_MS = 10_000;
/** Of the smoothed rate, what a second before counts. */
const KEPT_RATE = 0.6;

type Held = {
  key: string;
  opening: Promise<Release>;
  /** Null until it is open. */
  release: Release | null;
  articles: number;
  toldAt: number;
  /** Aborted when nobody waits for the opening any more. */
  abort: AbortController;
  users: number;
  readers: number;
  idleSince: number;
  bytes: number;
  rate: number;
  missing: number;
};

export type OpenReleasesDeps = {
  open(spec: UsenetSpec, signal: AbortSignal): Promise<Release>;
  onLearned(key: string, learned: Learned): void;
  /** Something of it is gone for good; told once while it is held. */
  onGone(key: string): void;
  /** Nobody has it open any more. */
  onLeft(key: string): void;
};

/** Releases that somebody has open, and for a while after. */
export class OpenReleases {
  readonly #deps: OpenReleasesDeps;
  readonly #held = new Map<string, Held>();

  constructor(deps: OpenReleasesDeps) {
    this.#deps = deps;
  }

  /** One user more; null where it is not open. */
  async reopen(key: string, signal: AbortSignal): Promise<readonly ReleaseFile[] | null> {
    const held = this.#held.get(key);
    return held === undefined ? null : await this.#use(held, signal);
  }

  /** One user more: `release` it. Who comes while it is being opened waits for the same. */
  open(spec: UsenetSpec, signal: AbortSignal): Promise<readonly ReleaseFile[]> {
    return this.#use(this.#held.get(spec.key) ?? this.#begin(spec), signal);
  }

  #begin(spec: UsenetSpec): Held {
    const { key } = spec;
    const abort = new AbortController();
    const opening = this.#deps.open(spec, abort.signal);
    const held: Held = {
      ...{ key, opening, abort, release: null, articles: articlesOf(spec), toldAt: 0 },
      ...{ users: 0, readers: 0, idleSince: 0, bytes: 0, rate: 0, missing: 0 },
    };
    this.#held.set(key, held);
    opening.then(
      (release) => {
        held.release = release;
        this.#tell(held);
      },
      (error: unknown) => {
        if (this.#held.get(key) === held) this.#held.delete(key);
        if (isHole(error)) this.#deps.onGone(key);
      },
    );
    return held;
  }

  async #use(held: Held, signal: AbortSignal): Promise<readonly ReleaseFile[]> {
    held.users += 1;
    try {
      const { files } = await abortable(held.opening, signal);
      return files.map(({ index, path, sizeBytes }) => ({ index, path, sizeBytes }));
    } catch (error) {
      this.#leave(held);
      throw error;
    }
  }

  /** One user less; the last one's going lets it go after a while, or at once where it was still being opened. */
  release(key: string): void {
    const held = this.#held.get(key);
    if (held !== undefined) this.#leave(held);
  }

  #leave(held: Held): void {
    held.users -= 1;
    if (held.users > 0) return;
    this.#deps.onLeft(held.key);
    held.idleSince = performance.now();
    if (held.release !== null) return;
    held.abort.abort(new Error('the viewer has left'));
    // Who comes in the same moment begins anew.
    if (this.#held.get(held.key) === held) this.#held.delete(held.key);
  }

  /** Of one that somebody has open. */
  async of(key: string): Promise<Release> {
    const held = this.#held.get(key);
    if (held === undefined) throw new Error('nobody has this release open');
    return await held.opening;
  }

  /** Somebody begins to read; what comes is counted until `end`. */
  reading(key: string): { count(bytes: number): void; missed(): void; end(): void } {
    const held = this.#held.get(key);
    if (held !== undefined) held.readers += 1;
    return {
      count(bytes) {
        if (held !== undefined) held.bytes += bytes;
      },
      missed: () => {
        if (held === undefined) return;
        held.missing += 1;
        if (held.missing === 1) this.#deps.onGone(key);
      },
      end: () => {
        if (held === undefined) return;
        held.readers -= 1;
      },
    };
  }

  #tell(held: Held): void {
    held.toldAt = performance.now();
    if (held.release !== null) this.#deps.onLearned(held.key, held.release.learned());
  }

  /** What was learned since it was told last, of those that were not told of lately. */
  tellNews(now = Number.POSITIVE_INFINITY): void {
    for (const held of this.#held.values())
      if (now - held.toldAt > TELL_MS && held.release?.hasNews() === true) this.#tell(held);
  }

  #forgetIdle(now: number): void {
    const idle = [...this.#held.values()].filter(({ users }) => users === 0);
    let articles = 0;
    // The last used ones stay.
    for (const held of idle.sort((a, b) => b.idleSince - a.idleSince)) {
      articles += held.articles;
      if (articles > MAX_IDLE_ARTICLES || now - held.idleSince > IDLE_MS) this.#held.delete(held.key);
    }
  }

  /** Each second: those that are read, and their rates; forgets who has been idle for long. */
  tick(): ReleaseState[] {
    const now = performance.now();
    this.tellNews(now);
    this.#forgetIdle(now);
    for (const held of this.#held.values()) {
      held.rate = held.rate * KEPT_RATE + held.bytes * (1 - KEPT_RATE);
      held.bytes = 0;
    }
    return [...this.#held.values()]
      .filter(({ users }) => users > 0)
      .map(({ key, readers, rate, missing }) => ({
        key,
        readers,
        bytesPerSecond: Math.round(rate),
        missing,
      }));
  }
}

function articlesOf({ nzb }: UsenetSpec): number {
  return nzb.files.reduce((sum, { segments }) => sum + segments.length, 0);
}
