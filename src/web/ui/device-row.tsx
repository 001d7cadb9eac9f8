import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { changeDevice, type Device, type Profile, unpairDevice } from './device-api.ts';
import { useFields } from './fields.ts';
import { ago } from './format.ts';
import { Row } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';
import { TestAnswer } from './test-answer.tsx';

const NOBODY = '';

type DeviceRowProps = {
  device: Device;
  profiles: readonly Profile[];
  onChanged(): void;
  onExpired(): void;
};

/** One device: whose it is, whether it is in use, and its parent’s hand on it. */
export function DeviceRow({ device, profiles, onChanged, onExpired }: DeviceRowProps) {
  const [open, setOpen] = useState<'change' | 'unpair' | null>(null);
  const { name, profile, isOnline, pairedAt, lastActiveAt } = device;
  return (
    <Row
      className="tb-device"
      name={name}
      facts={[
        profile === null ? 'nobody’s' : `${profile.name}’s`,
        seenWords(lastActiveAt),
        `paired ${ago(pairedAt)}`,
      ]}
      reasons={profile === null ? ['It sees nothing until you say whose it is.'] : []}
      status={isOnline ? 'online' : 'offline'}
      tone={profile === null ? 'quiet' : undefined}
      badge={isOnline ? { word: 'Online', color: 'teal' } : { word: 'Offline', color: 'gray' }}
      figures={[]}
    >
      <RowButtons>
        <RowButton
          word="Change"
          of={name}
          isOpen={open === 'change'}
          onClick={() => setOpen(open === 'change' ? null : 'change')}
        />
        <RowButton word="Unpair" of={name} onClick={() => setOpen('unpair')} />
      </RowButtons>
      {open === 'change' && (
        <ChangeForm
          {...{ device, profiles, onExpired }}
          onDone={() => {
            setOpen(null);
            onChanged();
          }}
        />
      )}
      {open === 'unpair' && (
        <ConfirmDialog
          title="Unpair this device?"
          action="Unpair it"
          color="red"
          onConfirm={async () => {
            await unpairDevice(device.deviceId, new AbortController().signal);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        >
          <b>{name}</b> sees nothing from then on, until it is paired again.
        </ConfirmDialog>
      )}
    </Row>
  );
}

function ChangeForm({
  device,
  profiles,
  onDone,
  onExpired,
}: Omit<DeviceRowProps, 'onChanged'> & { onDone(): void }) {
  const { fields, bind } = useFields({ name: device.name, profileId: device.profile?.profileId ?? NOBODY });
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const profileId = fields.profileId === NOBODY ? null : fields.profileId;
    if (await act((signal) => changeDevice(device.deviceId, { name: fields.name.trim(), profileId }, signal)))
      onDone();
  }
  const choices = profiles.map((profile) => ({ value: profile.profileId, label: profile.name }));
  return (
    <form className="tb-form" aria-label={`Change ${device.name}`} onSubmit={(event) => void submit(event)}>
      <TextInput label="Name" maxLength={60} {...bind('name')} />
      <NativeSelect
        label="Whose device it is"
        data={[...choices, { value: NOBODY, label: 'Nobody’s' }]}
        {...bind('profileId')}
      />
      <TestAnswer tested={null} failure={failure} />
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={fields.name.trim() === ''}>
          Save
        </Button>
      </div>
    </form>
  );
}

function seenWords(lastActiveAt: string | null): string {
  return lastActiveAt === null ? 'not seen yet' : `seen ${ago(lastActiveAt)}`;
}
