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

/** What did something on some days. */
export type Daily<Day> = { id: string; name: string; days: readonly Day[] };
/** One line of a plot; names may hold what a path into data may not (a dot), so it is found by a key. */
export type DayLine<Day> = {
  key: string;
  name: string;
  /** As the theme calls it. */
  color: string;
  /** Ids of those it shows: more than one where there are more than colours. */
  of: readonly string[];
  byDay: ReadonlyMap<string, readonly Day[]>;
};

/** The last 30 days in UTC, as the server counts them; today is the last. */
export function daysOf(nowMs: number): string[] {
  return Array.from({ length: SHOWN_DAYS }, (_, index) =>
    new Date(nowMs - (SHOWN_DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** One for each in their order; where there are more than colours, those of the least weight go together. */
export function dayLines<Day extends { day: string }>(
  all: readonly Daily<Day>[],
  weightOf: (day: Day) => number,
): DayLine<Day>[] {
  const weigh = ({ days }: Daily<Day>) => days.reduce((sum, day) => sum + weightOf(day), 0);
  const heaviest = all.toSorted((one, other) => weigh(other) - weigh(one));
  const own = new Set(all.length <= COLORS.length ? all : heaviest.slice(0, COLORS.length - 1));
  const drawn = all.filter((one) => own.has(one));
  const rest = all.filter((one) => !own.has(one));
  const lines = drawn.map((one, place) => lineOf(`p${place}`, one.name, COLORS[place], [one]));
  return rest.length === 0 ? lines : [...lines, lineOf('others', `${rest.length} others`, undefined, rest)];
}

function lineOf<Day extends { day: string }>(
  key: string,
  name: string,
  color: string | undefined,
  all: readonly Daily<Day>[],
): DayLine<Day> {
  const byDay = Map.groupBy(
    all.flatMap(({ days }) => days),
    ({ day }) => day,
  );
  return { key, name, color: color ?? OTHERS_COLOR, of: all.map(({ id }) => id), byDay };
}

/** The colour of each, by its id. */
export function colorsIn(lines: readonly DayLine<unknown>[]): Map<string, string> {
  return new Map(lines.flatMap(({ of, color }) => of.map((id): [string, string] => [id, color])));
}

export type DayPoint = { day: string; [key: string]: string | number | null };

/** What a plot of these lines shows on each day; null: nothing. */
export function dayPoints<Day>(
  lines: readonly DayLine<Day>[],
  days: readonly string[],
  shownOf: (ofDay: readonly Day[]) => number | null,
): DayPoint[] {
  return days.map((day) => ({
    day,
    ...Object.fromEntries(lines.map(({ key, byDay }) => [key, shownOf(byDay.get(day) ?? [])])),
  }));
}

/** All of one figure together. */
export function sumOf<Figure extends string>(
  days: readonly Readonly<Record<Figure, number>>[],
  figure: Figure,
): number {
  return days.reduce((sum, day) => sum + day[figure], 0);
}
