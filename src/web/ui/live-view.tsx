import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './live.css';
import { Badge, EmptyState, Skeleton } from '@mantine/core';
import { lazy, useEffect, useState } from 'react';
import { AdminOnly } from './admin-only.tsx';
import { fetchLive } from './api.ts';
import { plural } from './format.ts';
import { FlowIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';
import { type LiveHistory, NO_HISTORY, nextHistory } from './live-history.ts';
import { LiveRowCard } from './live-row.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';

const LivePlot = lazy(async () => ({ default: (await import('./live-plot.tsx')).LivePlot }));

const livePace = () => 1000;

const FAILED = 'The running streams could not be loaded';

/** What is being sent right now, moving. */
export function LiveView() {
  return (
    <AdminOnly id="live-title" title="Live" failed={FAILED}>
      {(onExpired) => <LiveStreams onExpired={onExpired} />}
    </AdminOnly>
  );
}

function LiveStreams({ onExpired }: { onExpired(): void }) {
  const { data, error, updatedAt } = usePolled(fetchLive, livePace);
  const [history, setHistory] = useState<LiveHistory>(NO_HISTORY);

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
      <PolledState isLoaded={data !== null} failed={FAILED} height={320} {...{ error, onExpired }} />
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
