import './health.css';
import './source-health.css';
import { Skeleton } from '@mantine/core';
import { lazy, useCallback } from 'react';
import { LazyPart } from './lazy-part.tsx';
import { usePolled } from './polling.ts';
import { fetchSourceHistory } from './source-health-api.ts';

const SourcePlots = lazy(async () => ({ default: (await import('./source-plots.tsx')).SourcePlots }));

const pace = () => 60_000;

/** How a file server did over the last weeks, as plots. */
export function SourceHistory({ sourceId }: { sourceId: string }) {
  const fetch = useCallback((signal: AbortSignal) => fetchSourceHistory(sourceId, signal), [sourceId]);
  const { data, error } = usePolled(fetch, pace);
  if (error !== null && data === null) return <p className="tb-row-reason">{error.message}</p>;
  const waiting = <Skeleton height={400} radius="lg" className="tb-plots" />;
  if (data === null) return waiting;
  return (
    <LazyPart fallback={waiting}>
      <SourcePlots history={data} />
    </LazyPart>
  );
}
