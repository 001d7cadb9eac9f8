import './progress.css';
import { Alert, Progress } from '@mantine/core';
import type { ReactNode } from 'react';

type ProgressCardProps = {
  id: string;
  title: string;
  figures: readonly (readonly [term: string, value: string])[];
  /** 0 to 1; null: it cannot be told. */
  share?: number | null;
  /** What the owner may do with it. */
  actions: ReactNode;
  failure: string | null;
  children?: ReactNode;
};

/** Work in the background that somebody watches: how much is left, how fast it goes, and the owner's hand on it. */
export function ProgressCard({
  id,
  title,
  figures,
  share = null,
  actions,
  failure,
  children,
}: ProgressCardProps) {
  return (
    <section className="tb-card tb-progress" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <dl>
        {figures.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="tb-actions">{actions}</div>
      {share !== null && <ShareBar share={share} label={title} />}
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      {children}
    </section>
  );
}

/** How much of it is done, 0 to 1. */
export function ShareBar({ share, label }: { share: number; label: string }) {
  const percent = Math.floor(share * 100);
  return (
    <Progress
      className="tb-share"
      value={percent}
      size={8}
      radius="xl"
      aria-label={`${label}: ${percent} %`}
    />
  );
}
