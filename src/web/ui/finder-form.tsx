import { Alert, Button, NativeSelect, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { type Bound, useFields } from './fields.ts';
import { addFinder, changeFinder, type Finder, type FinderDraft, KINDS, type Pattern } from './finder-api.ts';
import { PatternFields } from './pattern-fields.tsx';
import { SecretField } from './secret-field.tsx';

type FinderFormProps = {
  /** Null: a new one. */
  finder: Finder | null;
  onDone(): void;
  onClose(): void;
  onExpired(): void;
};

const LABELS = {
  torznab: 'Torznab: torrents (Jackett, Prowlarr)',
  newznab: 'Newznab: Usenet',
  rss: 'RSS feed',
} as const;
const EXAMPLES = {
  torznab: 'http://127.0.0.1:9696/1/api',
  newznab: 'https://indexer.example/api',
  rss: 'https://site.example/feed.xml',
} as const;

type Fields = { name: string; url: string; apiKey: string; categories: string };

/** What an owner says of a finder. Its address and key are sealed when they are stored, and never shown again. */
export function FinderForm({ finder, onDone, onClose, onExpired }: FinderFormProps) {
  const [kind, setKind] = useState<Finder['kind']>(finder?.kind ?? 'torznab');
  const { fields, bind } = useFields<Fields>({
    name: finder?.name ?? '',
    url: '',
    apiKey: '',
    categories: finder?.categories.join(', ') ?? '',
  });
  const [patterns, setPatterns] = useState<readonly Pattern[]>(finder?.patterns ?? []);
  const { isActing, failure, act } = useActing(onExpired);
  const isNew = finder === null;

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const body = draftOf(kind, fields, patterns);
    const work = (signal: AbortSignal) =>
      finder === null ? addFinder({ kind, ...body }, signal) : changeFinder(finder.finderId, body, signal);
    if (await act(work)) onDone();
  }

  return (
    <form
      className="tb-form"
      onSubmit={(event) => void submit(event)}
      aria-label={isNew ? 'A new finder' : `Edit ${finder.name}`}
    >
      {isNew && (
        <NativeSelect
          label="Kind"
          data={KINDS.map((value) => ({ value, label: LABELS[value] }))}
          value={kind}
          onChange={(event) => setKind(KINDS.find((one) => one === event.currentTarget.value) ?? kind)}
        />
      )}
      <TextInput label="Name" required withAsterisk={false} maxLength={100} {...bind('name')} />
      <TextInput
        label="Address"
        type="url"
        required={isNew}
        withAsterisk={false}
        spellCheck={false}
        placeholder={isNew ? EXAMPLES[kind] : 'stays as it is'}
        description={
          isNew ? 'Stored sealed and not shown again.' : 'Only if it has changed; the old one is not shown.'
        }
        {...bind('url')}
      />
      {kind !== 'rss' && <NabFields hasKey={finder?.hasKey === true} bind={bind} />}
      {kind === 'rss' && <PatternFields patterns={patterns} onChange={setPatterns} />}
      {failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {failure}
        </Alert>
      )}
      <div className="tb-actions">
        <Button type="submit" loading={isActing}>
          {isNew ? 'Add it' : 'Save'}
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

/** What indexers have and feeds have not. */
function NabFields({ hasKey, bind }: { hasKey: boolean; bind(field: keyof Fields): Bound }) {
  return (
    <>
      <SecretField
        label="API key"
        autoComplete="off"
        placeholder={hasKey ? 'stays as it is' : ''}
        description="Stored sealed and not shown again."
        of="key"
        {...bind('apiKey')}
      />
      <TextInput
        label="Categories"
        placeholder="2000, 5000"
        description="Newznab’s numbers; none: films and series."
        {...bind('categories')}
      />
    </>
  );
}

/** Empty addresses and keys are those that stay. */
function draftOf(kind: Finder['kind'], fields: Fields, patterns: readonly Pattern[]): FinderDraft {
  const url = fields.url.trim();
  const apiKey = fields.apiKey.trim();
  return {
    name: fields.name.trim(),
    ...(url === '' ? {} : { url }),
    ...(apiKey === '' ? {} : { apiKey }),
    ...(kind === 'rss'
      ? { patterns: patterns.filter(({ pattern }) => pattern.trim() !== '') }
      : { categories: (fields.categories.match(/\d+/g) ?? []).map(Number) }),
  };
}
