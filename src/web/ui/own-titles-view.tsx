import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './form.css';
import './history.css';
import './own-titles.css';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { useFields } from './fields.ts';
import { ForAccount } from './for-account.tsx';
import { AddIcon } from './icons.tsx';
import { NextPage } from './next-page.tsx';
import { addOwnTitle, fetchOwnTitles } from './own-title-api.ts';
import { OwnTitleRow } from './own-title-row.tsx';
import { usePaged } from './paging.ts';
import { PolledState } from './polled-state.tsx';
import { TestAnswer } from './test-answer.tsx';

/** Titles somebody adds for themselves, and what they can be watched by. */
export function OwnTitlesView() {
  return (
    <section className="tb-section tb-view" aria-labelledby="own-titles-title">
      <div className="tb-section-head">
        <h1 id="own-titles-title">Titles of your own</h1>
      </div>
      <ForAccount what="Titles of one’s own">{(onExpired) => <Titles onExpired={onExpired} />}</ForAccount>
    </section>
  );
}

function Titles({ onExpired }: { onExpired(): void }) {
  const titles = usePaged(fetchOwnTitles);
  const [isAdding, setIsAdding] = useState(false);
  return (
    <>
      <p className="tb-quiet tb-own-about">
        Home videos, a lecture, what no catalogue has: only your own profiles see it. In a player it opens by
        its link below, once your install is there.
      </p>
      {isAdding ? (
        <TitleForm
          onDone={() => {
            setIsAdding(false);
            titles.reload();
          }}
          onClose={() => setIsAdding(false)}
          onExpired={onExpired}
        />
      ) : (
        <div className="tb-actions tb-own-add">
          <Button leftSection={<AddIcon size={16} />} onClick={() => setIsAdding(true)}>
            Add a title
          </Button>
        </div>
      )}
      <PolledState
        isLoaded={titles.items !== null}
        failed="Your titles could not be loaded"
        height={240}
        error={titles.error}
        onExpired={onExpired}
      />
      {titles.items?.length === 0 && !titles.hasMore && (
        <p className="tb-quiet">You have none yet. Add one, then paste a link to what it is watched by.</p>
      )}
      {titles.items !== null && titles.items.length > 0 && (
        <ul className="tb-rows" aria-label="Titles of your own">
          {titles.items.map((title) => (
            <OwnTitleRow
              key={title.id}
              {...{ title, onExpired }}
              onRemoved={() => titles.drop(({ id }) => id === title.id)}
            />
          ))}
        </ul>
      )}
      <NextPage of={titles} />
    </>
  );
}

type TitleFormProps = { onDone(): void; onClose(): void; onExpired(): void };

const KINDS = [
  { value: 'movie', label: 'A film or video' },
  { value: 'series', label: 'A series' },
];

function TitleForm({ onDone, onClose, onExpired }: TitleFormProps) {
  const { fields, bind } = useFields({ title: '', kind: 'movie', year: '', overview: '', episodes: '1' });
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const isSeries = fields.kind === 'series';
    const overview = fields.overview.trim();
    const title = {
      ...{ kind: isSeries ? ('series' as const) : ('movie' as const), title: fields.title.trim() },
      ...(fields.year === '' ? {} : { year: Number(fields.year) }),
      ...(overview === '' ? {} : { overview }),
      ...(isSeries ? { seasons: [{ number: 1, episodes: numbered(Number(fields.episodes)) }] } : {}),
    };
    if (await act((signal) => addOwnTitle(title, signal))) onDone();
  }
  return (
    <form className="tb-form" aria-label="A title of your own" onSubmit={(event) => void submit(event)}>
      <TextInput label="What it is called" maxLength={500} required withAsterisk={false} {...bind('title')} />
      <NativeSelect label="What it is" data={KINDS} {...bind('kind')} />
      <TextInput label="Year, if you like" type="number" min={1850} max={2200} {...bind('year')} />
      {fields.kind === 'series' && (
        <TextInput label="Episodes of season 1" type="number" min={1} max={500} {...bind('episodes')} />
      )}
      <TextInput label="What it is about, if you like" maxLength={2000} {...bind('overview')} />
      <TestAnswer tested={null} failure={failure} />
      <div className="tb-actions">
        <Button type="submit" loading={isActing} disabled={fields.title.trim() === ''}>
          Add it
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

function numbered(count: number): { number: number }[] {
  return Array.from({ length: Math.min(500, Math.max(1, Math.floor(count) || 1)) }, (_, index) => ({
    number: index + 1,
  }));
}
