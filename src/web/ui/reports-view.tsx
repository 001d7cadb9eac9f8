import './settings-mantine.css';
import './settings.css';
import './row.css';
import './review.css';
import './reports.css';
import { Button, EmptyState } from '@mantine/core';
import { useCallback, useState } from 'react';
import { fetchAccount } from './account-api.ts';
import { count } from './format.ts';
import { QuestionIcon } from './icons.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { fetchReports, type Reports, STATES, type State, TARGETS, type Target } from './report-api.ts';
import { ReportCard } from './report-card.tsx';
import { SignInGate } from './sign-in-gate.tsx';

const FAILED = 'The reports could not be loaded';
const pace = () => 30_000;
/** The server counts no further. */
const MOST_COUNTED = 1000;
const STATE_NAMES: Record<State, string> = {
  pending: 'Waiting',
  resolved: 'Resolved',
  dismissed: 'Dismissed',
};
const TARGET_NAMES: Record<Target, string> = { title: 'Titles', episode: 'Episodes', stream: 'Streams' };

/** What users say is wrong: of everybody for moderators, who decide; else one's own. */
export function ReportsView() {
  const { data: account, error, reload } = usePolled(fetchAccount, pace);
  const isIn = account !== null && (account.user !== null || account.isAdmin);
  return (
    <section className="tb-section tb-view" aria-labelledby="reports-title">
      <div className="tb-section-head">
        <h1 id="reports-title">Reports</h1>
      </div>
      <PolledState
        isLoaded={account !== null}
        failed={FAILED}
        height={320}
        error={error}
        onExpired={reload}
      />
      {account !== null && !isIn && <SignInGate hasExpired={false} account={account} onOpened={reload} />}
      {isIn && <List onExpired={reload} />}
    </section>
  );
}

function List({ onExpired }: { onExpired(): void }) {
  const [state, setState] = useState<State>('pending');
  const [target, setTarget] = useState<Target | null>(null);
  /** Of the pages up to the one that is shown; the first has none. */
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [said, setSaid] = useState('');
  const cursor = cursors.at(-1) ?? null;
  const fetchPage = useCallback(
    (signal: AbortSignal) => fetchReports({ state, target, cursor }, signal),
    [state, target, cursor],
  );
  const { data, error, reload } = usePolled(fetchPage, pace);

  return (
    <>
      <fieldset className="tb-review-filters">
        <legend>How they stand</legend>
        {STATES.map((name) => (
          <Filter
            key={name}
            isOn={name === state}
            onChoose={() => {
              setState(name);
              setCursors([]);
            }}
          >
            {STATE_NAMES[name]}
            {data !== null && <span className="tb-review-count">{upTo(data.counts[name])}</span>}
          </Filter>
        ))}
      </fieldset>
      <fieldset className="tb-review-filters">
        <legend>Of what</legend>
        {[null, ...TARGETS].map((name) => (
          <Filter
            key={name ?? 'all'}
            isOn={name === target}
            onChoose={() => {
              setTarget(name);
              setCursors([]);
            }}
          >
            {name === null ? 'All' : TARGET_NAMES[name]}
          </Filter>
        ))}
      </fieldset>
      <PolledState isLoaded={data !== null} failed={FAILED} height={320} {...{ error, onExpired }} />
      <p className="tb-review-said" role="status">
        {said}
      </p>
      {data !== null && (
        <Cards
          reports={data.reports}
          onExpired={onExpired}
          onDecided={(words) => {
            setSaid(words);
            reload();
          }}
        />
      )}
      {data !== null && (cursor !== null || data.nextCursor !== null) && (
        <div className="tb-review-pages">
          <Button
            variant="default"
            disabled={cursor === null}
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            Newer
          </Button>
          <Button
            variant="default"
            disabled={data.nextCursor === null}
            onClick={() => data.nextCursor !== null && setCursors([...cursors, data.nextCursor])}
          >
            Older
          </Button>
        </div>
      )}
    </>
  );
}

type FilterProps = { isOn: boolean; onChoose(): void; children: React.ReactNode };

function Filter({ isOn, onChoose, children }: FilterProps) {
  return (
    <Button size="compact-sm" variant={isOn ? 'filled' : 'default'} aria-pressed={isOn} onClick={onChoose}>
      {children}
    </Button>
  );
}

type CardsProps = Pick<Reports, 'reports'> & { onDecided(words: string): void; onExpired(): void };

function Cards({ reports, onDecided, onExpired }: CardsProps) {
  if (reports.length === 0)
    return (
      <EmptyState
        className="tb-notice"
        icon={<QuestionIcon size={30} />}
        title="No reports here"
        description="What users say is wrong with titles, episodes, streams and links shows here."
      />
    );
  return (
    <ul className="tb-review" aria-label="Reports">
      {reports.map((report) => (
        <ReportCard key={report.id} {...{ report, onDecided, onExpired }} />
      ))}
    </ul>
  );
}

function upTo(amount: number): string {
  return amount >= MOST_COUNTED ? `${count(MOST_COUNTED)}+` : count(amount);
}
