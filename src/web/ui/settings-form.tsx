import { Alert, Button, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { type ApiFailure, type Setting, saveSettings } from './api.ts';
import { plural } from './format.ts';
import { toFailure } from './polling.ts';
import { changesOf, type Draft, fieldOf, groupsOf, issueOf, unplacedIssues } from './setting-drafts.ts';
import { SettingField } from './setting-field.tsx';

type SettingsFormProps = { settings: Setting[]; onSaved(settings: Setting[]): void; onExpired(): void };

/** Fewer settings than this are found without a filter. */
const FILTER_FROM = 9;

/** One field for each setting of the server; only what was changed is sent. */
export function SettingsForm({ settings, onSaved, onExpired }: SettingsFormProps) {
  const [drafts, setDrafts] = useState<ReadonlyMap<string, Draft>>(new Map());
  const [filter, setFilter] = useState('');
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [state, setState] = useState<SaveState>('idle');
  const { changes, errors } = changesOf(settings, drafts);
  const amount = Object.keys(changes).length + errors.size;

  function edit(setting: Setting, draft: Draft) {
    setState('idle');
    setDrafts((before) => {
      const next = new Map(before);
      if (draft === fieldOf(setting.type, setting.value)) next.delete(setting.key);
      else next.set(setting.key, draft);
      return next;
    });
  }

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    if (amount === 0 || errors.size > 0) return;
    setState('saving');
    try {
      const saved = await saveSettings(changes, new AbortController().signal);
      setDrafts(new Map());
      setFailure(null);
      setState('saved');
      onSaved(saved);
    } catch (reason) {
      setState('idle');
      const refused = toFailure(reason);
      if (refused.status === 401) return onExpired();
      setFailure(refused);
    }
  }

  function discard() {
    setDrafts(new Map());
    setFailure(null);
  }

  const shown = settings.filter((setting) => matches(setting, filter));
  return (
    <form className="tb-settings" onSubmit={(event) => void submit(event)} noValidate>
      {settings.length >= FILTER_FROM && (
        <TextInput
          type="search"
          placeholder="Find a setting"
          aria-label="Find a setting"
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
      )}
      {failure && <Refusal failure={failure} settings={settings} />}
      {shown.length === 0 && <p className="tb-quiet">No setting is called that.</p>}
      {groupsOf(shown).map(([group, members]) => (
        <div key={group} className="tb-card tb-setting-group">
          {members.map((setting) => (
            <SettingField
              key={setting.key}
              setting={setting}
              draft={drafts.get(setting.key) ?? fieldOf(setting.type, setting.value)}
              error={errors.get(setting.key) ?? issueOf(failure?.issues ?? [], setting.key)}
              onEdit={(draft) => edit(setting, draft)}
            />
          ))}
        </div>
      ))}
      <SaveBar amount={amount} state={state} hasErrors={errors.size > 0} onDiscard={discard} />
    </form>
  );
}

type SaveState = 'idle' | 'saving' | 'saved';
type SaveBarProps = { amount: number; state: SaveState; hasErrors: boolean; onDiscard(): void };

/** Stays in sight while there is something to save. */
function SaveBar({ amount, state, hasErrors, onDiscard }: SaveBarProps) {
  if (amount === 0 && state === 'idle') return null;
  return (
    <div className="tb-save-bar tb-card">
      <span role="status">
        {state === 'saved' ? 'Saved. Valid from the next request on.' : plural(amount, 'change', 'changes')}
      </span>
      {amount > 0 && (
        <>
          <Button variant="default" onClick={onDiscard} disabled={state === 'saving'}>
            Discard
          </Button>
          <Button type="submit" loading={state === 'saving'} disabled={hasErrors}>
            Save
          </Button>
        </>
      )}
    </div>
  );
}

/** The refusal as a whole; what belongs to a field is said at the field. */
function Refusal({ failure, settings }: { failure: ApiFailure; settings: Setting[] }) {
  const others = unplacedIssues(
    failure.issues,
    settings.map(({ key }) => key),
  );
  return (
    <Alert color="red" variant="light" title="Nothing was saved" role="alert">
      {failure.message}
      {others.map(({ path, message }) => (
        <div key={path}>
          {path}: {message}
        </div>
      ))}
    </Alert>
  );
}

function matches({ key, description }: Setting, filter: string): boolean {
  return `${key} ${description}`.toLowerCase().includes(filter.trim().toLowerCase());
}
