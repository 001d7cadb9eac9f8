import { lazy, useState } from 'react';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { type Profile, removeProfile } from './family-api.ts';
import { plural } from './format.ts';
import { InstallsPart } from './installs-part.tsx';
import { KidTitles } from './kid-titles.tsx';
import { LazyPart } from './lazy-part.tsx';
import { ProfileForm } from './profile-form.tsx';
import { ProfileTimes } from './profile-times.tsx';
import { Row } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';

const ProfileStreams = lazy(async () => ({
  default: (await import('./profile-streams.tsx')).ProfileStreams,
}));

type ProfileRowProps = {
  profile: Profile;
  profiles: readonly Profile[];
  onChanged(): void;
  onExpired(): void;
};

const PARTS = {
  titles: 'Titles',
  times: 'Times',
  installs: 'Installs',
  streams: 'Streams',
  change: 'Change',
};
type Part = keyof typeof PARTS;
const PARTS_OF = {
  kid: ['titles', 'times', 'installs', 'streams', 'change'],
  standard: ['installs', 'streams', 'change'],
} as const;

/** Somebody who watches: what they may see, when, where and how. One part is open at a time. */
export function ProfileRow({ profile, profiles, onChanged, onExpired }: ProfileRowProps) {
  const [open, setOpen] = useState<Part | 'remove' | null>(null);
  const { name, kind } = profile;
  return (
    <Row
      className="tb-profile"
      name={name}
      facts={factsOf(profile)}
      reasons={reasonsOf(profile)}
      status={kind}
      tone="quiet"
      badge={kind === 'kid' ? { word: 'Kid', color: 'orange' } : { word: 'Grown-up', color: 'teal' }}
      figures={[]}
    >
      <RowButtons>
        {PARTS_OF[kind].map((part) => (
          <RowButton
            key={part}
            word={PARTS[part]}
            of={name}
            isOpen={open === part}
            onClick={() => setOpen(open === part ? null : part)}
          />
        ))}
        <RowButton word="Remove" of={name} onClick={() => setOpen('remove')} />
      </RowButtons>
      {open === 'remove' ? (
        <ConfirmDialog
          title="Remove this profile?"
          action="Remove it"
          color="red"
          onConfirm={async () => {
            await removeProfile(profile.profileId, new AbortController().signal);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        >
          What is allowed to <b>{name}</b>, and every install of theirs, is gone at once.
        </ConfirmDialog>
      ) : (
        <OpenPart
          {...{ profile, profiles, onChanged, onExpired }}
          part={open}
          onClose={() => setOpen(null)}
        />
      )}
    </Row>
  );
}

type OpenPartProps = ProfileRowProps & { part: Part | null; onClose(): void };

function OpenPart({ part, profile, profiles, onChanged, onClose, onExpired }: OpenPartProps) {
  function done() {
    onClose();
    onChanged();
  }
  if (part === null) return null;
  if (part === 'change')
    return <ProfileForm kind={profile.kind} {...{ profile, onClose, onExpired }} onDone={done} />;
  if (part === 'times') return <ProfileTimes {...{ profile, onExpired }} onDone={done} />;
  return (
    <div className="tb-profile-part">
      {part === 'titles' && <KidTitles {...{ profile, onChanged, onExpired }} />}
      {part === 'installs' && <InstallsPart {...{ profile, profiles, onExpired }} />}
      {part === 'streams' && (
        <LazyPart>
          <ProfileStreams {...{ profile, onChanged, onExpired }} />
        </LazyPart>
      )}
    </div>
  );
}

function factsOf(profile: Profile): string[] {
  const { kind, age, mode, maxAge, allowed, denied, dailyMinutes, minutesWatched } = profile;
  const ageFacts = age === null ? [] : [plural(age, 'year', 'years')];
  if (kind === 'standard') return [...ageFacts, mode === 'all' ? 'sees everything' : 'sees a part'];
  return [
    ...ageFacts,
    mode === 'age' ? `up to ${maxAge ?? 0}, and exceptions` : 'only what you allow',
    `${plural(allowed, 'title', 'titles')} allowed`,
    ...(denied === 0 ? [] : [`${denied} denied`]),
    ...(dailyMinutes === null ? [] : [`${minutesWatched} of ${dailyMinutes} min used today`]),
    ...(profile.hours === null ? [] : ['at certain times']),
  ];
}

function reasonsOf({ kind, mode, allowed }: Profile): string[] {
  const isEmpty = kind === 'kid' && mode === 'allow' && allowed === 0;
  return isEmpty ? ['They see nothing until you allow something: Titles.'] : [];
}
