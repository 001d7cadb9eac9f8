import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './live.css';
import { Alert, Badge, EmptyState, Skeleton } from '@mantine/core';
import { lazy, useCallback, useEffect, useState } from 'react';
import { AdminGate } from './admin-gate.tsx';
import { type ApiFailure, fetchIsAdmin, fetchLive } from './api.ts';
import { plural } from './format.ts';
import { FlowIcon, WarningIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';
import { type LiveHistory, NO_HISTORY, nextHistory } from './live-history.ts';
import { LiveRowCard } from './live-row.tsx';
import { toFailure, usePolled } from './polling.ts';

const LivePlot = lazy(async () => ({ default: (await import('./live-plot.tsx')).LivePlot }));

const livePace = () => 1000;

/** Asks for the admin token once; then what is being sent right now, moving. */
export function LiveView() {
  const [stage, setStage] = useState<'asking' | 'locked' | 'expired' | 'open'>('asking');
  const [failure, setFailure] = useState<ApiFailure | null>(null);

  useEffect(() => {
    const stop = new AbortController();
    fetchIsAdmin(stop.signal).then(
      (isAdmin) => !stop.signal.aborted && setStage(isAdmin ? 'open' : 'locked'),
      (reason: unknown) => !stop.signal.aborted && setFailure(toFailure(reason)),
    );
    return () => stop.abort();
  }, []);
  const expire = useCallback(() => setStage('expired'), []);

  if (stage === 'open') return <LiveStreams onExpired={expire} />;
  return (
    <section className="tb-section tb-view" aria-labelledby="live-title">
      <div className="tb-section-head">
        <h1 id="live-title">Live</h1>
      </div>
      {stage === 'asking' &&
        (failure ? <Failure failure={failure} /> : <Skeleton height={320} radius="lg" />)}
      {stage !== 'asking' && <AdminGate hasExpired={stage === 'expired'} onOpened={() => setStage('open')} />}
    </section>
  );
}

function LiveStreams({ onExpired }: { onExpired(): void }) {
  const { data, error, updatedAt } = usePolled(fetchLive, livePace);
  const [history, setHistory] = useState<LiveHistory>(NO_HISTORY);
  const isExpired = error?.status === 401;

  useEffect(() => {
    if (isExpired) onExpired();
  }, [isExpired, onExpired]);
  useEffect(() => {
    if (data !== null && updatedAt !== null) setHistory((before) => nextHistory(before, data, updatedAt));
  }, [data, updatedAt]);

  const running = history.rows.filter(({ ids }) => ids.length > 0).length;
  return (
    <section className="tb-section tb-view" aria-labelledby="live-title">
      <div className="tb-section-head">
        <h1 id="live-title">Live</h1>
        {data !== null && (
          <Badge color={running > 0 ? 'teal' : 'gray'} variant="light" size="lg" tt="none">
            {plural(running, 'stream', 'streams')}
          </Badge>
        )}
      </div>
      {error && data !== null && !isExpired && (
        <Alert color="orange" variant="light" mb="md" title="What is shown is old">
          {error.message}
        </Alert>
      )}
      {error && data === null && !isExpired && <Failure failure={error} />}
      {data === null && !error && <Skeleton height={320} radius="lg" />}
      {data !== null && (
        <>
          <LazyPart fallback={<Skeleton height={230} radius="lg" />}>
            <LivePlot moments={history.moments} />
          </LazyPart>
          <Rows history={history} onExpired={onExpired} />
        </>
      )}
    </section>
  );
}

function Rows({ history, onExpired }: { history: LiveHistory; onExpired(): void }) {
  if (history.rows.length === 0)
    return (
      <EmptyState
        className="tb-notice tb-live-empty"
        icon={<FlowIcon size={30} />}
        title="Nothing is playing"
        description="As soon as somebody presses play, the stream shows here with its speed, and you can end it."
      />
    );
  return (
    <ul className="tb-live-rows" aria-label="Running streams">
      {history.rows.map((row) => (
        <LiveRowCard key={row.key} row={row} onExpired={onExpired} />
      ))}
    </ul>
  );
}

function Failure({ failure }: { failure: ApiFailure }) {
  return (
    <EmptyState
      className="tb-notice"
      icon={<WarningIcon size={30} />}
      title="The running streams could not be loaded"
      description={failure.message}
    />
  );
}
