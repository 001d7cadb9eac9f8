import { useCallback, useState } from 'react';
import { useActing } from './acting.ts';
import { EpisodesDialog } from './episodes-dialog.tsx';
import {
  fetchRules,
  MOST_RULES_SHOWN,
  type Policy,
  type Profile,
  putPolicy,
  type Rule,
} from './family-api.ts';
import type { Choosable } from './family-search.ts';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { TestAnswer } from './test-answer.tsx';
import { TitleChoice } from './title-choice.tsx';
import { TitleSearch } from './title-search.tsx';

type KidTitlesProps = { profile: Profile; onChanged(): void; onExpired(): void };
const pace = () => 60_000;

/** What a kid may see title by title, as posters: search, and one tap. */
export function KidTitles({ profile, onChanged, onExpired }: KidTitlesProps) {
  const { profileId, name } = profile;
  const ask = useCallback((signal: AbortSignal) => fetchRules(profileId, signal), [profileId]);
  const { data: rules, error, reload } = usePolled(ask, pace);
  const [found, setFound] = useState<Choosable[] | null>(null);
  const [opened, setOpened] = useState<Choosable | null>(null);
  const { failure, act } = useActing(onExpired);
  const ruleOf = ({ id }: Choosable) => rules?.find(({ canonicalId }) => canonicalId === id) ?? null;

  async function choose(title: Choosable, policy: Policy) {
    await act((signal) => putPolicy(profileId, title.id, policy, signal));
    reload();
    onChanged();
  }
  const choices = (titles: readonly Choosable[]) =>
    titles.map((title) => (
      <TitleChoice
        key={title.id}
        title={title}
        rule={ruleOf(title)}
        onChoose={(policy) => void choose(title, policy)}
        onEpisodes={() => setOpened(title)}
      />
    ));

  return (
    <>
      <TitleSearch label={`Search for ${name}`} onExpired={onExpired} onFound={setFound} />
      <TestAnswer tested={null} failure={failure} />
      {found !== null && (
        <>
          <h4>{found.length === 0 ? 'Nothing is called that here.' : 'Found'}</h4>
          <ul className="tb-choices" aria-label="Found">
            {choices(found)}
          </ul>
        </>
      )}
      <PolledState
        isLoaded={rules !== null}
        failed="What is allowed could not be loaded"
        height={200}
        {...{ error, onExpired }}
      />
      {rules !== null && (
        <>
          <h4>{rules.length === 0 ? `Nothing is chosen for ${name} yet.` : `Chosen for ${name}`}</h4>
          <ul className="tb-choices" aria-label={`Chosen for ${name}`}>
            {choices(rules.map(titleOf))}
          </ul>
          {rules.length === MOST_RULES_SHOWN && (
            <p className="tb-quiet">The newest {MOST_RULES_SHOWN} are shown; search finds the others.</p>
          )}
        </>
      )}
      {opened !== null && (
        <EpisodesDialog
          {...{ profileId, onExpired }}
          title={opened}
          blocked={ruleOf(opened)?.blockedEpisodes ?? []}
          onChanged={reload}
          onClose={() => setOpened(null)}
        />
      )}
    </>
  );
}

function titleOf({ canonicalId, kind, title, year, posterUrl }: Rule): Choosable {
  return { id: canonicalId, kind, title, facts: year === null ? '' : `${year}`, poster: posterUrl };
}
