import { NntpFailure } from '../nntp/failure.ts';

/**
 * What is known of one provider's health, by what came of it. Times are `performance.now()`.
 * `ready`: asked; `unproven`: it failed, and one connection is tried before it is asked again; `resting`, `refused`: not even that before `retryAt`.
 */
export type Standing = {
  health(now: number, openCount: number): 'ready' | 'unproven' | 'resting' | 'refused';
  /** Whether a connection may be tried now. */
  mayDial(now: number): boolean;
  /** How many connections at most (additive increase, multiplicative decrease). */
  limit(now: number): number;
  readonly retryAt: number | null;
  /** In words for the owner. */
  readonly reason: string | null;
  readonly lastFailure: NntpFailure | null;
  onConnected(): void;
  /** An article came, or word that it has none. */
  onAnswer(): void;
  /** `since`: when what failed was begun; what was begun before the last failure tells nothing new. `openCount`: connections that work. */
  onFailure(failure: NntpFailure, since: number, now: number, openCount: number): void;
};

const BACKOFF_MS = { first: 1000, most: 60_000 };
const REST_MS = { first: 30_000, most: 300_000 };
const REFUSED_MS = 600_000;
const FAILURES_TO_REST = 5;
/** After the limit was lowered it grows by one in so long. */
const GROW_MS = 60_000;

export function createStanding(maxConnections: number): Standing {
  let failures = 0;
  let restMs = REST_MS.first;
  let backoffMs = BACKOFF_MS.first;
  let dialAfter = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let retryAt: number | null = null;
  let last: NntpFailure | null = null;
  let isRefused = false;
  let lowered = { limit: maxConnections, at: 0 };

  const limit = (now: number) =>
    Math.min(maxConnections, lowered.limit + Math.floor((now - lowered.at) / GROW_MS));

  /** Others of the owner's programs may hold connections too: so many as work now are certain. */
  function lower(now: number, openCount: number): void {
    lowered = { limit: Math.max(1, openCount, Math.floor(limit(now) / 2)), at: now };
  }

  function backOff(now: number): void {
    dialAfter = now + backoffMs;
    backoffMs = Math.min(BACKOFF_MS.most, backoffMs * 2);
  }

  function rest(now: number): void {
    retryAt = now + restMs;
    restMs = Math.min(REST_MS.most, restMs * 2);
  }

  function fail(failure: NntpFailure, now: number): void {
    last = failure;
    failedAt = now;
    isRefused = failure.reason === 'refused';
    if (isRefused) {
      retryAt = now + REFUSED_MS;
      return;
    }
    if (failure.reason !== 'busy') failures += 1;
    if (failures >= FAILURES_TO_REST) rest(now);
  }

  return {
    limit,
    get retryAt() {
      return retryAt;
    },
    get reason() {
      return last?.message ?? null;
    },
    get lastFailure() {
      return last;
    },
    health(now, openCount) {
      if (retryAt !== null && now < retryAt) return isRefused ? 'refused' : 'resting';
      return last !== null && openCount === 0 ? 'unproven' : 'ready';
    },
    mayDial: (now) => now >= dialAfter && (retryAt === null || now >= retryAt),
    onConnected() {
      // One that lets us in and then fails again rests after its next failure.
      if (retryAt !== null) failures = FAILURES_TO_REST - 1;
      retryAt = null;
      isRefused = false;
      dialAfter = 0;
    },
    onAnswer() {
      if (last === null) return;
      failures = 0;
      restMs = REST_MS.first;
      backoffMs = BACKOFF_MS.first;
      last = null;
    },
    onFailure(failure, since, now, openCount) {
      if (failure.reason === 'closed' || since < failedAt) return;
      const isCrowded = failure.reason === 'busy' || (failure.reason === 'refused' && openCount > 0);
      if (isCrowded) lower(now, openCount);
      if (isCrowded || openCount === 0 || failure.reason === 'unreachable') backOff(now);
      // A login that serves other connections is not wrong: some say so of one connection too many.
      fail(isCrowded ? new NntpFailure('busy', failure.message, failure) : failure, now);
    },
  };
}
