import { type ConnectionDeps, connectNntp, type NntpConnection } from '../nntp/connection.ts';
import { NntpFailure } from '../nntp/failure.ts';
import { createMissingList, type MissingList } from './missing-list.ts';
import type { Provider, ProviderState } from './provider.ts';
import { createStanding, type Standing } from './standing.ts';

/** One provider: its connections, opened only as they are needed, and how it is doing. */
export type Pool = {
  readonly provider: Provider;
  readonly missing: MissingList;
  readonly standing: Standing;
  /** Those that are logged in. */
  readonly connections: readonly NntpConnection[];
  /** Being opened. */
  readonly opening: number;
  /** How long opening one takes, smoothed. */
  readonly connectMs: number;
  /** To the first byte of an article, smoothed. */
  readonly latencyMs: number | null;
  readonly counts: PoolCounts;
  health(now: number): ReturnType<Standing['health']>;
  canOpen(now: number): boolean;
  /** Opens so many more, as far as it may. */
  open(count: number, now: number): void;
  state(now: number): ProviderState;
  tick(now: number): void;
  close(): Promise<void>;
};

/** Since the thread began; `inFlight` now. */
export type PoolCounts = {
  inFlight: number;
  bytes: number;
  articles: number;
  missing: number;
  corrupt: number;
  failures: number;
};

export type PoolEvents = {
  /** A connection is there, or has room again. */
  onRoom(): void;
  /** It failed. */
  onFailure(): void;
};

/** Of the newest in smoothed times. */
const WEIGHT = 0.2;
const FIRST_CONNECT_MS = 250;

export function createPool(provider: Provider, deps: ConnectionDeps, events: PoolEvents): Pool {
  const standing = createStanding(provider.connections);
  const connections: NntpConnection[] = [];
  const opening = new Set<Promise<void>>();
  const closing = new AbortController();
  const counts: PoolCounts = { inFlight: 0, bytes: 0, articles: 0, missing: 0, corrupt: 0, failures: 0 };
  let connectMs = FIRST_CONNECT_MS;
  let latencyMs: number | null = null;

  function onFailure(failure: NntpFailure, since: number): void {
    if (closing.signal.aborted) return;
    if (failure.reason !== 'closed') counts.failures += 1;
    standing.onFailure(failure, since, performance.now(), connections.length);
    events.onFailure();
  }

  function onLatency(ms: number): void {
    latencyMs = latencyMs === null ? ms : latencyMs + WEIGHT * (ms - latencyMs);
  }

  async function openOne(): Promise<void> {
    const since = performance.now();
    let made: NntpConnection | null = null;
    try {
      const connection = await connectNntp(
        deps,
        provider,
        {
          onRoom: events.onRoom,
          onLatency,
          onBytes: (count) => {
            counts.bytes += count;
          },
          onClose(failure, isOwed) {
            const at = made === null ? -1 : connections.indexOf(made);
            if (at >= 0) connections.splice(at, 1);
            // A server may close what idles.
            if (isOwed) onFailure(failure, since);
          },
        },
        closing.signal,
      );
      made = connection;
      if (closing.signal.aborted) return connection.end();
      connections.push(connection);
      connectMs += WEIGHT * (performance.now() - since - connectMs);
      standing.onConnected();
    } catch (error) {
      if (!closing.signal.aborted) onFailure(failureOf(error), since);
    }
  }

  function canOpen(now: number): boolean {
    if (closing.signal.aborted || !standing.mayDial(now)) return false;
    // Whether it is back is found out by one.
    const most = standing.health(now, connections.length) === 'unproven' ? 1 : standing.limit(now);
    return connections.length + opening.size < most;
  }

  return {
    provider,
    missing: createMissingList(),
    ...{ standing, connections, counts, canOpen },
    get opening() {
      return opening.size;
    },
    get connectMs() {
      return connectMs;
    },
    get latencyMs() {
      return latencyMs;
    },
    health: (now) => standing.health(now, connections.length),
    open(count, now) {
      for (let left = count; left > 0 && canOpen(now); left -= 1) {
        const one = openOne().finally(() => {
          opening.delete(one);
          events.onRoom();
        });
        opening.add(one);
      }
    },
    state(now) {
      const health = standing.health(now, connections.length);
      const rests = health === 'resting' || health === 'refused';
      const { retryAt } = standing;
      return {
        name: provider.name,
        connections: connections.length,
        maxConnections: standing.limit(now),
        ...counts,
        status: rests ? health : 'ready',
        retryAt: rests && retryAt !== null ? Math.round(Date.now() + retryAt - now) : null,
        reason: standing.reason,
        failure: standing.lastFailure?.reason ?? null,
        latencyMs: latencyMs === null ? null : Math.round(latencyMs),
      };
    },
    tick(now) {
      // Cutting one takes it out of the list.
      for (const connection of [...connections]) connection.tick(now);
    },
    async close() {
      closing.abort(new Error('the providers are closed'));
      for (const connection of connections.splice(0)) connection.end();
      await Promise.all(opening);
    },
  };
}

function failureOf(error: unknown): NntpFailure {
  return error instanceof NntpFailure
    ? error
    : new NntpFailure('unreachable', 'no connection could be made', error);
}
