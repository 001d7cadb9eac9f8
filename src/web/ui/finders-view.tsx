import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './health.css';
import './form.css';
import './finders.css';
import { Badge, Button, EmptyState, Skeleton } from '@mantine/core';
import { lazy, type ReactNode, useMemo, useState } from 'react';
import { AdminOnly } from './admin-only.tsx';
import { colorsIn } from './day-lines.ts';
import { type Finder, fetchFinderDays, fetchFinders, fetchNabServer } from './finder-api.ts';
import { finderLines } from './finder-days.ts';
import { FinderForm } from './finder-form.tsx';
import { FinderRow } from './finder-row.tsx';
import { plural } from './format.ts';
import { AddIcon, SearchIcon } from './icons.tsx';
import { LazyPart } from './lazy-part.tsx';
import { NabServerCard } from './nab-server-card.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Rows } from './row.tsx';

const FinderPlots = lazy(async () => ({ default: (await import('./finder-plots.tsx')).FinderPlots }));

const FAILED = 'The finders could not be loaded';
const pace = () => 5_000;
/** Days change slowly. */
const daysPace = () => 60_000;
/** It changes with the secret key only. */
const serverPace = () => 600_000;

/** Indexers and feeds that streams are found by; and where others find what is here. */
export function FindersView() {
  return (
    <AdminOnly id="finders-title" title="Finders" failed={FAILED}>
      {(onExpired) => <Finders onExpired={onExpired} />}
    </AdminOnly>
  );
}

function Finders({ onExpired }: { onExpired(): void }) {
  const { data, error, reload } = usePolled(fetchFinders, pace);
  const asked = usePolled(fetchFinderDays, daysPace);
  const lines = useMemo(() => finderLines(data ?? [], asked.data ?? []), [data, asked.data]);
  const colors = useMemo(() => colorsIn(lines), [lines]);
  const server = usePolled(fetchNabServer, serverPace);
  const [isAdding, setIsAdding] = useState(false);
  const add = (
    <Button leftSection={<AddIcon size={16} />} size="sm" onClick={() => setIsAdding(true)}>
      Add a finder
    </Button>
  );
  return (
    <section className="tb-section tb-view" aria-labelledby="finders-title">
      <div className="tb-section-head">
        <h1 id="finders-title">Finders</h1>
        {data !== null && <WorkingBadge finders={data} />}
        {data !== null && data.length > 0 && !isAdding && add}
      </div>
      {isAdding && (
        <FinderForm
          finder={null}
          onDone={() => {
            setIsAdding(false);
            reload();
          }}
          onClose={() => setIsAdding(false)}
          onExpired={onExpired}
        />
      )}
      <PolledState isLoaded={data !== null} failed={FAILED} height={320} {...{ error, onExpired }} />
      {lines.length > 0 && (
        <LazyPart fallback={<Skeleton height={230} radius="lg" />}>
          <FinderPlots lines={lines} />
        </LazyPart>
      )}
      {data !== null && data.length > 0 && (
        <Rows label="Finders">
          {data.map((finder) => (
            <FinderRow
              key={finder.finderId}
              finder={finder}
              color={colors.get(finder.finderId)}
              onChanged={reload}
              onExpired={onExpired}
            />
          ))}
        </Rows>
      )}
      {data?.length === 0 && !isAdding && <NoFinders add={add} />}
      {server.data !== null && <NabServerCard server={server.data} />}
    </section>
  );
}

function NoFinders({ add }: { add: ReactNode }) {
  return (
    <EmptyState
      className="tb-notice"
      icon={<SearchIcon size={30} />}
      title="No finder yet"
      description="An indexer that speaks Torznab or Newznab (Jackett, Prowlarr, most Usenet indexers) is asked when somebody opens a title without streams; an RSS feed is read every three hours and adds what your patterns name."
    >
      {add}
    </EmptyState>
  );
}

function WorkingBadge({ finders }: { finders: readonly Finder[] }) {
  const used = finders.filter(({ state }) => state === 'approved');
  if (used.length === 0) return null;
  const failing = used.filter(({ lastError }) => lastError !== null).length;
  return (
    <Badge color={failing === 0 ? 'teal' : 'orange'} variant="light" size="lg" tt="none">
      {failing === 0 ? `${plural(used.length, 'is', 'are')} in use` : `${plural(failing, 'fails', 'fail')}`}
    </Badge>
  );
}
