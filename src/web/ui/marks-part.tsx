import { Button } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useActing } from './acting.ts';
import { fetchList, type ListName, type Mark, putIntoList, takeFromList } from './activity-api.ts';
import type { Profile } from './family-api.ts';
import type { Choosable } from './family-search.ts';
import { NextPage } from './next-page.tsx';
import { usePaged } from './paging.ts';
import { PolledState } from './polled-state.tsx';
import { Poster } from './poster.tsx';
import { TestAnswer } from './test-answer.tsx';
import { TitleSearch } from './title-search.tsx';

type MarksPartProps = { profile: Profile; list: ListName; listName: string; onExpired(): void };

/** The titles of one list as posters; others are found by name and put in. */
export function MarksPart({ profile, list, listName, onExpired }: MarksPartProps) {
  const { profileId, name } = profile;
  const ask = useCallback(
    (cursor: string | null, signal: AbortSignal) => fetchList(profileId, list, cursor, signal),
    [profileId, list],
  );
  const marks = usePaged(ask);
  const [found, setFound] = useState<Choosable[] | null>(null);
  const { failure, act } = useActing(onExpired);
  async function take({ title: { id } }: Mark) {
    if (await act((signal) => takeFromList(profileId, list, id, signal)))
      marks.drop(({ title }) => title.id === id);
  }
  async function put({ id }: Choosable) {
    if (!(await act((signal) => putIntoList(profileId, list, id, signal)))) return;
    setFound(null);
    marks.reload();
  }
  return (
    <div className="tb-profile-part tb-history-list">
      <TitleSearch label={`Search for ${listName}`} onExpired={onExpired} onFound={setFound} />
      <TestAnswer tested={null} failure={failure} />
      {found !== null && (
        <>
          <h2>{found.length === 0 ? 'Nothing is called that here.' : 'Found'}</h2>
          <ul className="tb-choices" aria-label="Found">
            {found.map((title) => (
              <Listed key={title.id} title={title} word="Add" onClick={() => void put(title)} />
            ))}
          </ul>
        </>
      )}
      <PolledState
        isLoaded={marks.items !== null}
        failed="The list could not be loaded"
        height={240}
        error={marks.error}
        onExpired={onExpired}
      />
      {marks.items?.length === 0 && !marks.hasMore && (
        <p className="tb-quiet">Nothing is in this list of {name} yet. Search above, and add it.</p>
      )}
      {marks.items !== null && marks.items.length > 0 && (
        <>
          <h2>
            {listName} of {name}
          </h2>
          <ul className="tb-choices" aria-label={`${listName} of ${name}`}>
            {marks.items.map((mark) => (
              <Listed key={mark.title.id} title={shown(mark)} word="Remove" onClick={() => void take(mark)} />
            ))}
          </ul>
        </>
      )}
      <NextPage of={marks} />
    </div>
  );
}

function shown({ title: { id, kind, title, year, posterUrl } }: Mark): Choosable {
  return { id, kind, title, facts: year === null ? '' : `${year}`, poster: posterUrl };
}

function Listed({ title, word, onClick }: { title: Choosable; word: string; onClick(): void }) {
  return (
    <li className="tb-title">
      <div className="tb-poster">
        <Poster id={title.id} title={title.title} kind={title.kind} src={title.poster} />
      </div>
      <h3 title={title.title}>{title.title}</h3>
      <p className="tb-facts">{title.facts}</p>
      <div className="tb-title-links">
        <Button
          size="compact-sm"
          variant={word === 'Add' ? 'filled' : 'default'}
          aria-label={`${word} ${title.title}`}
          onClick={onClick}
        >
          {word}
        </Button>
      </div>
    </li>
  );
}
