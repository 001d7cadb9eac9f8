import './settings-mantine.css';
import './settings.css';
import './live.css';
import './health.css';
import './trackers.css';
import { Alert, Badge, Button, EmptyState, Skeleton, TextInput } from '@mantine/core';
import { lazy, useEffect, useMemo, useState } from 'react';
import { AdminOnly } from './admin-only.tsx';
import type { ApiFailure } from './api.ts';
import { plural } from './format.ts';
import { MastIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';
import { PolledState } from './polled-state.tsx';
import { toFailure, usePolled } from './polling.ts';
import { Rows } from './row.tsx';
import {
  checkTrackers,
  type Dht,
  fetchTrackerHistory,
  fetchTrackers,
  type Tracker,
  type TrackerHistory,
  type Trackers,
} from './tracker-api.ts';
import { TrackerRow } from './tracker-row.tsx';

const TrackerPlots = lazy(async () => ({ default: (await import('./tracker-plots.tsx')).TrackerPlots }));

const FAILED = 'The trackers could not be loaded';
const pace = () => 5_000;
const historyPace = () => 60_000;
/** Fewer are found without a filter. */
const FILTER_FROM = 9;
/** A thousand rows take a phone a second to draw. */
const SHOWN_AT_FIRST = 100;
/** A silent tracker takes 5 s, and the queue a moment. */
const CHECKING_MS = 10_000;

/** Every tracker and how it does; the last day as plots. */
export function TrackersView() {
  return (
    <AdminOnly id="trackers-title" title="Trackers" failed={FAILED}>
      {(onExpired) => <TrackerHealth onExpired={onExpired} />}
    </AdminOnly>
  );
}

function TrackerHealth({ onExpired }: { onExpired(): void }) {
  const { data, error, reload } = usePolled(fetchTrackers, pace);
  const history = usePolled(fetchTrackerHistory, historyPace);

  return (
    <section className="tb-section tb-view" aria-labelledby="trackers-title">
      <div className="tb-section-head">
        <h1 id="trackers-title">Trackers</h1>
        {data !== null && <WorkingBadge trackers={data.trackers} />}
        {data !== null && data.trackers.length > 0 && <CheckButton onQueued={reload} onExpired={onExpired} />}
      </div>
      <PolledState isLoaded={data !== null} failed={FAILED} height={420} {...{ error, onExpired }} />
      {data !== null && <DhtLine dht={data.dht} />}
      {data !== null && <RemoteListNotice list={data.remoteList} />}
      {data !== null && <Content trackers={data.trackers} history={history.data} />}
    </section>
  );
}

function Content({ trackers, history }: { trackers: readonly Tracker[]; history: TrackerHistory | null }) {
  if (trackers.length === 0)
    return (
      <EmptyState
        className="tb-notice"
        icon={<MastIcon size={30} />}
        title="No trackers yet"
        description="Every tracker of a torrent you add, and of the lists in the settings, shows here with how it does."
      />
    );
  return (
    <>
      {history !== null && history.health.length > 1 && (
        <LazyPart fallback={<Skeleton height={230} radius="lg" />}>
          <TrackerPlots health={history.health} />
        </LazyPart>
      )}
      <FoundTrackers trackers={trackers} checks={history?.checks ?? {}} />
    </>
  );
}

function FoundTrackers({
  trackers,
  checks,
}: {
  trackers: readonly Tracker[];
  checks: TrackerHistory['checks'];
}) {
  const [filter, setFilter] = useState('');
  const [isAllShown, setIsAllShown] = useState(false);
  const found = useMemo(
    () => trackers.filter(({ url, status }) => `${url} ${status}`.includes(filter.trim().toLowerCase())),
    [trackers, filter],
  );
  const shown = isAllShown ? found : found.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      {trackers.length >= FILTER_FROM && (
        <TextInput
          className="tb-tracker-filter"
          type="search"
          placeholder="Find a tracker, or failing"
          aria-label="Find a tracker"
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
      )}
      {found.length === 0 && <p className="tb-quiet">No tracker is called that.</p>}
      <Rows label="Trackers">
        {shown.map((tracker) => (
          <TrackerRow key={tracker.url} tracker={tracker} checks={checks[tracker.url]} />
        ))}
      </Rows>
      {shown.length < found.length && (
        <Button variant="default" mt="md" onClick={() => setIsAllShown(true)}>
          Show all {found.length}
        </Button>
      )}
    </>
  );
}

function WorkingBadge({ trackers }: { trackers: readonly Tracker[] }) {
  const working = trackers.filter(({ status }) => status === 'working').length;
  return (
    <Badge color={working > 0 ? 'teal' : 'gray'} variant="light" size="lg" tt="none">
      {working} of {plural(trackers.length, 'works', 'work')}
    </Badge>
  );
}

function CheckButton({ onQueued, onExpired }: { onQueued(): void; onExpired(): void }) {
  const [state, setState] = useState<'idle' | 'sending' | 'queued'>('idle');
  const [failure, setFailure] = useState<ApiFailure | null>(null);

  useEffect(() => {
    if (state !== 'queued') return;
    const timer = setTimeout(() => setState('idle'), CHECKING_MS);
    return () => clearTimeout(timer);
  }, [state]);

  async function check() {
    setState('sending');
    try {
      await checkTrackers(new AbortController().signal);
      setFailure(null);
      setState('queued');
      onQueued();
    } catch (reason) {
      const refused = toFailure(reason);
      if (refused.status === 401) return onExpired();
      setFailure(refused);
      setState('idle');
    }
  }

  return (
    <>
      <Button variant="default" size="xs" loading={state === 'sending'} onClick={() => void check()}>
        Check all now
      </Button>
      {state === 'queued' && (
        <span className="tb-quiet" role="status">
          Checking…
        </span>
      )}
      {failure !== null && (
        <span className="tb-quiet" role="alert">
          {failure.message}
        </span>
      )}
    </>
  );
}

/** Peers without any tracker: one line, since there is nothing to do about it here. */
function DhtLine({ dht: { status, nodes } }: { dht: Dht }) {
  const known = `${plural(nodes, 'node', 'nodes')} known`;
  const told = {
    off: 'off (setting DHT)',
    resting: `on, no torrent needs it now; ${known}`,
    running: `on, ${known}`,
    alone: `on, but no node has answered (settings DHT_BOOTSTRAP and OUTBOUND); ${known}`,
  };
  return <p className="tb-quiet">DHT: {told[status]}.</p>;
}

function RemoteListNotice({ list }: { list: Trackers['remoteList'] }) {
  if (list === null || list.reason === null) return null;
  return (
    <Alert color="orange" variant="light" mb="md" title="The list from elsewhere could not be fetched">
      {list.reason} {list.trackerCount > 0 && `Its ${list.trackerCount} trackers of the last time are kept.`}
    </Alert>
  );
}
