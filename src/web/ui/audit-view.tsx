import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './form.css';
import './review.css';
import './audit.css';
import { Button, EmptyState, NativeSelect, TextInput } from '@mantine/core';
import { useCallback, useState } from 'react';
import { fetchUsers, nameOf } from './account-api.ts';
import { AdminOnly } from './admin-only.tsx';
import { type AuditFilter, EVERYTHING, exportHref, fetchAudit } from './audit-api.ts';
import { AuditRow } from './audit-row.tsx';
import { ListIcon } from './icons.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Rows } from './row.tsx';

const FAILED = 'The log could not be loaded';
const pace = () => 30_000;
const slowPace = () => 300_000;

const PARTS: readonly { name: string; of: Pick<AuditFilter, 'action' | 'severity'> }[] = [
  { name: 'Everything', of: { action: '', severity: '' } },
  { name: 'What stands out', of: { action: '', severity: 'warning' } },
  { name: 'Accounts', of: { action: 'account', severity: '' } },
  { name: 'Family', of: { action: 'family', severity: '' } },
  { name: 'Settings', of: { action: 'settings', severity: '' } },
  { name: 'Sources', of: { action: 'source', severity: '' } },
  { name: 'Finders', of: { action: 'finder', severity: '' } },
];
const KINDS = [
  { value: 'admin-token', label: 'The admin token' },
  { value: 'device', label: 'A device' },
  { value: 'nobody', label: 'Somebody not signed in' },
  { value: 'system', label: 'This server' },
];

/** Who did what, for administrators. */
export function AuditView() {
  return (
    <AdminOnly id="audit-title" title="Log of changes" failed={FAILED}>
      {(onExpired) => <Log onExpired={onExpired} />}
    </AdminOnly>
  );
}

function Log({ onExpired }: { onExpired(): void }) {
  const [filter, setFilter] = useState(EVERYTHING);
  /** Of the pages up to the one that is shown; the first has none. */
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1) ?? null;
  const fetchPage = useCallback(
    (signal: AbortSignal) => fetchAudit(filter, cursor, signal),
    [filter, cursor],
  );
  const { data, error, reload } = usePolled(fetchPage, pace);

  function narrow(change: Partial<AuditFilter>) {
    setFilter({ ...filter, ...change });
    setCursors([]);
  }

  function turn(next: readonly string[]) {
    setCursors(next);
    document.getElementById('audit-title')?.scrollIntoView();
  }

  return (
    <section className="tb-section tb-view" aria-labelledby="audit-title">
      <div className="tb-section-head">
        <h1 id="audit-title">Log of changes</h1>
        <Button component="a" href={exportHref(filter, 'csv')} download variant="default" size="xs">
          Take it along as CSV
        </Button>
      </div>
      <p className="tb-quiet tb-audit-about">
        Sign-ins, and changes of accounts, families, settings, sources and finders, of the last 90 days.
      </p>
      <Parts filter={filter} onChoose={narrow} />
      <Narrowing filter={filter} onChange={narrow} />
      <PolledState isLoaded={data !== null} failed={FAILED} height={420} {...{ error, onExpired }} />
      {data?.entries.length === 0 && (
        <EmptyState
          className="tb-notice"
          icon={<ListIcon size={30} />}
          title="Nothing like that"
          description="Of the last 90 days nothing is noted that fits."
        />
      )}
      {data !== null && data.entries.length > 0 && (
        <Rows label="Entries">
          {data.entries.map((entry) => (
            <AuditRow key={entry.auditId} entry={entry} onUndone={reload} onExpired={onExpired} />
          ))}
        </Rows>
      )}
      {data !== null && (cursor !== null || data.nextCursor !== null) && (
        <div className="tb-review-pages">
          <Button variant="default" disabled={cursor === null} onClick={() => turn(cursors.slice(0, -1))}>
            Newer
          </Button>
          <Button
            variant="default"
            disabled={data.nextCursor === null}
            onClick={() => data.nextCursor !== null && turn([...cursors, data.nextCursor])}
          >
            Older
          </Button>
        </div>
      )}
    </section>
  );
}

type Chooser = { filter: AuditFilter; onChoose(change: Partial<AuditFilter>): void };

function Parts({ filter, onChoose }: Chooser) {
  const isShown = ({ action, severity }: Pick<AuditFilter, 'action' | 'severity'>) =>
    action === filter.action && severity === filter.severity;
  return (
    <fieldset className="tb-review-filters">
      <legend>What is shown</legend>
      {PARTS.map(({ name, of }) => (
        <Button
          key={name}
          size="compact-sm"
          variant={isShown(of) ? 'filled' : 'default'}
          aria-pressed={isShown(of)}
          onClick={() => onChoose(of)}
        >
          {name}
        </Button>
      ))}
    </fieldset>
  );
}

type NarrowingProps = { filter: AuditFilter; onChange(change: Partial<AuditFilter>): void };

function Narrowing({ filter, onChange }: NarrowingProps) {
  const users = usePolled(fetchUsers, slowPace).data?.users ?? [];
  const people = users.map((user) => ({ value: user.userId, label: nameOf(user) }));
  const day = (label: string, key: 'since' | 'until') => (
    <TextInput
      label={label}
      type="date"
      value={filter[key]}
      onChange={(event) => onChange({ [key]: event.currentTarget.value })}
    />
  );
  return (
    <div className="tb-audit-filters">
      <NativeSelect
        label="Who"
        data={[{ value: '', label: 'Anybody' }, ...people, ...KINDS]}
        value={filter.actor}
        onChange={(event) => onChange({ actor: event.currentTarget.value })}
      />
      {day('From', 'since')}
      {day('To', 'until')}
    </div>
  );
}
