import '@mantine/charts/styles.layer.css';
import { BarChart, LineChart } from '@mantine/charts';
import { useMemo } from 'react';
import { DAY_PLOT } from './day-plot.ts';
import { count } from './format.ts';
import { PlotFigure } from './plot-figure.tsx';
import type { Provider } from './usenet-api.ts';
import { daysOf, missingShare, plottedOf, sumOf, usagePlot } from './usenet-days.ts';

/** What each provider gave a day, and how much of what it was asked for it did not have. */
export function UsenetPlots({ providers }: { providers: readonly Provider[] }) {
  const { series, used, lacked } = useMemo(() => plotsOf(providers), [providers]);
  const missing = sumOf(providers, 'missing');
  const share = missingShare({ missing, articles: sumOf(providers, 'articles') });
  const gigabytes = sumOf(providers, 'bytes') / 1e9;
  const lackedNow = share === null ? '–' : count(share);
  return (
    <div className="tb-plots" data-place="top">
      <PlotFigure isWide title="Given a day, by provider" now={count(gigabytes)} unit="GB in 30 days">
        <BarChart
          {...DAY_PLOT}
          type="stacked"
          data={used}
          series={series}
          valueFormatter={(value) => `${count(value)} GB`}
          yAxisProps={{ width: 42, tickCount: 4, domain: [0, 'auto'], tickFormatter: count }}
          barProps={{ isAnimationActive: false }}
          aria-label={`Given a day: ${count(gigabytes)} GB in 30 days`}
        />
      </PlotFigure>
      <PlotFigure isWide title="Missing of the articles asked for, a day" now={lackedNow} unit="% in 30 days">
        <LineChart
          {...DAY_PLOT}
          data={lacked}
          series={series}
          curveType="linear"
          strokeWidth={1.6}
          dotProps={{ r: 2.5 }}
          connectNulls={false}
          valueFormatter={(value) => `${count(value)} %`}
          yAxisProps={{ width: 42, tickCount: 4, domain: [0, 'auto'], tickFormatter: count }}
          lineProps={{ isAnimationActive: false }}
          aria-label={`Missing articles: ${lackedNow} % in 30 days`}
        />
      </PlotFigure>
    </div>
  );
}

/** Today's in UTC, as the server counts days. */
function plotsOf(providers: readonly Provider[]) {
  const days = daysOf(Date.now());
  const plotted = plottedOf(providers);
  const series = plotted.map(({ key, name, color }) => ({ name: key, label: name, color }));
  return { series, ...usagePlot(plotted, days) };
}
