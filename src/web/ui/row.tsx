import './row.css';
import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';

type RowProps = {
  /** Of this sort of row; its columns are in the style sheet of the view. */
  className: string;
  name: ReactNode;
  facts: readonly string[];
  /** What is wrong with it, one line each. */
  reasons: readonly ReactNode[];
  status: string;
  /** How the row as a whole looks; `bad` needs somebody. */
  tone?: 'bad' | 'quiet' | undefined;
  badge: { word: string; color: string };
  figures: readonly (readonly [term: string, value: ReactNode])[];
  /** Behind the figures. */
  children?: ReactNode;
};

/** One of the things a view lists: what it is, how it does in a word, its figures. */
export function Row({ className, name, facts, reasons, status, tone, badge, figures, children }: RowProps) {
  return (
    <li className={`tb-card tb-row ${className}`} data-status={status} data-tone={tone}>
      <div className="tb-row-what">
        <h3>{name}</h3>
        <p className="tb-quiet">{facts.join(' · ')}</p>
        {reasons.map((reason, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and keep their places
          <p key={place} className="tb-row-reason">
            {reason}
          </p>
        ))}
      </div>
      <Badge color={badge.color} variant="light" size="sm" radius="sm" tt="none">
        {badge.word}
      </Badge>
      {figures.length > 0 && (
        <dl className="tb-row-figures">
          {figures.map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {children}
    </li>
  );
}

export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className="tb-rows" aria-label={label}>
      {children}
    </ul>
  );
}
