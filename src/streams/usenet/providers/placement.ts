import type { NntpConnection } from '../nntp/connection.ts';
import type { Pool } from './pool.ts';
import type { Wanting } from './waiting-line.ts';

export type Place = { pool: Pool; connection: NntpConnection };

/** Bodies asked for at once on a connection: with 50 ms of way one loses 25 %, four gain nothing and make seeks slow. */
const DEPTH = 2;
/** A viewer who waits goes behind those where nothing is free and nothing can be opened. */
const HEAD_DEPTH = 3;
/** One that owes something and has been quiet for so long may have hung. */
export const STALL_MS = 300;
/** For an ordering: such a one is the last choice of a viewer who waits, and none of those who read ahead. */
const HUNG_MS = 1e9;
/** Of a reply that is a line. */
const LINE_MS = 5;
/** Bytes a second, before the first body told it. */
const FIRST_RATE = 2_000_000;

/** Until it has given what it owes. */
function freeInMs(pool: Pool, connection: NntpConnection, now: number): number {
  if (connection.owed === 0) return 0;
  if (connection.quietMs(now) > Math.max(STALL_MS, 2 * (pool.latencyMs ?? 0))) return HUNG_MS;
  return connection.owed * LINE_MS + (connection.owedBytes() / (connection.rate ?? FIRST_RATE)) * 1000;
}

const loadOf = ({ counts, standing }: Pool, now: number) => counts.inFlight / standing.limit(now);

type Candidate = Place & { inMs: number };

/** The soonest free of those with fewer than `depth` commands owed; of equals the one whose provider has the least to do. */
function soonest(wanting: Wanting, pools: readonly Pool[], depth: number, now: number): Candidate | null {
  let best: Candidate | null = null;
  for (const pool of pools) {
    for (const connection of pool.connections) {
      if (connection.owed >= depth || wanting.avoids(connection)) continue;
      best = better(best, pool, connection, now);
    }
  }
  return best;
}

function better(best: Candidate | null, pool: Pool, connection: NntpConnection, now: number): Candidate {
  const inMs = freeInMs(pool, connection, now);
  if (best === null) return { pool, connection, inMs };
  const isBetter =
    inMs < best.inMs ||
    (inMs === best.inMs && pool !== best.pool && loadOf(pool, now) < loadOf(best.pool, now));
  return isBetter ? { pool, connection, inMs } : best;
}

/** Until one that is or can be opened is there; one that took twice as long as usual is not waited for. */
function openInMs(wanting: Wanting, pools: readonly Pool[], now: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const pool of pools) {
    if (pool.opening === 0 && !pool.canOpen(now)) continue;
    if (now - wanting.waitingSince > Math.max(STALL_MS, 2 * pool.connectMs)) continue;
    least = Math.min(least, pool.connectMs);
  }
  return least;
}

/** For one a viewer waits for: a free connection, or the soonest unless a new one will be there before. Null: it waits, and takes what comes first. */
export function placeForHead(wanting: Wanting, pools: readonly Pool[], now: number): Place | null {
  const best = soonest(wanting, pools, HEAD_DEPTH, now);
  if (best === null || best.inMs === 0) return best;
  return best.inMs <= openInMs(wanting, pools, now) ? best : null;
}

/** For one that is read ahead. The last second place of a provider stays free, so that a viewer who comes next waits for one body at most. */
export function placeForAhead(wanting: Wanting, pools: readonly Pool[], now: number): Place | null {
  const best = soonest(wanting, pools, DEPTH, now);
  if (best === null || best.connection.owed === 0) return best;
  return best.inMs < HUNG_MS && hasPlaceToSpare(best.pool) ? best : null;
}

function hasPlaceToSpare({ connections }: Pool): boolean {
  if (connections.length < 2) return true;
  let places = 0;
  for (const { owed } of connections) if (owed < DEPTH) places += 1;
  return places > 1;
}

export function placeWhereIdle(wanting: Wanting, pools: readonly Pool[], now: number): Place | null {
  return soonest(wanting, pools, 1, now);
}

/** Whether any connection could take one more for a reader ahead. */
export function hasRoom(pools: readonly Pool[]): boolean {
  return pools.some(({ connections }) => connections.some(({ owed }) => owed < DEPTH));
}
