import './health.css';
import './source-health.css';
import { Button, Skeleton } from '@mantine/core';
import { lazy, useCallback, useState } from 'react';
import { count, duration } from './format.ts';
import { LazyPart } from './lazy-part.tsx';
import { usePolled } from './polling.ts';
import { Row, Rows } from './row.tsx';
import { fetchSourceHistory, fetchSourcesHealth, type SourceHealth } from './source-health-api.ts';

const SourcePlots = lazy(async () => ({ default: (await import('./source-plots.tsx')).SourcePlots }));

const STATES = {
  online: { word: 'Online', color: 'teal' },
  slow: { word: 'Slow', color: 'orange' },
  isp_outage: { word: 'Provider outage', color: 'orange' },
  globally_offline: { word: 'Offline', color: 'red' },
  unknown: { word: 'Not known', color: 'gray' },
} as const;
const RESTS = { word: 'Rests', color: 'red' } as const;
const pace = () => 30_000;
const historyPace = () => 60_000;

/** How each file server does, its plots when asked for; nothing where there is none, or for who is not signed in. */
export function SourcesHealth() {
  const { data } = usePolled(fetchSourcesHealth, pace);
  if (data === null || data.length === 0) return null;
  return (
    <>
      <h2>File servers</h2>
      <Rows label="File servers">
        {data.map((source) => (
          <SourceHealthRow key={source.sourceId} source={source} />
        ))}
      </Rows>
    </>
  );
}

function SourceHealthRow({ source }: { source: SourceHealth }) {
  const [isOpen, setIsOpen] = useState(false);
  const { name, state, score, reason, disabledAt } = source;
  return (
    <Row
      className="tb-source-health"
      name={name}
      facts={factsOf(source)}
      reasons={reason === null ? [] : [reason]}
      status={state}
      tone={state === 'globally_offline' || disabledAt !== null ? 'bad' : undefined}
      badge={disabledAt === null ? STATES[state] : RESTS}
      figures={[
        ['Score', count(score)],
        ['Failed scans', count(source.scanFailures)],
      ]}
    >
      <Button variant="default" size="xs" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? 'Hide plots' : 'Plots'}
      </Button>
      {isOpen && <History sourceId={source.sourceId} />}
    </Row>
  );
}

function History({ sourceId }: { sourceId: string }) {
  const fetch = useCallback((signal: AbortSignal) => fetchSourceHistory(sourceId, signal), [sourceId]);
  const { data, error } = usePolled(fetch, historyPace);
  if (error !== null && data === null) return <p className="tb-row-reason">{error.message}</p>;
  const waiting = <Skeleton height={400} radius="lg" className="tb-plots" />;
  if (data === null) return waiting;
  return (
    <LazyPart fallback={waiting}>
      <SourcePlots history={data} />
    </LazyPart>
  );
}

function factsOf({ isActive, lastProbeAt, nextProbeAt, stateSince, disabledAt }: SourceHealth): string[] {
  const now = Date.now();
  const ago = (at: string) => duration(now - Date.parse(at));
  if (!isActive) return ['switched off'];
  const next = Date.parse(nextProbeAt) - now;
  return [
    lastProbeAt === null ? 'never probed' : `probed ${ago(lastProbeAt)} ago`,
    next < 1000 ? 'next soon' : `next in ${duration(next)}`,
    disabledAt === null ? `so for ${ago(stateSince)}` : `rests since ${ago(disabledAt)}`,
  ];
}
