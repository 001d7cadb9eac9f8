import { Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { addProfile, changeProfile, type Profile, type ProfileChange } from './family-api.ts';
import { type Bound, useFields } from './fields.ts';
import { SecretField } from './secret-field.tsx';
import { TestAnswer } from './test-answer.tsx';

type ProfileFormProps = {
  kind: Profile['kind'];
  /** Null: a new one. */
  profile: Profile | null;
  onDone(): void;
  onClose(): void;
  onExpired(): void;
};

const MODES = [
  { value: 'allow', label: 'Only what I allow' },
  { value: 'age', label: 'Everything up to an age, and exceptions' },
];
const textOf = (value: number | null | undefined) =>
  value === null || value === undefined ? '' : `${value}`;
const numberOf = (text: string) => (text.trim() === '' ? null : Number(text));

/** Makes somebody who watches, or changes them. */
export function ProfileForm({ kind, profile, onDone, onClose, onExpired }: ProfileFormProps) {
  // The fields are of this one, whatever comes in while somebody types.
  const [loaded] = useState(profile);
  const { fields, bind } = useFields({
    ...{ name: profile?.name ?? '', age: textOf(profile?.age), pin: '', mode: profile?.mode ?? 'allow' },
    maxAge: textOf(profile?.maxAge),
  });
  const [allowsUnrated, setAllowsUnrated] = useState(profile?.allowsUnrated ?? false);
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const change: ProfileChange & { name: string } = {
      ...{ name: fields.name.trim(), age: numberOf(fields.age) },
      ...(fields.pin === '' ? {} : { pin: fields.pin }),
      ...(kind === 'kid'
        ? { mode: modeOf(fields.mode), maxAge: numberOf(fields.maxAge), allowsUnrated }
        : {}),
    };
    const isDone = await act(async (signal) => {
      if (profile === null) await addProfile({ ...change, kind }, signal);
      else await changeProfile(loaded ?? profile, change, signal);
    });
    if (isDone) onDone();
  }
  const label = profile === null ? `A new ${kind === 'kid' ? 'kid' : 'grown-up'}` : `Change ${profile.name}`;
  return (
    <form className="tb-form" aria-label={label} onSubmit={(event) => void submit(event)}>
      <TextInput label="Name" maxLength={60} required withAsterisk={false} {...bind('name')} />
      <TextInput label="Age, if you like" type="number" min={0} max={120} {...bind('age')} />
      <SecretField
        label={kind === 'kid' ? 'PIN, 4 to 8 digits' : 'PIN, if you like'}
        description={profile?.hasPin ? 'Empty: it stays as it is.' : 'Pairing a device asks for it.'}
        autoComplete="off"
        inputMode="numeric"
        {...bind('pin')}
      />
      {kind === 'kid' && (
        <ModeFields {...{ bind, allowsUnrated }} mode={modeOf(fields.mode)} onUnrated={setAllowsUnrated} />
      )}
      <TestAnswer tested={null} failure={failure} />
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={fields.name.trim() === ''}>
          {profile === null ? 'Add them' : 'Save'}
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

type ModeFieldsProps = {
  mode: Profile['mode'];
  bind(field: 'mode' | 'maxAge'): Bound;
  allowsUnrated: boolean;
  onUnrated(isAllowed: boolean): void;
};

function ModeFields({ mode, bind, allowsUnrated, onUnrated }: ModeFieldsProps) {
  return (
    <>
      <NativeSelect label="What they may see" data={MODES} {...bind('mode')} />
      {mode === 'age' && (
        <>
          <TextInput
            label="Rated for up to which age"
            type="number"
            min={0}
            max={99}
            required
            withAsterisk={false}
            {...bind('maxAge')}
          />
          <Switch
            label="Also what nobody has rated"
            checked={allowsUnrated}
            onChange={(event) => onUnrated(event.currentTarget.checked)}
          />
        </>
      )}
    </>
  );
}

function modeOf(value: string): Profile['mode'] {
  return value === 'age' ? 'age' : 'allow';
}
