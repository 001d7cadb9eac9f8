/** Peers that may ask at a time: 7 of merit, and one to find out about (BEP 3). */
export const MAX_UNCHOKED = 8;
const OPTIMISTIC_MS = 30_000;

/** A peer that wants something. */
export type Contender = {
  /** Bytes a second it gives to us, and we to it. */
  readonly givesUs: number;
  readonly takes: number;
  /** When its optimistic turn began; 0: it never had one. */
  optimisticAt: number;
};

/**
 * BEP 3: who gives most may ask; where nobody gives, as to one who has everything, who takes fastest. One slot goes round among
 * the others, 30 s each, the longest unlucky first: a newcomer has nothing to show yet.
 */
export function chooseUnchoked<T extends Contender>(interested: readonly T[], now: number): Set<T> {
  if (interested.length <= MAX_UNCHOKED) return new Set(interested);
  const byMerit = [...interested].sort((a, b) => b.givesUs - a.givesUs || b.takes - a.takes);
  const rest = byMerit.slice(MAX_UNCHOKED - 1);
  const chosen = new Set(byMerit.slice(0, MAX_UNCHOKED - 1));
  const inTurn = rest.find(({ optimisticAt }) => optimisticAt > 0 && now - optimisticAt < OPTIMISTIC_MS);
  const [longest] = rest.sort((a, b) => a.optimisticAt - b.optimisticAt);
  const lucky = inTurn ?? longest;
  if (lucky === undefined) return chosen;
  if (lucky !== inTurn) lucky.optimisticAt = now;
  return chosen.add(lucky);
}
