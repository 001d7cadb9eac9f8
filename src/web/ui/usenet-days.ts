import type { Provider } from './usenet-api.ts';

const DAY_MS = 86_400_000;
const SHOWN_DAYS = 30;
/** The key of all that have no colour of their own. */
export const OTHERS = 'others';

type Usage = Provider['usage'][number];
/** One line of the plots; names may hold what a path into data may not (a dot), so it is found by a key. */
export type Plotted = { key: string; name: string; byDay: ReadonlyMap<string, Omit<Usage, 'day'>> };

/** The last 30 days in UTC, as the server counts them; today is the last. */
export function daysOf(nowMs: number): string[] {
  return Array.from({ length: SHOWN_DAYS }, (_, index) =>
    new Date(nowMs - (SHOWN_DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** The providers in their order; where there are more than `most`, those that gave least go together. */
export function plottedOf(providers: readonly Provider[], most: number): Plotted[] {
  const bySize = [...providers].sort((one, other) => sumOf([other], 'bytes') - sumOf([one], 'bytes'));
  const own = new Set(providers.length <= most ? providers : bySize.slice(0, most - 1));
  const line = (key: string, name: string, of: readonly Provider[]): Plotted => ({
    ...{ key, name, byDay: byDay(of) },
  });
  const rest = providers.filter((provider) => !own.has(provider));
  return [
    ...providers.flatMap((provider, place) =>
      own.has(provider) ? [line(`p${place}`, provider.name, [provider])] : [],
    ),
    ...(rest.length === 0 ? [] : [line(OTHERS, `${rest.length} others`, rest)]),
  ];
}

function byDay(providers: readonly Provider[]): Map<string, Omit<Usage, 'day'>> {
  const days = new Map<string, Omit<Usage, 'day'>>();
  for (const { day, bytes, articles, missing, failures } of providers.flatMap(({ usage }) => usage)) {
    const so = days.get(day) ?? { bytes: 0, articles: 0, missing: 0, failures: 0 };
    days.set(day, {
      ...{ bytes: so.bytes + bytes, articles: so.articles + articles },
      ...{ missing: so.missing + missing, failures: so.failures + failures },
    });
  }
  return days;
}

type Day = { day: string; [key: string]: string | number | null };

/** GB a day, 0 where nothing was asked; percent missing a day, null there. */
export function usagePlot(plotted: readonly Plotted[], days: readonly string[]) {
  const dayOf = (day: string, value: (usage: Omit<Usage, 'day'> | undefined) => number | null): Day => ({
    day,
    ...Object.fromEntries(plotted.map(({ key, byDay: of }) => [key, value(of.get(day))])),
  });
  return {
    used: days.map((day) => dayOf(day, (usage) => (usage?.bytes ?? 0) / 1e9)),
    lacked: days.map((day) => dayOf(day, (usage) => (usage === undefined ? null : missingShare(usage)))),
  };
}

/** In percent; null: nothing was asked for. */
export function missingShare({ missing, articles }: Pick<Usage, 'missing' | 'articles'>): number | null {
  return missing + articles === 0 ? null : (missing / (missing + articles)) * 100;
}

export function sumOf(providers: readonly Provider[], figure: Exclude<keyof Usage, 'day'>): number {
  return providers.flatMap(({ usage }) => usage).reduce((sum, day) => sum + day[figure], 0);
}
