import type { ReactNode } from 'react';

type PlotFigureProps = {
  title: string;
  /** The newest value. */
  now: string;
  unit: string;
  note?: string;
  /** Half of the row instead of a third. */
  isWide: boolean;
  children: ReactNode;
};

/** A plot in its frame, with what it shows and the newest value above it. */
export function PlotFigure({ title, now, unit, note, isWide, children }: PlotFigureProps) {
  return (
    <figure className="tb-card tb-plot" data-wide={isWide}>
      <figcaption>
        <span className="tb-label">{title}</span>
        <span className="tb-plot-now">
          <b>{now}</b> {unit}
        </span>
        {note !== undefined && <span className="tb-quiet">{note}</span>}
      </figcaption>
      {children}
    </figure>
  );
}
