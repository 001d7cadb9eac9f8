import type { Line } from './day-charts.tsx';
import { COLORS, type DayPoint, OTHERS_COLOR } from './day-lines.ts';
import type { SourceHistory } from './source-health-api.ts';

/** Names may hold what a path into data may not (a dot), so each provider is found by a key. */
export type ProviderPlots = {
  lines: Line[];
  /** Percent that reached it. */
  reached: DayPoint[];
  /** Median milliseconds. */
  answered: DayPoint[];
};

const OWN = 'own';

/** This server's probes and each provider, by day; null where nobody said anything. */
export function providerPlots(
  { probes, isps }: Pick<SourceHistory, 'probes' | 'isps'>,
  days: readonly string[],
): ProviderPlots {
  const names = [...new Set(isps.map(({ ispName }) => ispName))];
  const keyOf = (name: string | null) => `p${names.indexOf(name)}`;
  const lineOf = (name: string | null, place: number): Line => ({
    key: keyOf(name),
    name: name ?? 'all others',
    color: name === null ? OTHERS_COLOR : (COLORS[(place + 1) % COLORS.length] ?? OTHERS_COLOR),
  });
  const lines = [{ key: OWN, name: 'this server', color: COLORS[0] ?? OTHERS_COLOR }, ...names.map(lineOf)];
  const empty = Object.fromEntries(lines.map(({ key }) => [key, null]));
  const reached = new Map<string, DayPoint>(days.map((day) => [day, { day, ...empty }]));
  const answered = new Map<string, DayPoint>(days.map((day) => [day, { day, ...empty }]));
  for (const { day, probes: asked, successes, listingMs } of probes) {
    put(reached, day, OWN, share(successes, asked));
    put(answered, day, OWN, listingMs);
  }
  for (const { day, ispName, reports, reachable, responseMs } of isps) {
    put(reached, day, keyOf(ispName), share(reachable, reports));
    put(answered, day, keyOf(ispName), responseMs);
  }
  return { lines, reached: [...reached.values()], answered: [...answered.values()] };
}

/** Mean milliseconds of our probes' steps, and Mbit/s of the files read. */
export function probePlot(probes: SourceHistory['probes'], days: readonly string[]): DayPoint[] {
  const byDay = new Map(probes.map((probe) => [probe.day, probe]));
  return days.map((day) => {
    const probe = byDay.get(day);
    const { connectMs = null, listingMs = null, firstByteMs = null } = probe ?? {};
    const mbit = probe?.bytesPerSecond == null ? null : (probe.bytesPerSecond * 8) / 1e6;
    return { day, connectMs, listingMs, firstByteMs, mbit };
  });
}

/** The newest day on which anything is known of a key. */
export function newest(days: readonly DayPoint[], key: string): number | null {
  const value = days.findLast((day) => typeof day[key] === 'number')?.[key];
  return typeof value === 'number' ? value : null;
}

function put(days: Map<string, DayPoint>, day: string, key: string, value: number | null): void {
  const row = days.get(day);
  if (row !== undefined) row[key] = value;
}

function share(part: number, of: number): number | null {
  return of === 0 ? null : (part / of) * 100;
}
