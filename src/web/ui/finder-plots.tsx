import { useMemo } from 'react';
import { DayBars, DayCurves } from './day-charts.tsx';
import { type DayLine, daysOf, sumOf } from './day-lines.ts';
import type { FinderDays } from './finder-api.ts';
import { answersIn, finderPlot, secondsIn } from './finder-days.ts';
import { count } from './format.ts';
import { PlotFigure } from './plot-figure.tsx';

type FinderPlotsProps = { lines: readonly DayLine<FinderDays[number]['days'][number]>[] };

/** How often each finder answered a day, how often it failed, and how long an answer took. */
export function FinderPlots({ lines }: FinderPlotsProps) {
  // Today's in UTC, as the server counts days.
  const { answered, failed, waited } = useMemo(() => finderPlot(lines, daysOf(Date.now())), [lines]);
  const days = lines.flatMap(({ byDay }) => [...byDay.values()].flat());
  const seconds = secondsIn(days);
  const waitedNow = seconds === null ? '–' : count(seconds);
  const [answers, failures] = [count(answersIn(days)), count(sumOf(days, 'failures'))];
  return (
    <div className="tb-plots" data-place="top">
      <PlotFigure isWide={false} title="Answers a day" now={answers} unit="in 30 days">
        <DayBars {...{ lines, points: answered, unit: '' }} label={`Answers a day: ${answers} in 30 days`} />
      </PlotFigure>
      <PlotFigure isWide={false} title="Failures a day" now={failures} unit="in 30 days">
        <DayBars {...{ lines, points: failed, unit: '' }} label={`Failures a day: ${failures} in 30 days`} />
      </PlotFigure>
      <PlotFigure isWide={false} title="Time to an answer, a day" now={waitedNow} unit="s in 30 days">
        <DayCurves
          {...{ lines, points: waited, unit: 's' }}
          label={`Time to an answer: ${waitedNow} s in 30 days`}
        />
      </PlotFigure>
    </div>
  );
}
