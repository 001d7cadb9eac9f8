import { Button } from '@mantine/core';
import { useState } from 'react';
import { useActing } from './acting.ts';
import { changeProfile, type Profile } from './family-api.ts';
import type { StreamPreferences as Preferences } from './preference-api.ts';
import { StreamPreferences } from './stream-preferences.tsx';
import { TestAnswer } from './test-answer.tsx';

type ProfileStreamsProps = { profile: Profile; onChanged(): void; onExpired(): void };

/** Which streams a profile's players show, kept at a press. */
export function ProfileStreams({ profile, onChanged, onExpired }: ProfileStreamsProps) {
  // What is shown is of this one, whatever comes in while somebody chooses.
  const [loaded, setLoaded] = useState(profile);
  const [value, setValue] = useState<Preferences>(() => keptOf(profile));
  const [isSaved, setIsSaved] = useState(true);
  const { isActing, failure, act } = useActing(onExpired);
  async function save() {
    const config = { ...loaded.config, streams: value };
    if (!(await act(async (signal) => setLoaded(await changeProfile(loaded, { config }, signal))))) return;
    setIsSaved(true);
    onChanged();
  }
  return (
    <>
      <StreamPreferences
        {...{ value, onExpired }}
        onChange={(next) => {
          setValue(next);
          setIsSaved(false);
        }}
      />
      <TestAnswer tested={null} failure={failure} />
      <div className="tb-actions">
        <Button loading={isActing} disabled={isSaved} onClick={() => void save()}>
          {isSaved ? 'Saved' : `Save for ${profile.name}`}
        </Button>
      </div>
    </>
  );
}

/** The server checks what is kept there. */
function keptOf({ config }: Profile): Preferences {
  const { streams } = config;
  return typeof streams === 'object' && streams !== null ? streams : {};
}
