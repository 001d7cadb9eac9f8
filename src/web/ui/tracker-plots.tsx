import '@mantine/charts/styles.layer.css';
import { AreaChart } from '@mantine/charts';
import type { ComponentProps } from 'react';
import { count, timeOfDay } from './format.ts';
import { PlotFigure } from './plot-figure.tsx';
import type { TrackerHistory } from './tracker-api.ts';

const HOUR_MS = 3_600_000;
const STATUS_SERIES = [
  { name: 'working', label: 'Working', color: 'teal.6' },
  { name: 'failing', label: 'Failing', color: 'red.6' },
  { name: 'unknown', label: 'Not checked', color: 'gray.5' },
];

/** How many worked, and how fast they answered, over the last day. */
export function TrackerPlots({ health }: { health: TrackerHistory['health'] }) {
  const last = health.at(-1);
  const working = last?.working ?? 0;
  const all = working + (last?.failing ?? 0) + (last?.unknown ?? 0);
  const latencyMs = last?.latencyMs ?? null;
  const now = latencyMs === null ? '–' : count(latencyMs);
  return (
    <div className="tb-plots" data-place="top">
      <PlotFigure isWide title="Trackers that work" now={count(working)} unit={`of ${count(all)}`}>
        <AreaChart
          {...plotOf(health)}
          type="stacked"
          series={STATUS_SERIES}
          valueFormatter={count}
          aria-label={`Trackers that work: now ${count(working)} of ${count(all)}`}
        />
      </PlotFigure>
      <PlotFigure isWide title="Median latency of those that work" now={now} unit="ms">
        <AreaChart
          {...plotOf(health)}
          series={[{ name: 'latencyMs', label: 'Latency', color: 'indigo.6' }]}
          valueFormatter={(value) => `${count(value)} ms`}
          aria-label={`Median latency: now ${now} ms`}
        />
      </PlotFigure>
    </div>
  );
}

type Plot = Omit<ComponentProps<typeof AreaChart>, 'series' | 'valueFormatter' | 'type'>;

function plotOf(health: TrackerHistory['health']): Plot {
  return {
    h: 150,
    data: health,
    dataKey: 'at',
    curveType: 'linear',
    withDots: false,
    strokeWidth: 1.6,
    fillOpacity: 0.22,
    gridAxis: 'x',
    tickLine: 'none',
    connectNulls: false,
    xAxisProps: {
      type: 'number',
      domain: ['dataMin', 'dataMax'],
      scale: 'time',
      tickFormatter: timeOfDay,
      ticks: ticksOf(health),
      interval: 'preserveStartEnd',
    },
    yAxisProps: { width: 42, tickCount: 4, domain: [0, 'auto'], tickFormatter: count, allowDecimals: false },
    tooltipProps: {
      labelFormatter: (at) => (typeof at === 'number' ? timeOfDay(at) : ''),
      isAnimationActive: false,
    },
    areaProps: { isAnimationActive: false },
    role: 'group',
  };
}

/** Whole hours, six at most; of a younger server its first and last moment. */
function ticksOf(health: TrackerHistory['health']): number[] {
  const [first, last] = [health.at(0)?.at ?? 0, health.at(-1)?.at ?? 0];
  const stepMs = [1, 2, 4, 6].map((hours) => hours * HOUR_MS).find((step) => (last - first) / step <= 6);
  const step = stepMs ?? 6 * HOUR_MS;
  const from = Math.ceil(first / step) * step;
  const ticks = Array.from({ length: 7 }, (_, index) => from + index * step).filter((at) => at <= last);
  return ticks.length > 1 ? ticks : [first, last];
}
