import './poster-row.css';
import { Button } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useActing } from './acting.ts';
import { type Entry, fetchHistory, forgetEntry, forgetHistory } from './activity-api.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import type { Profile } from './family-api.ts';
import { ago } from './format.ts';
import { NextPage } from './next-page.tsx';
import { usePaged } from './paging.ts';
import { PolledState } from './polled-state.tsx';
import { Poster } from './poster.tsx';
import { TestAnswer } from './test-answer.tsx';

type HistoryPartProps = { profile: Profile; onExpired(): void };

/** One row a play, the newest first. */
export function HistoryPart({ profile, onExpired }: HistoryPartProps) {
  const { profileId, name } = profile;
  const ask = useCallback(
    (cursor: string | null, signal: AbortSignal) => fetchHistory(profileId, cursor, signal),
    [profileId],
  );
  const entries = usePaged(ask);
  const [isClearing, setIsClearing] = useState(false);
  const { failure, act } = useActing(onExpired);
  async function forget({ entryId }: Entry) {
    if (await act((signal) => forgetEntry(profileId, entryId, signal)))
      entries.drop((entry) => entry.entryId === entryId);
  }
  return (
    <>
      <PolledState
        isLoaded={entries.items !== null}
        failed="The history could not be loaded"
        height={240}
        error={entries.error}
        onExpired={onExpired}
      />
      <TestAnswer tested={null} failure={failure} />
      {entries.items?.length === 0 && !entries.hasMore && (
        <p className="tb-quiet">
          {name} has watched nothing yet. What is played by an install or a device of theirs stands here.
        </p>
      )}
      {entries.items !== null && entries.items.length > 0 && (
        <>
          <div className="tb-actions tb-history-clear">
            <Button size="xs" variant="default" onClick={() => setIsClearing(true)}>
              Clear all
            </Button>
          </div>
          <ul className="tb-rows" aria-label={`Watched by ${name}`}>
            {entries.items.map((entry) => (
              <EntryRow key={entry.entryId} entry={entry} onForget={() => void forget(entry)} />
            ))}
          </ul>
        </>
      )}
      <NextPage of={entries} />
      {isClearing && (
        <ConfirmDialog
          title="Clear the history?"
          action="Clear it"
          color="red"
          onConfirm={async () => {
            await forgetHistory(profileId, new AbortController().signal);
            entries.reload();
          }}
          onClose={() => setIsClearing(false)}
          onExpired={onExpired}
        >
          Everything <b>{name}</b> watched, and how far, is forgotten. The lists stay.
        </ConfirmDialog>
      )}
    </>
  );
}

function EntryRow({ entry, onForget }: { entry: Entry; onForget(): void }) {
  const { title, playedAt } = entry;
  const name = nameOf(entry);
  const facts = [ago(playedAt), ...progressOf(entry)];
  return (
    <li className="tb-card tb-poster-row">
      <div className="tb-poster">
        <Poster id={title.id} title={title.title} kind={title.kind} src={title.posterUrl} />
      </div>
      <div>
        <h3>{name}</h3>
        <p className="tb-quiet">{facts.join(' · ')}</p>
      </div>
      <div className="tb-actions">
        <Button size="xs" variant="default" aria-label={`Remove ${name}, ${facts[0]}`} onClick={onForget}>
          Remove
        </Button>
      </div>
    </li>
  );
}

function nameOf({ title: { title, year }, season, episode, episodeTitle }: Entry): string {
  const part = season === null || episode === null ? '' : `, S${season}E${episode}`;
  const said = episodeTitle === null ? '' : ` ${episodeTitle}`;
  return `${title}${year === null ? '' : ` (${year})`}${part}${said}`;
}

function progressOf({ isCompleted, progressPercent }: Entry): string[] {
  if (isCompleted) return ['to the end'];
  return progressPercent === null ? [] : [`${Math.round(progressPercent)} %`];
}
