import { Button, NativeSelect, TextInput } from '@mantine/core';
import { lazy, type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { CopyButton } from './copy-button.tsx';
import { changeInstall, type Install, type Profile, revokeInstall } from './family-api.ts';
import { useFields } from './fields.ts';
import { ago } from './format.ts';
import { LazyPart } from './lazy-part.tsx';
import { Row } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';
import { TestAnswer } from './test-answer.tsx';

const QrCode = lazy(async () => ({ default: (await import('./qr-code.tsx')).QrCode }));

type InstallRowProps = {
  install: Install;
  profiles: readonly Profile[];
  onChanged(): void;
  onExpired(): void;
};

/** One address of the add-on: to a player, to somebody else, or to nothing. */
export function InstallRow({ install, profiles, onChanged, onExpired }: InstallRowProps) {
  const [open, setOpen] = useState<'qr' | 'change' | 'revoke' | null>(null);
  const toggle = (part: 'qr' | 'change') => setOpen(open === part ? null : part);
  const { name, lastSeenAt, manifestUrl } = install;
  return (
    <Row
      className="tb-profile"
      name={name}
      facts={[lastSeenAt === null ? 'not seen yet' : `seen ${ago(lastSeenAt)}`]}
      reasons={[]}
      status="active"
      badge={lastSeenAt === null ? { word: 'New', color: 'gray' } : { word: 'In use', color: 'teal' }}
      figures={[]}
    >
      <input
        className="tb-install-url"
        readOnly
        value={manifestUrl}
        aria-label={`Manifest URL of ${name}`}
        onFocus={(event) => event.target.select()}
      />
      <RowButtons>
        <CopyButton text={manifestUrl} label="Copy URL" size="xs" variant="default" iconSize={15} />
        <Button component="a" href={manifestUrl.replace(/^https?:/, 'stremio:')} size="xs" variant="default">
          Open in Stremio
        </Button>
        <RowButton word="QR code" of={name} isOpen={open === 'qr'} onClick={() => toggle('qr')} />
        <RowButton word="Change" of={name} isOpen={open === 'change'} onClick={() => toggle('change')} />
        <RowButton word="Revoke" of={name} onClick={() => setOpen('revoke')} />
      </RowButtons>
      {open === 'qr' && (
        <div className="tb-row-answer">
          <div className="tb-install-paper">
            <LazyPart fallback={null}>
              <QrCode text={manifestUrl} />
            </LazyPart>
          </div>
        </div>
      )}
      {open === 'change' && (
        <ChangeForm
          {...{ install, profiles, onExpired }}
          onDone={() => {
            setOpen(null);
            onChanged();
          }}
        />
      )}
      {open === 'revoke' && (
        <ConfirmDialog
          title="Revoke this install?"
          action="Revoke it"
          color="red"
          onConfirm={async () => {
            await revokeInstall(install.installId, new AbortController().signal);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        >
          What has <b>{name}</b> installed shows and plays nothing from then on.
        </ConfirmDialog>
      )}
    </Row>
  );
}

type ChangeFormProps = Omit<InstallRowProps, 'onChanged'> & { onDone(): void };

function ChangeForm({ install, profiles, onDone, onExpired }: ChangeFormProps) {
  const { fields, bind } = useFields({ name: install.name, profileId: install.profileId });
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const change = { name: fields.name.trim(), profileId: fields.profileId };
    if (await act((signal) => changeInstall(install.installId, change, signal))) onDone();
  }
  return (
    <form className="tb-form" aria-label={`Change ${install.name}`} onSubmit={(event) => void submit(event)}>
      <TextInput label="Name" maxLength={60} {...bind('name')} />
      <NativeSelect
        label="Who watches there"
        data={profiles.map(({ profileId, name }) => ({ value: profileId, label: name }))}
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
