const HOUR_S = 3600;

/** Between two looks at one swarm, in seconds: what does not change is asked for every third day. */
export const SHORTEST_CHECK_S = 6 * HOUR_S;
const LONGEST_CHECK_S = 72 * HOUR_S;

/** From which change on the interval becomes which part of itself (Miauflix). */
const STEPS: readonly (readonly [change: number, factor: number])[] = [
  [0.2, 0.5],
  [0.1, 0.75],
  [0.05, 1],
  [0, 2],
];
/** Past it the swarm is another one: back to the shortest. */
const OTHER_SWARM = 0.5;

/**
 * How much a swarm changed, 0 = not at all, 1 = it doubled or went away. Seeders only: they decide whether it plays, and
 * leechers come and go with the evening.
 */
export function swarmChange(before: number, after: number): number {
  return Math.abs(after - before) / Math.max(1, before);
}

/** The interval after one that saw this change: doubled below 5 %, as it was to 10 %, ¾ to 20 %, half to 50 %, else the shortest. */
export function nextCheckInterval(previousS: number, change: number): number {
  if (change > OTHER_SWARM) return SHORTEST_CHECK_S;
  const factor = STEPS.find(([from]) => change >= from)?.[1] ?? 1;
  return within(Math.round(previousS * factor));
}

/**
 * When to look again: the interval ± 20 %, so that what was added together does not stay together for ever. At the ends
 * only the half that keeps to 6–72 h is used: cut there instead, every second torrent would be due in exactly 6 h.
 */
export function jittered(intervalS: number, random: number): number {
  const [from, to] = [within(intervalS * 0.8), within(intervalS * 1.2)];
  return Math.round(from + random * (to - from));
}

function within(seconds: number): number {
  return Math.min(LONGEST_CHECK_S, Math.max(SHORTEST_CHECK_S, seconds));
}
