import { useMemo } from 'react';
import { DayBars, DayCurves } from './day-charts.tsx';
import { daysOf, sumOf } from './day-lines.ts';
import { count } from './format.ts';
import { PlotFigure } from './plot-figure.tsx';
import type { Provider } from './usenet-api.ts';
import { missingShare, providerLines, usagePlot } from './usenet-days.ts';

/** What each provider gave a day, and how much of what it was asked for it did not have. */
export function UsenetPlots({ providers }: { providers: readonly Provider[] }) {
  const { lines, used, lacked } = useMemo(() => plotsOf(providers), [providers]);
  const usage = providers.flatMap((provider) => provider.usage);
  const share = missingShare(usage);
  const gigabytes = count(sumOf(usage, 'bytes') / 1e9);
  const lackedNow = share === null ? '–' : count(share);
  return (
    <div className="tb-plots" data-place="top">
      <PlotFigure isWide title="Given a day, by provider" now={gigabytes} unit="GB in 30 days">
        <DayBars {...{ lines, points: used, unit: 'GB' }} label={`Given a day: ${gigabytes} GB in 30 days`} />
      </PlotFigure>
      <PlotFigure isWide title="Missing of the articles asked for, a day" now={lackedNow} unit="% in 30 days">
        <DayCurves
          {...{ lines, points: lacked, unit: '%' }}
          label={`Missing articles: ${lackedNow} % in 30 days`}
        />
      </PlotFigure>
    </div>
  );
}

/** Today's in UTC, as the server counts days. */
function plotsOf(providers: readonly Provider[]) {
  const lines = providerLines(providers);
  return { lines, ...usagePlot(lines, daysOf(Date.now())) };
}
