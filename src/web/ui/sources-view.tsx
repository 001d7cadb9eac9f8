import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './form.css';
import './sources.css';
import { Badge, Button, EmptyState } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';
import { AdminOnly } from './admin-only.tsx';
import { plural } from './format.ts';
import { AddIcon, ServerIcon } from './icons.tsx';
import { MatchingCard } from './matching-card.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Rows } from './row.tsx';
import { fetchScanProgress, type ScanProgress } from './scan-api.ts';
import { fetchSources, type Source } from './source-api.ts';
import { SourceForm } from './source-form.tsx';
import { SourceRow } from './source-row.tsx';

const FAILED = 'The sources could not be loaded';
const pace = () => 5_000;
/** Somebody watches what runs. */
const progressPace = ({ scans, isMatching, matching }: ScanProgress) =>
  scans.length > 0 || (isMatching && matching.waiting > 0) ? 1_000 : 3_000;

/** File servers and folders whose films are in the catalogue. */
export function SourcesView() {
  return (
    <AdminOnly id="sources-title" title="Sources" failed={FAILED}>
      {(onExpired) => <Sources onExpired={onExpired} />}
    </AdminOnly>
  );
}

function Sources({ onExpired }: { onExpired(): void }) {
  const { data, error, reload } = usePolled(fetchSources, pace);
  const progress = usePolled(fetchScanProgress, progressPace);
  const running = useMemo(
    () => new Map((progress.data?.scans ?? []).map((scan) => [scan.sourceId, scan])),
    [progress.data],
  );
  const [isAdding, setIsAdding] = useState(false);
  function reloadAll() {
    reload();
    progress.reload();
  }
  const add = (
    <Button leftSection={<AddIcon size={16} />} size="sm" onClick={() => setIsAdding(true)}>
      Add a source
    </Button>
  );
  return (
    <section className="tb-section tb-view" aria-labelledby="sources-title">
      <div className="tb-section-head">
        <h1 id="sources-title">Sources</h1>
        {data !== null && <WorkingBadge sources={data} />}
        {data !== null && data.length > 0 && !isAdding && add}
      </div>
      {isAdding && (
        <SourceForm
          source={null}
          onDone={() => {
            setIsAdding(false);
            reload();
          }}
          onClose={() => setIsAdding(false)}
          onExpired={onExpired}
        />
      )}
      <PolledState isLoaded={data !== null} failed={FAILED} height={320} {...{ error, onExpired }} />
      <MatchingCard progress={progress} onExpired={onExpired} />
      {data !== null && data.length > 0 && (
        <Rows label="Sources">
          {data.map((source) => (
            <SourceRow
              key={source.sourceId}
              source={source}
              scan={running.get(source.sourceId) ?? null}
              scanAt={progress.updatedAt}
              onChanged={reloadAll}
              onExpired={onExpired}
            />
          ))}
        </Rows>
      )}
      {data?.length === 0 && !isAdding && <NoSources add={add} />}
    </section>
  );
}

function NoSources({ add }: { add: ReactNode }) {
  return (
    <EmptyState
      className="tb-notice"
      icon={<ServerIcon size={30} />}
      title="No source yet"
      description="A NAS, a web server that lists its files, an FTP server or a folder of this machine: its films and series are found, matched with their titles, and played from there on every device."
    >
      {add}
    </EmptyState>
  );
}

function WorkingBadge({ sources }: { sources: readonly Source[] }) {
  const used = sources.filter(({ isActive }) => isActive);
  if (used.length === 0) return null;
  const failing = used.filter(({ lastError }) => lastError !== null).length;
  return (
    <Badge color={failing === 0 ? 'teal' : 'orange'} variant="light" size="lg" tt="none">
      {failing === 0 ? `${plural(used.length, 'is', 'are')} in use` : `${plural(failing, 'fails', 'fail')}`}
    </Badge>
  );
}
