import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './form.css';
import './family.css';
import './history.css';
import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { ListName } from './activity-api.ts';
import { fetchProfiles, type Profile } from './family-api.ts';
import { ForAccount } from './for-account.tsx';
import { HistoryPart } from './history-part.tsx';
import { MarksPart } from './marks-part.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { hrefOf } from './views.ts';

const slowly = () => 300_000;

/** What the profiles of one’s own account watched, and the titles they keep. */
export function HistoryView() {
  return (
    <section className="tb-section tb-view" aria-labelledby="history-title">
      <div className="tb-section-head">
        <h1 id="history-title">History and lists</h1>
        <Button component="a" href={hrefOf('own')} variant="default" size="xs">
          Titles of your own
        </Button>
        <Button component="a" href={hrefOf('family')} variant="default" size="xs">
          Family
        </Button>
      </div>
      <ForAccount what="Histories">{(onExpired) => <OfProfiles onExpired={onExpired} />}</ForAccount>
    </section>
  );
}

const PARTS = {
  history: 'Watched',
  watchlist: 'Watchlist',
  favorites: 'Favourites',
  library: 'Library',
} as const satisfies Record<'history' | ListName, string>;
type Part = keyof typeof PARTS;
const PART_NAMES: readonly Part[] = ['history', 'watchlist', 'favorites', 'library'];

function OfProfiles({ onExpired }: { onExpired(): void }) {
  const { data: profiles, error } = usePolled(fetchProfiles, slowly);
  const [chosen, setChosen] = useState(window.location.hash.split('/')[1] ?? '');
  const [part, setPart] = useState<Part>('history');
  const profile = profiles === null ? undefined : profileOf(profiles, chosen);
  return (
    <>
      <PolledState
        isLoaded={profiles !== null}
        failed="The profiles could not be loaded"
        height={240}
        {...{ error, onExpired }}
      />
      {profiles !== null && profile === undefined && (
        <p className="tb-quiet">
          Nobody watches by this account yet. Make a profile first: <a href={hrefOf('family')}>Family</a>.
        </p>
      )}
      {profiles !== null && profile !== undefined && (
        <>
          <div className="tb-history-head">
            {profiles.length > 1 && (
              <NativeSelect
                label="Whose"
                data={profiles.map(({ profileId, name }) => ({ value: profileId, label: name }))}
                value={profile.profileId}
                onChange={(event) => setChosen(event.currentTarget.value)}
              />
            )}
            <div className="tb-actions">
              {PART_NAMES.map((name) => (
                <Button
                  key={name}
                  variant={part === name ? 'filled' : 'default'}
                  aria-pressed={part === name}
                  onClick={() => setPart(name)}
                >
                  {PARTS[name]}
                </Button>
              ))}
            </div>
          </div>
          {part === 'history' ? (
            <HistoryPart key={profile.profileId} {...{ profile, onExpired }} />
          ) : (
            <MarksPart
              key={`${profile.profileId} ${part}`}
              list={part}
              listName={PARTS[part]}
              {...{ profile, onExpired }}
            />
          )}
        </>
      )}
    </>
  );
}

/** The one that was asked for, else the account’s own. */
function profileOf(profiles: readonly Profile[], profileId: string): Profile | undefined {
  return (
    profiles.find((profile) => profile.profileId === profileId) ??
    profiles.find(({ isDefault }) => isDefault) ??
    profiles[0]
  );
}
