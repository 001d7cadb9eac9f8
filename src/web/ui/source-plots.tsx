import { useMemo } from 'react';
import { DayCurves, type Line } from './day-charts.tsx';
import { type DayPoint, daysOf } from './day-lines.ts';
import { count } from './format.ts';
import { PlotFigure } from './plot-figure.tsx';
import { newest, probePlot, providerPlots } from './source-days.ts';
import type { SourceHistory } from './source-health-api.ts';
import { Swatched } from './swatched.tsx';

const STEPS = [
  { key: 'connectMs', name: 'Connection', color: 'teal.6' },
  { key: 'listingMs', name: 'Listing', color: 'indigo.5' },
  { key: 'firstByteMs', name: 'First byte of a file', color: 'orange.6' },
];
const SPEED = [{ key: 'mbit', name: 'Speed', color: 'river.6' }];

/** How one file server did over 30 days: who reached it and how soon, by provider, and what our own probes took. */
export function SourcePlots({ history }: { history: SourceHistory }) {
  const { lines, reached, answered, probes } = useMemo(() => plotsOf(history), [history]);
  return (
    <div className="tb-plots" data-place="source">
      <Plot
        title="Reached, by provider"
        {...{ lines, unit: '%', of: 'by this server', points: reached, mainKey: 'own' }}
        yAxis={{ domain: [0, 100], ticks: [0, 50, 100] }}
      />
      <Plot
        title="Answered after, by provider"
        {...{ lines, unit: 'ms', of: 'to this server', points: answered, mainKey: 'own' }}
      />
      <Plot
        title="What our probes took"
        {...{ lines: STEPS, unit: 'ms', of: 'to the first byte', points: probes, mainKey: 'firstByteMs' }}
      />
      <Plot
        title="Speed of a file’s beginning"
        {...{ lines: SPEED, unit: 'Mbit/s', points: probes, mainKey: 'mbit' }}
      />
    </div>
  );
}

/** Days are those of UTC, as the server counts them. */
function plotsOf(history: SourceHistory) {
  const days = daysOf(Date.now());
  return { ...providerPlots(history, days), probes: probePlot(history.probes, days) };
}

type PlotProps = Pick<Parameters<typeof DayCurves>[0], 'points' | 'unit' | 'yAxis'> & {
  title: string;
  lines: readonly Line[];
  points: DayPoint[];
  /** What the figure in its head is of: the newest of the line with this key. */
  of?: string;
  mainKey: string;
};

function Plot({ title, lines, unit, of = '', points, mainKey, yAxis }: PlotProps) {
  const now = newest(points, mainKey);
  const shown = now === null ? '–' : count(now);
  const what = `${unit} ${of}`.trim();
  return (
    <PlotFigure isWide title={title} now={shown} unit={what}>
      <DayCurves {...{ lines, points, unit, yAxis }} label={`${title}: now ${shown} ${what}`} />
      {lines.length > 1 && (
        <ul className="tb-legend">
          {lines.map(({ key, name, color }) => (
            <li key={key}>
              <Swatched name={name} color={color} />
            </li>
          ))}
        </ul>
      )}
    </PlotFigure>
  );
}
