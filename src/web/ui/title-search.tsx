import { Button, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { type Choosable, searchTitles } from './family-search.ts';
import { TestAnswer } from './test-answer.tsx';

type TitleSearchProps = {
  /** Of the form, for who does not see it. */
  label: string;
  onFound(titles: Choosable[]): void;
  onExpired(): void;
};

/** Films and series of the catalogue by their names. */
export function TitleSearch({ label, onFound, onExpired }: TitleSearchProps) {
  const [words, setWords] = useState('');
  const { isActing, failure, act } = useActing(onExpired);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    await act(async (signal) => onFound(await searchTitles(words.trim(), signal)));
  }
  return (
    <form className="tb-search" aria-label={label} onSubmit={(event) => void submit(event)}>
      <TextInput
        type="search"
        aria-label="Films and series"
        placeholder="Films and series"
        maxLength={200}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <Button type="submit" loading={isActing} disabled={words.trim() === ''}>
        Search
      </Button>
      <TestAnswer tested={null} failure={failure} />
    </form>
  );
}
