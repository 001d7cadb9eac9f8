import { COLORS } from './day-lines.ts';
import type { SourceHistory } from './source-health-api.ts';

/** Of all that have none of their own. */
const OTHERS_COLOR = 'gray.5';

type Day = { day: string; [key: string]: string | number | null };
type Series = { name: string; label: string; color: string };

/** Names may hold what a path into data may not (a dot), so each provider is found by a key. */
export type ProviderPlots = {
  series: Series[];
  /** Percent that reached it. */
  reached: Day[];
  /** Median milliseconds. */
  answered: Day[];
};

const OWN = 'own';

/** This server's probes and each provider, by day; null where nobody said anything. */
export function providerPlots(
  { probes, isps }: Pick<SourceHistory, 'probes' | 'isps'>,
  days: readonly string[],
): ProviderPlots {
  const names = [...new Set(isps.map(({ ispName }) => ispName))];
  const keyOf = (name: string | null) => `p${names.indexOf(name)}`;
  const seriesOf = (name: string | null, place: number): Series => ({
    name: keyOf(name),
    label: name ?? 'all others',
    color: name === null ? OTHERS_COLOR : (COLORS[(place + 1) % COLORS.length] ?? OTHERS_COLOR),
  });
  const series = [
    { name: OWN, label: 'this server', color: COLORS[0] ?? OTHERS_COLOR },
    ...names.map(seriesOf),
  ];
  const empty = Object.fromEntries(series.map(({ name }) => [name, null]));
  const reached = new Map<string, Day>(days.map((day) => [day, { day, ...empty }]));
  const answered = new Map<string, Day>(days.map((day) => [day, { day, ...empty }]));
  for (const { day, probes: asked, successes, listingMs } of probes) {
    put(reached, day, OWN, share(successes, asked));
    put(answered, day, OWN, listingMs);
  }
  for (const { day, ispName, reports, reachable, responseMs } of isps) {
    put(reached, day, keyOf(ispName), share(reachable, reports));
    put(answered, day, keyOf(ispName), responseMs);
  }
  return { series, reached: [...reached.values()], answered: [...answered.values()] };
}

/** Mean milliseconds of our probes' steps, and Mbit/s of the files read. */
export function probePlot(probes: SourceHistory['probes'], days: readonly string[]): Day[] {
  const byDay = new Map(probes.map((probe) => [probe.day, probe]));
  return days.map((day) => {
    const probe = byDay.get(day);
    const { connectMs = null, listingMs = null, firstByteMs = null } = probe ?? {};
    const mbit = probe?.bytesPerSecond == null ? null : (probe.bytesPerSecond * 8) / 1e6;
    return { day, connectMs, listingMs, firstByteMs, mbit };
  });
}

/** The newest day on which anything is known of a key. */
export function newest(days: readonly Day[], key: string): number | null {
  const value = days.findLast((day) => typeof day[key] === 'number')?.[key];
  return typeof value === 'number' ? value : null;
}

function put(days: Map<string, Day>, day: string, key: string, value: number | null): void {
  const row = days.get(day);
  if (row !== undefined) row[key] = value;
}

function share(part: number, of: number): number | null {
  return of === 0 ? null : (part / of) * 100;
}
