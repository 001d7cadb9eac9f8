import type { Lane } from './articles-of.ts';
import { hasRoom, type Place, placeForAhead, placeForHead, placeWhereIdle } from './placement.ts';
import type { Pool } from './pool.ts';
import { createWaitingLine, LANES, type WaitingLine, type Wanting } from './waiting-line.ts';

/** Gives what waits to connections, and opens more where that helps. */
export type Scheduler = {
  line: WaitingLine;
  /** Looks in this turn's end whether something can be sent. */
  wake(): void;
  /** Something of background work ended that had begun. */
  freeBackground(): void;
};

/** Of connections, for background work while somebody watches, and for checks always. */
const BACKGROUND_SHARE = 0.2;
/** Somebody watches who wanted something so recently. */
const WATCHING_MS = 5000;
/** More that wait are not looked at to tell how many connections to open. */
const MOST_COUNTED = 64;

export function createScheduler(pools: readonly Pool[], now: () => number): Scheduler {
  const line = createWaitingLine();
  let isWoken = false;
  let background = 0;
  let watchedAt = Number.NEGATIVE_INFINITY;

  const isWatched = (at: number) => at - watchedAt < WATCHING_MS;

  function mostBackground(at: number): number {
    const total = pools.reduce((sum, { standing }) => sum + standing.limit(at), 0);
    return Math.max(1, Math.floor(total * BACKGROUND_SHARE));
  }

  function isBounded(wanting: Wanting, at: number): boolean {
    return wanting.lane === 'background' && (wanting.isCheck || isWatched(at));
  }

  function mayBegin(wanting: Wanting, at: number): boolean {
    return !isBounded(wanting, at) || background < mostBackground(at);
  }

  function placeFor(wanting: Wanting, lane: Lane, at: number): Place | null {
    const front = wanting.front(at);
    if (front.length === 0) return null;
    if (lane === 'head') return placeForHead(wanting, front, at);
    if (lane === 'ahead') return placeForAhead(wanting, front, at);
    if (!mayBegin(wanting, at)) return null;
    return isBounded(wanting, at) ? placeWhereIdle(wanting, front, at) : placeForAhead(wanting, front, at);
  }

  function sendNext(lane: Lane, at: number): boolean {
    return line.offer(lane, (wanting) => {
      const place = placeFor(wanting, lane, at);
      if (place === null) return false;
      if (lane === 'background') background += 1;
      wanting.sendTo(place.pool, place.connection, lane);
      return true;
    });
  }

  function run(): void {
    isWoken = false;
    const at = now();
    if (line.size('head') + line.size('ahead') > 0) watchedAt = at;
    for (const lane of LANES) {
      while (line.size(lane) > 0 && (lane === 'head' || hasRoom(pools)) && sendNext(lane, at));
    }
    if (pools.some((pool) => pool.canOpen(at))) openMore(at);
  }

  /** How many of those that wait want a connection of each provider. */
  function wanted(at: number): Map<Pool, number> {
    const counts = new Map<Pool, number>();
    for (const wanting of line.first(MOST_COUNTED)) {
      const pool = mayBegin(wanting, at) ? openerFor(wanting, counts, at) : undefined;
      if (pool === undefined) continue;
      const before = counts.get(pool) ?? 0;
      // Of what may take a few connections only, one is opened at a time.
      counts.set(pool, isBounded(wanting, at) ? Math.max(1, before) : before + 1);
    }
    return counts;
  }

  /** Of those it may ask the one with the fewest connections for its plan: one that cannot be connected to is not the only one to be tried. */
  function openerFor(wanting: Wanting, counts: ReadonlyMap<Pool, number>, at: number): Pool | undefined {
    const share = (pool: Pool) =>
      (pool.connections.length + pool.opening + (counts.get(pool) ?? 0)) / pool.standing.limit(at);
    const front = wanting.front(at);
    let best: Pool | undefined;
    for (const pool of front)
      if (pool.canOpen(at) && (best === undefined || share(pool) < share(best))) best = pool;
    return best;
  }

  function openMore(at: number): void {
    const counts = wanted(at);
    for (const pool of pools) {
      if (pool.health(at) === 'unproven') probe(pool, at);
      else pool.open(lackOf(pool, counts.get(pool) ?? 0, at), at);
    }
  }

  /** One that failed is tried while anything is wanted of anyone. */
  function probe(pool: Pool, at: number): void {
    const isUsed = line.size('head') + line.size('ahead') + line.size('background') > 0 || isWatched(at);
    if (isUsed && pool.opening + pool.connections.length === 0) pool.open(1, at);
  }

  /** Those that wait, those sent behind another for want of a connection, and one to spare for the next viewer. */
  function lackOf({ connections, opening }: Pool, waiting: number, at: number): number {
    let [idle, asked, busy] = [0, 0, 0];
    for (const { owed, bodies } of connections) {
      asked += bodies;
      if (owed === 0) idle += 1;
      else if (bodies > 0) busy += 1;
    }
    const spare = waiting + asked > 0 && isWatched(at) ? 1 : 0;
    return waiting + asked - busy + spare - idle - opening;
  }

  return {
    line,
    wake() {
      if (isWoken) return;
      isWoken = true;
      queueMicrotask(run);
    },
    freeBackground() {
      background -= 1;
    },
  };
}
