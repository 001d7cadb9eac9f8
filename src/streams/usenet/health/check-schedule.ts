const HOUR_S = 3600;
const SHORTEST_CHECK_S = 6 * HOUR_S;
const LONGEST_CHECK_S = 30 * 24 * HOUR_S;
/** Of a post whose age nobody told. */
const USUAL_CHECK_S = 7 * 24 * HOUR_S;
const JITTER = 0.1;

/**
 * Seconds until a post is looked at again: when it is twice as old as now (what providers take down they take down early), 6 hours to
 * 30 days. ± 10 %, so that what was added together does not stay together; at the ends only the half that keeps to them.
 */
export function nextCheckInS(ageS: number | null, random: number): number {
  const interval = within(ageS ?? USUAL_CHECK_S);
  const [from, to] = [within(interval * (1 - JITTER)), within(interval * (1 + JITTER))];
  return Math.round(from + random * (to - from));
}

function within(seconds: number): number {
  return Math.min(LONGEST_CHECK_S, Math.max(SHORTEST_CHECK_S, seconds));
}
