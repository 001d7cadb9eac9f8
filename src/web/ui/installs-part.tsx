import { Button, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { addInstall, fetchInstalls, type Profile } from './family-api.ts';
import { InstallRow } from './install-row.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { Rows } from './row.tsx';
import { TestAnswer } from './test-answer.tsx';

type InstallsPartProps = { profile: Profile; profiles: readonly Profile[]; onExpired(): void };
const pace = () => 30_000;

/** The add-on of a profile as it stands in players, an address for each. */
export function InstallsPart({ profile, profiles, onExpired }: InstallsPartProps) {
  const { data, error, reload } = usePolled(fetchInstalls, pace);
  const own = data?.filter(({ profileId }) => profileId === profile.profileId) ?? [];
  return (
    <>
      <NewInstall {...{ profile, onExpired }} onMade={reload} />
      <PolledState
        isLoaded={data !== null}
        failed="The installs could not be loaded"
        height={120}
        {...{ error, onExpired }}
      />
      {data !== null && own.length === 0 && (
        <p className="tb-quiet">No player has {profile.name}’s add-on yet: make an install for each.</p>
      )}
      {own.length > 0 && (
        <Rows label={`Installs of ${profile.name}`}>
          {own.map((install) => (
            <InstallRow key={install.installId} {...{ install, profiles, onExpired }} onChanged={reload} />
          ))}
        </Rows>
      )}
    </>
  );
}

type NewInstallProps = { profile: Profile; onMade(): void; onExpired(): void };

function NewInstall({ profile, onMade, onExpired }: NewInstallProps) {
  const [name, setName] = useState('');
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const isMade = await act(async (signal) => {
      await addInstall(profile.profileId, name.trim(), signal);
    });
    if (!isMade) return;
    setName('');
    onMade();
  }
  return (
    <form
      className="tb-search"
      aria-label={`A new install for ${profile.name}`}
      onSubmit={(event) => void submit(event)}
    >
      <TextInput
        aria-label="Where it is installed"
        placeholder="Where: TV, tablet …"
        maxLength={60}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" loading={isActing} disabled={name.trim() === ''}>
        Make an install
      </Button>
      <TestAnswer tested={null} failure={failure} />
    </form>
  );
}
