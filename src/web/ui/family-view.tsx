import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './form.css';
import './family.css';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { fetchProfiles } from './family-api.ts';
import { FamilyLimits } from './family-limits.tsx';
import { ForAccount } from './for-account.tsx';
import { AddIcon } from './icons.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { ProfileForm } from './profile-form.tsx';
import { ProfileRow } from './profile-row.tsx';
import { Rows } from './row.tsx';
import { hrefOf } from './views.ts';

const often = () => 30_000;

/** Who watches by one’s own account, what they may see, and how it gets to their players. */
export function FamilyView() {
  return (
    <section className="tb-section tb-view" aria-labelledby="family-title">
      <div className="tb-section-head">
        <h1 id="family-title">Family</h1>
        <Button component="a" href={hrefOf('history')} variant="default" size="xs">
          History and lists
        </Button>
        <Button component="a" href={hrefOf('devices')} variant="default" size="xs">
          Devices
        </Button>
      </div>
      <ForAccount what="Profiles">{(onExpired) => <OwnProfiles onExpired={onExpired} />}</ForAccount>
    </section>
  );
}

function OwnProfiles({ onExpired }: { onExpired(): void }) {
  const { data: profiles, error, reload } = usePolled(fetchProfiles, often);
  const [adding, setAdding] = useState<'kid' | 'standard' | null>(null);
  return (
    <>
      <PolledState
        isLoaded={profiles !== null}
        failed="The profiles could not be loaded"
        height={240}
        {...{ error, onExpired }}
      />
      {adding === null ? (
        <div className="tb-actions tb-family-add">
          <Button leftSection={<AddIcon size={16} />} onClick={() => setAdding('kid')}>
            Add a kid
          </Button>
          <Button variant="default" onClick={() => setAdding('standard')}>
            Add a grown-up
          </Button>
        </div>
      ) : (
        <ProfileForm
          kind={adding}
          profile={null}
          onDone={() => {
            setAdding(null);
            reload();
          }}
          onClose={() => setAdding(null)}
          onExpired={onExpired}
        />
      )}
      {profiles?.length === 0 && (
        <p className="tb-quiet">
          Nobody yet. Add a kid: at first nothing is allowed to them, then what you allow, title by title or
          by age.
        </p>
      )}
      {profiles !== null && profiles.length > 0 && (
        <Rows label="Profiles">
          {profiles.map((profile) => (
            <ProfileRow key={profile.profileId} {...{ profile, profiles, onExpired }} onChanged={reload} />
          ))}
        </Rows>
      )}
      <FamilyLimits />
    </>
  );
}
