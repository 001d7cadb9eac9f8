import { type DayLine, dayLines, dayPoints, sumOf } from './day-lines.ts';
import type { Finder, FinderDays } from './finder-api.ts';

type Day = FinderDays[number]['days'][number];

/** A line for each finder that was asked; where there are more than colours, those that were asked least are one. */
export function finderLines(finders: readonly Finder[], asked: FinderDays): DayLine<Day>[] {
  const days = new Map(asked.map((one) => [one.finderId, one.days]));
  return dayLines(
    finders.flatMap(({ finderId, name }) => {
      const own = days.get(finderId);
      return own === undefined ? [] : [{ id: finderId, name, days: own }];
    }),
    (day) => day.asked,
  );
}

/** Answers and failures a day; seconds to an answer, null on a day without one. */
export function finderPlot(lines: readonly DayLine<Day>[], days: readonly string[]) {
  return {
    answered: dayPoints(lines, days, answersIn),
    failed: dayPoints(lines, days, (of) => sumOf(of, 'failures')),
    waited: dayPoints(lines, days, secondsIn),
  };
}

export function answersIn(days: readonly Day[]): number {
  return sumOf(days, 'asked') - sumOf(days, 'failures');
}

/** To an answer, on average; null: there was none. */
export function secondsIn(days: readonly Day[]): number | null {
  const answers = answersIn(days);
  return answers === 0 ? null : sumOf(days, 'answerMs') / answers / 1000;
}
