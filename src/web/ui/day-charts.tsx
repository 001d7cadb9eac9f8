import '@mantine/charts/styles.layer.css';
import { BarChart, LineChart } from '@mantine/charts';
import type { ComponentProps } from 'react';
import type { DayLine, DayPoint } from './day-lines.ts';
import { count, dayOf } from './format.ts';

/** What of a line a chart draws. */
export type Line = Pick<DayLine<unknown>, 'key' | 'name' | 'color'>;

type DayChartProps = {
  lines: readonly Line[];
  points: DayPoint[];
  unit: string;
  /** What it shows, for who does not see it. */
  label: string;
  /** Where it is no axis from nothing to the most there is. */
  yAxis?: ComponentProps<typeof LineChart>['yAxisProps'];
};

/** What each gave a day, one upon the other. */
export function DayBars({ lines, points, unit, label }: DayChartProps) {
  return (
    <BarChart
      {...frameOf(unit)}
      type="stacked"
      data={points}
      series={seriesOf(lines)}
      barProps={{ isAnimationActive: false }}
      aria-label={label}
    />
  );
}

/** How each did a day; days without an answer are gaps. */
export function DayCurves({ lines, points, unit, label, yAxis }: DayChartProps) {
  return (
    <LineChart
      {...frameOf(unit)}
      yAxisProps={{ ...FRAME.yAxisProps, ...yAxis }}
      data={points}
      series={seriesOf(lines)}
      curveType="linear"
      strokeWidth={1.6}
      dotProps={{ r: 2.5 }}
      connectNulls={false}
      lineProps={{ isAnimationActive: false }}
      aria-label={label}
    />
  );
}

function seriesOf(lines: readonly Line[]) {
  return lines.map(({ key, name, color }) => ({ name: key, label: name, color }));
}

function frameOf(unit: string) {
  return { ...FRAME, valueFormatter: (value: number) => `${count(value)} ${unit}`.trim() };
}

const FRAME = {
  h: 150,
  dataKey: 'day',
  gridAxis: 'x',
  tickLine: 'none',
  xAxisProps: { tickFormatter: dayOf, interval: 'preserveStartEnd', minTickGap: 28 },
  yAxisProps: { width: 42, tickCount: 4, domain: [0, 'auto'], tickFormatter: count },
  tooltipProps: {
    labelFormatter: (day: unknown) => (typeof day === 'string' ? dayOf(day) : ''),
    isAnimationActive: false,
  },
  role: 'group',
} as const;
