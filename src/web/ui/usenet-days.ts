import type { Provider } from './usenet-api.ts';

const DAY_MS = 86_400_000;
const SHOWN_DAYS = 30;
/** Of lines that each stand for somebody, in the theme's words. */
export const COLORS = [
  'river.6',
  'indigo.5',
  'teal.5',
  'grape.5',
  'orange.6',
  'lime.6',
  'pink.5',
  'yellow.6',
];
/** Of all that have none of their own. */
export const OTHERS_COLOR = 'gray.5';

type Usage = Provider['usage'][number];
/** One line of the plots; names may hold what a path into data may not (a dot), so it is found by a key. */
export type Plotted = {
  key: string;
  name: string;
  color: string;
  byDay: ReadonlyMap<string, Omit<Usage, 'day'>>;
};

/** The last 30 days in UTC, as the server counts them; today is the last. */
export function daysOf(nowMs: number): string[] {
  return Array.from({ length: SHOWN_DAYS }, (_, index) =>
    new Date(nowMs - (SHOWN_DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** The colour of each provider by its name, as the theme calls it. */
export function colorsOf(providers: readonly Provider[]): Map<string, string> {
  const own = ownLines(providers);
  const drawn = providers.filter((provider) => own.has(provider));
  return new Map(
    providers.map((provider) => [provider.name, COLORS[drawn.indexOf(provider)] ?? OTHERS_COLOR]),
  );
}

/** Where there are more than colours, those that gave least go together. */
function ownLines(providers: readonly Provider[]): Set<Provider> {
  if (providers.length <= COLORS.length) return new Set(providers);
  const bySize = providers.toSorted((one, other) => sumOf([other], 'bytes') - sumOf([one], 'bytes'));
  return new Set(bySize.slice(0, COLORS.length - 1));
}

/** The providers in their order, and the others as one. */
export function plottedOf(providers: readonly Provider[]): Plotted[] {
  const own = ownLines(providers);
  const colors = colorsOf(providers);
  const rest = providers.filter((provider) => !own.has(provider));
  return [
    ...providers.flatMap((provider, place) =>
      own.has(provider) ? [lineOf(`p${place}`, provider.name, [provider], colors.get(provider.name))] : [],
    ),
    ...(rest.length === 0 ? [] : [lineOf('others', `${rest.length} others`, rest)]),
  ];
}

function lineOf(key: string, name: string, of: readonly Provider[], color = OTHERS_COLOR): Plotted {
  return { key, name, color, byDay: byDay(of) };
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
