import { useState } from 'react';
import { type Entry, undo } from './audit-api.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { deviceOf } from './device-name.ts';
import { ago } from './format.ts';
import { Row } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';

const ACTORS: Record<Entry['actor'], string> = {
  'admin-token': 'by the admin token',
  user: 'by an account that is gone',
  device: 'by a device',
  nobody: 'by somebody not signed in',
  system: 'by this server',
};
const BADGES: Record<Entry['severity'], { word: string; color: string }> = {
  info: { word: 'Usual', color: 'gray' },
  warning: { word: 'Look at it', color: 'orange' },
  error: { word: 'Wrong', color: 'red' },
  critical: { word: 'Act now', color: 'red' },
};

type AuditRowProps = { entry: Entry; onUndone(): void; onExpired(): void };

/** One thing that was done: by whom, and what became of what. */
export function AuditRow({ entry, onUndone, onExpired }: AuditRowProps) {
  const [isAsking, setIsAsking] = useState(false);
  const name = nameOf(entry);
  const changes = changesOf(entry);
  return (
    <Row
      className="tb-account"
      name={name}
      facts={factsOf(entry)}
      reasons={[]}
      status={entry.severity}
      badge={BADGES[entry.severity]}
      figures={[]}
    >
      {changes.length > 0 && (
        <dl className="tb-audit-changes">
          {changes.map(([field, was, is]) => (
            <div key={field}>
              <dt>{field}</dt>
              <dd>
                {was !== null && <del>{was}</del>} {is !== null && <ins>{is}</ins>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {entry.canUndo && (
        <RowButtons>
          <RowButton word="Take it back" of={name} onClick={() => setIsAsking(true)} />
        </RowButtons>
      )}
      {isAsking && (
        <ConfirmDialog
          title="Take this change back?"
          action="Take it back"
          color="teal"
          onConfirm={async () => {
            await undo(entry.auditId, new AbortController().signal);
            onUndone();
          }}
          onClose={() => setIsAsking(false)}
          onExpired={onExpired}
        >
          What is struck out holds again at once. That is noted too.
        </ConfirmDialog>
      )}
    </Row>
  );
}

/** "account.signed_in" → "Account signed in". */
function nameOf({ action, undoes }: Entry): string {
  const words = action.replaceAll(/[._]/g, ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${undoes === null ? '' : ', to take a change back'}`;
}

function factsOf({ at, actor, userName, resource, address, agent }: Entry): string[] {
  const who = userName === null ? ACTORS[actor] : actor === 'nobody' ? `as ${userName}` : `by ${userName}`;
  const device = agent === null ? null : deviceOf(agent);
  return [who, resource, ago(at), new Date(at).toLocaleString(), address, device].filter(
    (fact) => fact !== null,
  );
}

type Change = readonly [field: string, was: string | null, is: string | null];

function changesOf({ action, before, after }: Entry): Change[] {
  const none = action.startsWith('settings.') ? 'the default' : 'nothing';
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return fields.map((field) => [field, wordOf(before, field, none), wordOf(after, field, none)]);
}

function wordOf(state: Entry['before'], field: string, none: string): string | null {
  if (state === null || !Object.hasOwn(state, field)) return null;
  const value = state[field];
  if (value === null || value === '') return none;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
