import '@mantine/charts/styles.layer.css';
import { AreaChart } from '@mantine/charts';
import { useMemo } from 'react';
import type { Health } from './api.ts';
import { count, timeOfDay, timeWithSeconds } from './format.ts';
import { PlotFigure } from './plot-figure.tsx';

type Figure = Exclude<keyof Health['history'][number], 'at'>;
type Plot = { figure: Figure; title: string; unit: string; color: string; isWide: boolean };

const PLOTS: readonly Plot[] = [
  { figure: 'mbitPerSecond', title: 'Sent to players', unit: 'Mbit/s', color: 'river', isWide: true },
  { figure: 'requestsPerMinute', title: 'Requests', unit: 'a minute', color: 'indigo', isWide: true },
  { figure: 'rssMib', title: 'Memory', unit: 'MiB', color: 'grape', isWide: false },
  {
    figure: 'eventLoopP99Ms',
    title: 'Event loop, 99th percentile',
    unit: 'ms',
    color: 'orange',
    isWide: false,
  },
  { figure: 'dbBusy', title: 'Database connections in use', unit: '', color: 'teal', isWide: false },
];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TICK_STEPS_MS = [1, 2, 5, 10, 15, 20, 30].map((minutes) => minutes * MINUTE_MS);

/** One area plot for each figure, over the last hour. */
export function HealthPlots({ history }: { history: Health['history'] }) {
  return (
    <div className="tb-plots">
      {PLOTS.map((plot) => (
        <PlotCard key={plot.figure} plot={plot} history={history} />
      ))}
    </div>
  );
}

function PlotCard({ plot, history }: { plot: Plot; history: Health['history'] }) {
  const data = useMemo(
    () => history.map((row) => ({ at: row.at, value: row[plot.figure] })),
    [history, plot.figure],
  );
  const values = data.map(({ value }) => value);
  const most = Math.max(...values);
  const now = values.at(-1) ?? 0;
  return (
    <PlotFigure
      isWide={plot.isWide}
      title={plot.title}
      now={count(now)}
      unit={plot.unit}
      note={`highest ${count(most)}`}
    >
      <AreaChart
        h={150}
        data={data}
        dataKey="at"
        series={[{ name: 'value', label: plot.title, color: `${plot.color}.6` }]}
        curveType="monotone"
        withDots={false}
        strokeWidth={1.8}
        fillOpacity={0.18}
        gridAxis="x"
        tickLine="none"
        valueFormatter={(value) => `${count(value)} ${plot.unit}`}
        xAxisProps={{
          type: 'number',
          domain: ['dataMin', 'dataMax'],
          scale: 'time',
          tickFormatter: timeOfDay,
          ticks: ticksOf(history, plot.isWide ? 6 : 4),
          interval: 'preserveStartEnd',
        }}
        yAxisProps={{ width: 42, tickCount: 4, domain: [0, 'auto'], tickFormatter: count }}
        tooltipProps={{
          labelFormatter: (at) => (typeof at === 'number' ? timeWithSeconds(at) : ''),
          isAnimationActive: false,
        }}
        areaProps={{ isAnimationActive: false }}
        role="group"
        aria-label={`${plot.title}: now ${count(now)}, highest ${count(most)} ${plot.unit}`}
      />
    </PlotFigure>
  );
}

/** At most `most` whole minutes at even steps, so that the labels are 14:15 and not 14:13. */
function ticksOf(history: Health['history'], most: number): number[] {
  const first = history.at(0)?.at ?? 0;
  const last = history.at(-1)?.at ?? 0;
  const stepMs = TICK_STEPS_MS.find((step) => (last - first) / step < most) ?? HOUR_MS;
  const from = Math.ceil(first / stepMs) * stepMs;
  const amount = Math.max(0, Math.min(most, Math.floor((last - from) / stepMs) + 1));
  return Array.from({ length: amount }, (_, index) => from + index * stepMs);
}
