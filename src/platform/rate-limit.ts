import type { Request, RequestHandler, Response } from 'express';
import { LRUCache } from 'lru-cache';
import { Pool } from 'pg';
import { AppError } from '../kit/errors.ts';
import type { Log } from './log.ts';
import { type Counter, type CounterDeps, createCounter } from './rate-limit-counter.ts';

type RateLimitRule = {
  /** Short and stable: part of the stored key and the label in `/metrics`. */
  name: string;
  /** Requests allowed in a window; a function where it is a run-time setting. */
  points: number | (() => number);
  perSeconds: number;
};

type Verdict = { isAllowed: boolean; limit: number; remaining: number; resetsInSeconds: number };

export type Limit = {
  take(key: string): Promise<Verdict>;
  /** Whether another one would be allowed; nothing is taken. Where only failures count: look before, take after. */
  look(key: string): Promise<Verdict>;
  /** Undoes one `take`: where only failures count and many may come at once, take before and give back what was none. */
  giveBack(key: string): Promise<void>;
};

export type RateLimiter = {
  /** A limit to ask by hand: tries of a password, codes of a pairing. */
  limit(rule: RateLimitRule): Limit;
  /** Sets `RateLimit-*` and refuses with 429 `limit.exceeded` and `Retry-After`. */
  middleware(rule: RateLimitRule & { keyOf(req: Request): string }): RequestHandler;
};

/** Keys remembered by one process and limit; a forgotten one costs one more question to the store. */
const MAX_KEYS = 20_000;
/** Of the limit that one process takes in advance at most: 2 %, so that a limit of up to 99 is counted one by one. */
const SHARE_IN_ADVANCE = 0.02;
const MIN_BATCH_AHEAD = 8;
const MAX_ROUNDS = 20;

/** What this process knows of a key's window. */
type Window = {
  endsAt: number;
  /** Taken from the store and not yet spent here. */
  left: number;
  /** Used up over all instances at our last question. */
  used: number;
  /** How much to take next time: doubles from 1, so that a visitor of one request takes one. */
  batch: number;
  /** The limit at which the store had nothing left; 0: it had. */
  emptyAt: number;
  waiting: number;
  asking: Promise<void> | null;
};

/**
 * Rate limits over all instances. A process takes points from the shared counter in small batches before it spends
 * them, so never more than `points` pass in a window, however many instances there are (while the store answers;
 * without it each process counts for itself). The price: what other processes hold unspent is missing, at most 2.5 % of
 * the limit each. A key's first request in a window asks the store (0.3 ms with Postgres); with 600 a minute a hundred
 * requests cost 12 questions, the later ones asked ahead of need, and a key over its limit costs none (1,000,000 a second).
 * Windows are fixed, so a visitor may spend two windows' points around their border.
 */
export function createRateLimiter(
  options: CounterDeps & {
    /** Makes a stored key from a visitor's address, so that no address is kept: `crypto.mac`. */
    hashKey(text: string): string;
    onRejected?: (limit: string) => void;
  },
): RateLimiter {
  function createLimit(rule: RateLimitRule) {
    const counter = createCounter(rule.name, rule.perSeconds, options);
    return createWindows(rule, {
      add: (key, amount) => counter.add(options.hashKey(`${rule.name} ${key}`), amount),
    });
  }

  return {
    limit(rule) {
      const windows = createLimit(rule);
      return {
        take: async (key) => told(await windows.take(key), rule),
        look: async (key) => told(await windows.look(key), rule),
        giveBack: (key) => windows.giveBack(key),
      };
    },
    middleware(rule) {
      const windows = createLimit(rule);
      return (req, res, next) => {
        const key = rule.keyOf(req);
        const verdict = windows.takeNow(key);
        if (verdict !== null) return answer(verdict, res, next);
        return windows.take(key).then((later) => answer(later, res, next));
      };
      function answer(verdict: Verdict, res: Response, next: (error?: unknown) => void) {
        setHeaders(res, told(verdict, rule), rule);
        next(verdict.isAllowed ? undefined : tooMany(verdict));
      }
    },
  };

  function told(verdict: Verdict, { name }: RateLimitRule): Verdict {
    if (!verdict.isAllowed) options.onRejected?.(name);
    return verdict;
  }
}

/** The windows of one limit as this process sees them. */
function createWindows({ points, perSeconds }: RateLimitRule, counter: Counter) {
  const windows = new LRUCache<string, Window>({ max: MAX_KEYS });
  const limitNow = typeof points === 'number' ? () => points : points;

  function windowOf(key: string, now: number): Window {
    const known = windows.get(key);
    if (known !== undefined && (now < known.endsAt || known.asking !== null)) return known;
    const fresh = { endsAt: now, left: 0, used: 0, batch: 1, emptyAt: 0, waiting: 0, asking: null };
    windows.set(key, fresh);
    return fresh;
  }

  function verdictOf(window: Window, isAllowed: boolean, limit: number, now: number): Verdict {
    const remaining = isAllowed ? Math.min(limit, Math.max(0, limit - window.used) + window.left) : 0;
    return {
      isAllowed,
      limit,
      remaining,
      resetsInSeconds: Math.max(1, Math.ceil((window.endsAt - now) / 1000)),
    };
  }

  /** Busy visitors do not wait for the next batch; quiet ones and small limits are never asked for in advance. */
  function isRunningLow({ left, batch, emptyAt }: Window, limit: number): boolean {
    return batch >= MIN_BATCH_AHEAD && left < batch / 4 && emptyAt !== limit;
  }

  /** The answer without asking anyone, or null. */
  function takeNow(key: string): Verdict | null {
    const now = Date.now();
    const limit = limitNow();
    const window = windowOf(key, now);
    if (now < window.endsAt && window.left > 0) {
      window.left -= 1;
      if (isRunningLow(window, limit)) void ask(key, window, limit);
      return verdictOf(window, true, limit, now);
    }
    return now < window.endsAt && window.emptyAt === limit ? verdictOf(window, false, limit, now) : null;
  }

  async function take(key: string): Promise<Verdict> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const verdict = takeNow(key);
      if (verdict !== null) return verdict;
      const window = windowOf(key, Date.now());
      window.waiting += 1;
      await ask(key, window, limitNow());
      window.waiting -= 1;
    }
    // Others were faster each time: as good as over the limit, for a second.
    return { isAllowed: false, limit: limitNow(), remaining: 0, resetsInSeconds: 1 };
  }

  async function look(key: string): Promise<Verdict> {
    const limit = limitNow();
    const { used, windowEndsInMs } = await counter.add(key, 0);
    const resetsInSeconds = Math.max(
      1,
      Math.ceil((windowEndsInMs > 0 ? windowEndsInMs : perSeconds * 1000) / 1000),
    );
    return { isAllowed: used < limit, limit, remaining: Math.max(0, limit - used), resetsInSeconds };
  }

  async function giveBack(key: string): Promise<void> {
    const window = windows.get(key);
    // What was taken in a window that is over is no longer counted.
    if (window === undefined || Date.now() >= window.endsAt) return;
    const { used } = await counter.add(key, -1);
    Object.assign(window, { used, emptyAt: 0 });
  }

  /** Takes the next batch; one question per key at a time. */
  function ask(key: string, window: Window, limit: number): Promise<void> {
    window.asking ??= fetchBatch(key, window, limit).finally(() => {
      window.asking = null;
    });
    return window.asking;
  }

  async function fetchBatch(key: string, window: Window, limit: number): Promise<void> {
    // A turn later everyone who arrived with this request is waiting too.
    await null;
    const amount = Math.max(window.batch, window.waiting);
    const { used, windowEndsInMs } = await counter.add(key, amount);
    const now = Date.now();
    const endsAt = now + (windowEndsInMs > 0 ? windowEndsInMs : perSeconds * 1000);
    // The store's clock turns the window; ours may be some milliseconds late.
    const isNewWindow = used === amount || endsAt - window.endsAt > perSeconds * 500;
    const granted = Math.min(amount, Math.max(0, limit - (used - amount)));
    window.left = granted + (isNewWindow ? 0 : window.left);
    window.used = used;
    window.emptyAt = granted < amount ? limit : 0;
    window.endsAt = endsAt;
    window.batch = Math.min(window.batch * 2, Math.max(1, Math.floor(limit * SHARE_IN_ADVANCE)));
  }

  return { takeNow, take, look, giveBack };
}

function setHeaders(res: Response, verdict: Verdict, { perSeconds }: RateLimitRule): void {
  // draft-ietf-httpapi-ratelimit-headers-06: the form most clients read.
  res.setHeader('RateLimit-Policy', `${verdict.limit};w=${perSeconds}`);
  res.setHeader('RateLimit-Limit', verdict.limit);
  res.setHeader('RateLimit-Remaining', verdict.remaining);
  res.setHeader('RateLimit-Reset', verdict.resetsInSeconds);
}

function tooMany({ resetsInSeconds }: Verdict): AppError {
  return new AppError('limit.exceeded', `Too many requests. Try again in ${resetsInSeconds} seconds.`, {
    status: 429,
    headers: { 'Retry-After': String(resetsInSeconds) },
  });
}

/** A few connections of the counter's own, so that a busy pool does not hold up the question whether a request may go on. */
export function openRateLimitPool({ url, log }: { url: string; log: Log }): Pool {
  const pool = new Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: 1000,
    query_timeout: 1000,
    idleTimeoutMillis: 60_000,
    application_name: 'tributary limits',
  });
  pool.on('error', (error) => log.debug({ err: error }, 'an idle connection of the rate limits was lost'));
  return pool;
}

/** One visitor: an IPv4 address, or an IPv6 network of a household (/64), of which one visitor has 2^64 addresses. */
export function visitorOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array<string>(Math.max(0, gap)).fill('0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`;
}
