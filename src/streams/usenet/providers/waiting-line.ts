import type { NntpConnection } from '../nntp/connection.ts';
import type { Lane } from './articles-of.ts';
import type { Pool } from './pool.ts';

/** What waits for a connection: an article, or a batch of STATs. */
export type Wanting = {
  readonly viewer: number;
  readonly lane: Lane;
  /** Only ever on a fifth of the connections, also while nobody watches. */
  readonly isCheck: boolean;
  /** `performance.now()` since which it waits. */
  waitingSince: number;
  /** Whom it may ask now; none: it waits for one that is being tried. */
  front(now: number): readonly Pool[];
  /** It is under way there already. */
  avoids(connection: NntpConnection): boolean;
  /** `lane`: as which it was taken. */
  sendTo(pool: Pool, connection: NntpConnection, lane: Lane): void;
};

/** All that wait, by lane and viewer, and how much each viewer has under way. */
export type WaitingLine = {
  add(wanting: Wanting, now: number): void;
  /** Also when it does not wait. */
  remove(wanting: Wanting): void;
  has(wanting: Wanting): boolean;
  size(lane: Lane): number;
  /**
   * Offers those of a lane, the oldest of the viewer with the least under way first, until one is taken, which then waits no more. False: none was.
   * That order gives each viewer its share, and all of the rest to those who want more (criterion 41).
   */
  offer(lane: Lane, take: (wanting: Wanting) => boolean): boolean;
  first(count: number): Iterable<Wanting>;
  began(viewer: number): void;
  ended(viewer: number): void;
};

export const LANES = ['head', 'ahead', 'background'] as const satisfies readonly Lane[];
/** More of a lane are not looked at when those before them wait for a provider that has no room. */
const MOST_LOOKED_AT = 64;

type ByViewer = Map<number, Set<Wanting>>;

export function createWaitingLine(): WaitingLine {
  const lanes: Record<Lane, ByViewer> = { head: new Map(), ahead: new Map(), background: new Map() };
  const sizes: Record<Lane, number> = { head: 0, ahead: 0, background: 0 };
  /** The lane in which each waits: its own may have been raised since. */
  const places = new Map<Wanting, Lane>();
  const underWay = new Map<number, number>();
  /** When each viewer was last given something, counted: of those with as much under way the one who waits longest is next. */
  const turns = new Map<number, number>();
  let turn = 0;

  function remove(wanting: Wanting): void {
    const lane = places.get(wanting);
    if (lane === undefined) return;
    places.delete(wanting);
    const own = lanes[lane].get(wanting.viewer);
    own?.delete(wanting);
    if (own?.size === 0) lanes[lane].delete(wanting.viewer);
    sizes[lane] -= 1;
  }

  function viewersOf(lane: Lane): number[] {
    const viewers = [...lanes[lane].keys()];
    if (viewers.length < 2) return viewers;
    return viewers.sort(
      (one, other) =>
        (underWay.get(one) ?? 0) - (underWay.get(other) ?? 0) ||
        (turns.get(one) ?? 0) - (turns.get(other) ?? 0),
    );
  }

  function* inTurn(lane: Lane): Generator<Wanting> {
    for (const viewer of viewersOf(lane)) yield* lanes[lane].get(viewer) ?? [];
  }

  return {
    add(wanting, now) {
      remove(wanting);
      const { lane, viewer } = wanting;
      const own = lanes[lane].get(viewer) ?? new Set();
      lanes[lane].set(viewer, own.add(wanting));
      places.set(wanting, lane);
      sizes[lane] += 1;
      wanting.waitingSince = now;
    },
    remove,
    has: (wanting) => places.has(wanting),
    size: (lane) => sizes[lane],
    offer(lane, take) {
      for (const wanting of firstOf(inTurn(lane), MOST_LOOKED_AT)) {
        if (!take(wanting)) continue;
        remove(wanting);
        return true;
      }
      return false;
    },
    first: (count) => firstOf(places.keys(), count),
    began(viewer) {
      turn += 1;
      turns.set(viewer, turn);
      underWay.set(viewer, (underWay.get(viewer) ?? 0) + 1);
    },
    ended(viewer) {
      const left = (underWay.get(viewer) ?? 0) - 1;
      if (left > 0) underWay.set(viewer, left);
      else {
        underWay.delete(viewer);
        turns.delete(viewer);
      }
    },
  };
}

function* firstOf(some: Iterable<Wanting>, count: number): Generator<Wanting> {
  let left = count;
  for (const one of some) {
    left -= 1;
    if (left < 0) return;
    yield one;
  }
}
