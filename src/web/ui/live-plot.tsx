import '@mantine/charts/styles.layer.css';
import { AreaChart } from '@mantine/charts';
import { useMemo } from 'react';
import { count, rate, timeWithSeconds } from './format.ts';
import { type Moment, SHOWN_MS } from './live-history.ts';

const MINUTE_MS = 60_000;

/** What all streams together send, over the last five minutes; now is at the right edge. */
export function LivePlot({ moments }: { moments: readonly Moment[] }) {
  const data = useMemo(
    () => moments.map(({ at, bytesPerSecond }) => ({ at, value: (bytesPerSecond * 8) / 1e6 })),
    [moments],
  );
  const last = moments.at(-1);
  const now = last?.at ?? 0;
  const most = Math.max(0, ...moments.map(({ bytesPerSecond }) => bytesPerSecond));
  return (
    <figure className="tb-card tb-live-plot">
      <figcaption>
        <span className="tb-label">Sent to all viewers</span>
        <span className="tb-live-now">{rate(last?.bytesPerSecond ?? 0)}</span>
        <span className="tb-quiet">highest {rate(most)}</span>
      </figcaption>
      <AreaChart
        h={150}
        data={data}
        dataKey="at"
        series={[{ name: 'value', label: 'Sent', color: 'river.6' }]}
        curveType="monotone"
        withDots={false}
        strokeWidth={1.8}
        fillOpacity={0.18}
        gridAxis="x"
        tickLine="none"
        valueFormatter={(value) => `${count(value)} Mbit/s`}
        xAxisProps={{
          type: 'number',
          domain: [now - SHOWN_MS, now],
          scale: 'time',
          ticks: [5, 4, 3, 2, 1, 0].map((minutes) => now - minutes * MINUTE_MS),
          tickFormatter: (at: number) => agoOf(now - at),
          interval: 0,
          allowDataOverflow: true,
          padding: { right: 14 },
        }}
        yAxisProps={{
          width: 46,
          tickCount: 4,
          domain: [0, 'auto'],
          tickFormatter: count,
        }}
        tooltipProps={{
          labelFormatter: (at) => (typeof at === 'number' ? timeWithSeconds(at) : ''),
          isAnimationActive: false,
        }}
        areaProps={{ isAnimationActive: false }}
        role="group"
        aria-label={`Sent to all viewers: now ${rate(last?.bytesPerSecond ?? 0)}, highest ${rate(most)}`}
      />
    </figure>
  );
}

function agoOf(ms: number): string {
  const minutes = Math.round(ms / MINUTE_MS);
  return minutes === 0 ? 'now' : `−${minutes} min`;
}
