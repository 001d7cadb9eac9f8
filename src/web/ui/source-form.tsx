import { Alert, Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import type { Tested } from './api.ts';
import { type Bound, useFields } from './fields.ts';
import { SecretField } from './secret-field.tsx';
import { addSource, changeSource, OFFERS, SOURCE_FINDERS, type Source, testDraft } from './source-api.ts';
import { draftOf, type SourceChoices, type SourceFields, startOf } from './source-draft.ts';
import { everyOptions, FINDER_WORDS, OFFER_WORDS } from './source-words.ts';
import { TestAnswer } from './test-answer.tsx';

type SourceFormProps = {
  /** Null: a new one. */
  source: Source | null;
  onDone(): void;
  onClose(): void;
  onExpired(): void;
};

/** What an owner says of a file server. Its password is sealed when it is stored, and never shown again. */
export function SourceForm({ source, onDone, onClose, onExpired }: SourceFormProps) {
  const start = startOf(source);
  const [choices, setChoices] = useState(start.choices);
  const { fields, bind } = useFields<SourceFields>(start.fields);
  const [tested, setTested] = useState<Tested | null>(null);
  const testing = useActing(onExpired);
  const saving = useActing(onExpired);
  const isNew = source === null;
  const isTestNext = isNew && tested?.isWorking !== true;
  const { finder, offers } = choices;
  const choose = (part: Partial<SourceChoices>) => setChoices({ ...choices, ...part });

  async function test() {
    setTested(null);
    const { name: _name, ...body } = draftOf({ fields, choices }, source);
    await testing.act(async (signal) => setTested(await testDraft(body, signal)));
  }

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const body = draftOf({ fields, choices }, source);
    const work = (signal: AbortSignal) =>
      isNew ? addSource(body, signal) : changeSource(source.sourceId, body, signal);
    if (await saving.act(work)) onDone();
  }

  return (
    <form
      className="tb-form"
      onSubmit={(event) => void submit(event)}
      aria-label={isNew ? 'A new source' : `Edit ${source.name}`}
    >
      <TextInput label="Name" required withAsterisk={false} maxLength={100} {...bind('name')} />
      <NativeSelect
        label="What it is"
        data={SOURCE_FINDERS.map((value) => ({ value, label: FINDER_WORDS[value].label }))}
        value={finder}
        onChange={(event) => choose({ finder: oneOf(SOURCE_FINDERS, event.currentTarget.value) ?? finder })}
      />
      <TextInput
        label="Address"
        className="tb-form-wide"
        required
        withAsterisk={false}
        spellCheck={false}
        autoCapitalize="none"
        placeholder={FINDER_WORDS[finder].example}
        description={FINDER_WORDS[finder].about}
        {...bind('baseUrl')}
      />
      {finder !== 'local-folder' && <ServerFields {...{ bind, source, choices, choose }} />}
      <NativeSelect
        label="How its films are played"
        data={OFFERS.map((value) => ({ value, label: OFFER_WORDS[value].label }))}
        description={OFFER_WORDS[offers].about}
        value={offers}
        onChange={(event) => choose({ offers: oneOf(OFFERS, event.currentTarget.value) ?? offers })}
      />
      <NativeSelect
        label="Looked through"
        data={everyOptions(fields.every)}
        description="For files that are new, moved or gone."
        {...bind('every')}
      />
      <TextInput
        label="Priority"
        type="number"
        min={-1000}
        max={1000}
        step={1}
        description="Where two servers have the same film, the lower number comes first."
        {...bind('priority')}
      />
      <TestAnswer tested={tested} failure={testing.failure} />
      {saving.failure !== null && (
        <Alert color="red" variant="light" role="alert">
          {saving.failure}
        </Alert>
      )}
      <div className="tb-actions">
        {isNew && (
          <Button
            variant={isTestNext ? 'filled' : 'default'}
            loading={testing.isActing}
            onClick={() => void test()}
          >
            Test
          </Button>
        )}
        <Button type="submit" variant={isTestNext ? 'default' : 'filled'} loading={saving.isActing}>
          {isNew ? 'Add it' : 'Save'}
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

function oneOf<Choice extends string>(choices: readonly Choice[], value: string): Choice | undefined {
  return choices.find((choice) => choice === value);
}

type ServerFieldsProps = {
  bind(field: keyof SourceFields): Bound;
  source: Source | null;
  choices: SourceChoices;
  choose(part: Partial<SourceChoices>): void;
};

/** What servers have and folders of this machine have not. */
function ServerFields({ bind, source, choices, choose }: ServerFieldsProps) {
  return (
    <>
      <TextInput
        label="Username"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        description="Only if it asks for one."
        {...bind('username')}
      />
      <SecretField
        label="Password"
        autoComplete="new-password"
        placeholder={source?.hasPassword === true ? 'stays as it is' : ''}
        description="Stored sealed and not shown again."
        {...bind('password')}
      />
      <Switch
        className="tb-form-wide"
        label="It is in my own network"
        description="Addresses at home (192.168.x.x, 10.x.x.x, this machine) are out of reach here, so that no link can make this server read your router. This lets this one source, and nothing else, be reached at its address."
        checked={choices.allowsPrivate}
        onChange={(event) => choose({ allowsPrivate: event.currentTarget.checked })}
      />
    </>
  );
}
