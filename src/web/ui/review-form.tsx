import { Button, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import type { Acting } from './acting.ts';
import { outsideId } from './outside-id.ts';
import type { Correction, WaitingTitle } from './review-api.ts';

type ReviewFormProps = {
  title: WaitingTitle;
  acting: Acting;
  onSend(body: Correction): void;
  onClose(): void;
};

/** A person says which title it is: by an id, or by its name and year. */
export function ReviewForm({ title, acting, onSend, onClose }: ReviewFormProps) {
  const [draft, setDraft] = useState({
    id: '',
    title: title.title,
    year: title.year === null ? '' : String(title.year),
  });
  const [fault, setFault] = useState<string | null>(null);
  const edit = (field: keyof typeof draft) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setDraft((before) => ({ ...before, [field]: value }));
  };

  function submit(event: SubmitEvent) {
    event.preventDefault();
    const body = correctionOf(title, draft);
    setFault(typeof body === 'string' ? body : null);
    if (typeof body !== 'string') onSend(body);
  }

  return (
    <form className="tb-review-form" onSubmit={submit}>
      <TextInput
        label="Its id, or the address of its page"
        placeholder="tt0133093, tmdb:603, https://www.imdb.com/title/tt0133093"
        value={draft.id}
        onChange={edit('id')}
        error={fault}
        data-autofocus
        autoFocus
        spellCheck={false}
      />
      <TextInput label="Name" value={draft.title} onChange={edit('title')} />
      <TextInput label="Year" value={draft.year} onChange={edit('year')} inputMode="numeric" maxLength={4} />
      <div className="tb-actions">
        <Button type="submit" loading={acting.isActing}>
          Correct it
        </Button>
        <Button variant="default" onClick={onClose}>
          Leave it
        </Button>
      </div>
    </form>
  );
}

/** What was changed; a sentence where it cannot be read. Ids it had were of another title, and go. */
function correctionOf(
  { ids, title, year }: WaitingTitle,
  draft: { id: string; title: string; year: string },
): Correction | string {
  const id = draft.id.trim() === '' ? null : outsideId(draft.id);
  if (draft.id.trim() !== '' && id === null)
    return 'Give an id such as tt0133093 or tmdb:603, or the address of a page of IMDb, TMDB, Kitsu, AniList, MyAnimeList or TVmaze.';
  const body: Correction = {};
  if (id !== null) {
    const gone = ids.filter(({ provider }) => provider !== 'xmltv').map(({ provider }) => [provider, null]);
    body.ids = { ...Object.fromEntries(gone), [id.provider]: id.value };
  }
  const name = draft.title.trim();
  if (name !== '' && name !== title) body.title = name;
  if (/^\d{4}$/.test(draft.year.trim()) && Number(draft.year) !== year) body.year = Number(draft.year);
  return Object.keys(body).length === 0
    ? 'Nothing is changed yet: give an id, another name or another year.'
    : body;
}
