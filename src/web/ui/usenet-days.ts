import { type DayLine, dayLines, dayPoints, sumOf } from './day-lines.ts';
import type { Provider } from './usenet-api.ts';

type Usage = Provider['usage'][number];

/** A line for each provider; where there are more than colours, those that gave least are one. */
export function providerLines(providers: readonly Provider[]): DayLine<Usage>[] {
  return dayLines(
    providers.map(({ name, usage }) => ({ id: name, name, days: usage })),
    ({ bytes }) => bytes,
  );
}

/** GB a day, 0 where nothing was asked; percent missing a day, null there. */
export function usagePlot(lines: readonly DayLine<Usage>[], days: readonly string[]) {
  return {
    used: dayPoints(lines, days, (usage) => sumOf(usage, 'bytes') / 1e9),
    lacked: dayPoints(lines, days, missingShare),
  };
}

/** In percent; null: nothing was asked for. */
export function missingShare(usage: readonly Pick<Usage, 'missing' | 'articles'>[]): number | null {
  const [missing, articles] = [sumOf(usage, 'missing'), sumOf(usage, 'articles')];
  return missing + articles === 0 ? null : (missing / (missing + articles)) * 100;
}
