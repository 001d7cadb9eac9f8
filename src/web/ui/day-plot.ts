import { dayOf } from './format.ts';

/** What plots of values a day have in common; their data has a `day` (`2026-11-26`). */
export const DAY_PLOT = {
  h: 150,
  dataKey: 'day',
  gridAxis: 'x',
  tickLine: 'none',
  xAxisProps: { tickFormatter: dayOf, interval: 'preserveStartEnd', minTickGap: 28 },
  tooltipProps: {
    labelFormatter: (day: unknown) => (typeof day === 'string' ? dayOf(day) : ''),
    isAnimationActive: false,
  },
  role: 'group',
} as const;
