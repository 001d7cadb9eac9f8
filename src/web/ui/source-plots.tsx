import '@mantine/charts/styles.layer.css';
import { LineChart } from '@mantine/charts';
import { type ComponentProps, type CSSProperties, useMemo } from 'react';
import { daysOf } from './day-lines.ts';
import { DAY_PLOT } from './day-plot.ts';
import { count } from './format.ts';
import { PlotFigure } from './plot-figure.tsx';
import { newest, probePlot, providerPlots } from './source-days.ts';
import type { SourceHistory } from './source-health-api.ts';

const STEPS = [
  { name: 'connectMs', label: 'Connection', color: 'teal.6' },
  { name: 'listingMs', label: 'Listing', color: 'indigo.5' },
  { name: 'firstByteMs', label: 'First byte of a file', color: 'orange.6' },
];
const SPEED = [{ name: 'mbit', label: 'Speed', color: 'river.6' }];

/** How one file server did over 30 days: who reached it and how soon, by provider, and what our own probes took. */
export function SourcePlots({ history }: { history: SourceHistory }) {
  const { series, reached, answered, probes } = useMemo(() => plotsOf(history), [history]);
  const ms = (value: number) => `${count(value)} ms`;
  return (
    <div className="tb-plots" data-place="source">
      <Plot
        title="Reached, by provider"
        unit="% by this server"
        now={newest(reached, 'own')}
        data={reached}
        series={series}
        valueFormatter={(value) => `${count(value)} %`}
        yAxisProps={{ ...AXIS, domain: [0, 100], ticks: [0, 50, 100] }}
      />
      <Plot
        title="Answered after, by provider"
        unit="ms to this server"
        now={newest(answered, 'own')}
        data={answered}
        series={series}
        valueFormatter={ms}
      />
      <Plot
        title="What our probes took"
        unit="ms to the first byte"
        now={newest(probes, 'firstByteMs')}
        data={probes}
        series={STEPS}
        valueFormatter={ms}
      />
      <Plot
        title="Speed of a file’s beginning"
        unit="Mbit/s"
        now={newest(probes, 'mbit')}
        data={probes}
        series={SPEED}
        valueFormatter={(value) => `${count(value)} Mbit/s`}
      />
    </div>
  );
}

/** Days are those of UTC, as the server counts them. */
function plotsOf(history: SourceHistory) {
  const days = daysOf(Date.now());
  return { ...providerPlots(history, days), probes: probePlot(history.probes, days) };
}

const AXIS = { width: 42, tickCount: 4, domain: [0, 'auto'], tickFormatter: count } satisfies ComponentProps<
  typeof LineChart
>['yAxisProps'];

type PlotProps = Pick<ComponentProps<typeof LineChart>, 'data' | 'valueFormatter' | 'yAxisProps'> & {
  title: string;
  unit: string;
  now: number | null;
  series: { name: string; label: string; color: string }[];
};

function Plot({ title, unit, now, ...chart }: PlotProps) {
  const shown = now === null ? '–' : count(now);
  return (
    <PlotFigure isWide title={title} now={shown} unit={unit}>
      <LineChart
        {...DAY_PLOT}
        yAxisProps={AXIS}
        curveType="linear"
        strokeWidth={1.6}
        dotProps={{ r: 2.5 }}
        connectNulls={false}
        lineProps={{ isAnimationActive: false }}
        {...chart}
        aria-label={`${title}: now ${shown} ${unit}`}
      />
      {chart.series.length > 1 && (
        <ul className="tb-legend">
          {chart.series.map(({ name, label, color }) => (
            <li key={name} style={colorOf(color)}>
              {label}
            </li>
          ))}
        </ul>
      )}
    </PlotFigure>
  );
}

/** The theme's `teal.6` as the style sheet knows it. */
function colorOf(color: string): CSSProperties {
  return Object.fromEntries([['--tb-line-color', `var(--mantine-color-${color.replace('.', '-')})`]]);
}
