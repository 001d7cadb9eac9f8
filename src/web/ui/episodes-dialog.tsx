import { Modal, Switch } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useActing } from './acting.ts';
import { blockEpisode } from './family-api.ts';
import { type Choosable, type Episode, fetchEpisodes } from './family-search.ts';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { TestAnswer } from './test-answer.tsx';

type EpisodesDialogProps = {
  profileId: string;
  title: Choosable;
  /** `S1E2` and the like. */
  blocked: readonly string[];
  onChanged(): void;
  onClose(): void;
  onExpired(): void;
};

const hourly = () => 3_600_000;

/** The seasons of a series with a switch for each episode. */
export function EpisodesDialog(props: EpisodesDialogProps) {
  const { title, onClose, onExpired } = props;
  const ask = useCallback((signal: AbortSignal) => fetchEpisodes(title.id, signal), [title.id]);
  const { data: episodes, error } = usePolled(ask, hourly);
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Episodes of ${title.title}`}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <PolledState
        isLoaded={episodes !== null}
        failed="The episodes could not be loaded"
        height={160}
        {...{ error, onExpired }}
      />
      {episodes?.length === 0 && <p className="tb-quiet">No episode of it is known here yet.</p>}
      {episodes !== null && episodes.length > 0 && <Seasons {...props} episodes={episodes} />}
    </Modal>
  );
}

type SeasonsProps = EpisodesDialogProps & { episodes: readonly Episode[] };

function Seasons({ profileId, title, blocked, episodes, onChanged, onExpired }: SeasonsProps) {
  const [own, setOwn] = useState<ReadonlySet<string>>(() => new Set(blocked));
  const { isActing, failure, act } = useActing(onExpired);
  async function toggle(episode: string) {
    const isBlocked = !own.has(episode);
    const rule = { mediaId: title.id, episode, isBlocked };
    if (!(await act((signal) => blockEpisode(profileId, rule, signal)))) return;
    setOwn((before) => {
      const after = new Set(before);
      if (isBlocked) after.add(episode);
      else after.delete(episode);
      return after;
    });
    onChanged();
  }
  const seasons = [...Map.groupBy(episodes, ({ season }) => season)];
  return (
    <>
      <p className="tb-quiet">What is switched off is gone from the series, and does not play.</p>
      <TestAnswer tested={null} failure={failure} />
      {seasons.map(([season, parts], place) => (
        <details key={season} className="tb-season" open={place === 0}>
          <summary>{season === 0 ? 'Specials' : `Season ${season}`}</summary>
          {parts.map(({ episode, title: name }) => {
            const number = `S${season}E${episode}`;
            return (
              <Switch
                key={number}
                label={`${number} ${name}`}
                checked={!own.has(number)}
                disabled={isActing}
                onChange={() => void toggle(number)}
              />
            );
          })}
        </details>
      ))}
    </>
  );
}
