import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { OrderedList } from './ordered-list.tsx';
import type { Choice } from './preference-api.ts';

type State = 'none' | 'only' | 'prefer' | 'exclude';
const STATES: readonly State[] = ['none', 'only', 'prefer', 'exclude'];
const STATE_WORDS: Record<State, string> = {
  none: 'as it comes',
  only: 'only these',
  prefer: 'preferred',
  exclude: 'hidden',
};

type ChoiceFieldsProps = {
  title: string;
  about?: string;
  /** What there is to choose; null: whatever is typed. */
  words: readonly string[] | null;
  placeholder?: string;
  choice: Choice | undefined;
  /** False: what is not known cannot be chosen about. */
  hasUnknown?: boolean;
  onChange(choice: Choice): void;
};

/** One criterion: each word as it comes, only, preferred or hidden; the preferred ones in order. */
export function ChoiceFields(props: ChoiceFieldsProps) {
  const { title, about, words, choice = {}, hasUnknown = true, onChange } = props;
  const typed = [...new Set([choice.only, choice.prefer, choice.exclude].flatMap((list) => list ?? []))];
  const prefer = choice.prefer ?? [];
  const count = typed.length + Number(choice.unknown === 'hide');
  return (
    <details className="tb-choice">
      <summary>
        <span>{title}</span>
        <span className="tb-quiet">{count === 0 ? 'as it comes' : summaryOf(choice)}</span>
      </summary>
      {about !== undefined && <p className="tb-quiet">{about}</p>}
      <ul className="tb-choice-words">
        {(words ?? typed).map((word) => (
          <li key={word}>
            <NativeSelect
              label={word}
              data={STATES.map((state) => ({ value: state, label: STATE_WORDS[state] }))}
              value={stateOf(choice, word)}
              onChange={(event) => onChange(put(choice, word, event.currentTarget.value as State))}
            />
          </li>
        ))}
      </ul>
      {words === null && <AddWord {...props} onAdd={(word) => onChange(put(choice, word, 'only'))} />}
      {prefer.length > 1 && (
        <OrderedList
          label={`${title}, the best first`}
          items={prefer.map((word) => ({ id: word, name: word }))}
          onChange={(next) => onChange({ ...choice, prefer: next })}
        />
      )}
      {hasUnknown && (
        <NativeSelect
          label="Where it is not known"
          className="tb-choice-unknown"
          data={[
            { value: 'keep', label: 'show it all the same' },
            { value: 'hide', label: 'hide it' },
          ]}
          value={choice.unknown ?? 'keep'}
          onChange={(event) =>
            onChange({ ...choice, unknown: event.currentTarget.value === 'hide' ? 'hide' : undefined })
          }
        />
      )}
    </details>
  );
}

function AddWord({ title, placeholder, onAdd }: ChoiceFieldsProps & { onAdd(word: string): void }) {
  const [word, setWord] = useState('');
  function add() {
    if (word.trim() !== '') onAdd(word.trim());
    setWord('');
  }
  return (
    <div className="tb-choice-add">
      <TextInput
        aria-label={`Add to ${title}`}
        placeholder={placeholder}
        value={word}
        spellCheck={false}
        onChange={(event) => setWord(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          add();
        }}
      />
      <Button variant="default" onClick={add} disabled={word.trim() === ''}>
        Add
      </Button>
    </div>
  );
}

function stateOf(choice: Choice, word: string): State {
  const found = (['only', 'prefer', 'exclude'] as const).find((list) => choice[list]?.includes(word));
  return found ?? 'none';
}

function put(choice: Choice, word: string, state: State): Choice {
  const without = (list: string[] | undefined) => (list ?? []).filter((other) => other !== word);
  const next = {
    ...choice,
    only: without(choice.only),
    prefer: without(choice.prefer),
    exclude: without(choice.exclude),
  };
  return state === 'none' ? next : { ...next, [state]: [...next[state], word] };
}

function summaryOf({ only = [], prefer = [], exclude = [], unknown }: Choice): string {
  return [
    only.length > 0 ? `only ${only.join(', ')}` : null,
    prefer.length > 0 ? `prefers ${prefer.join(', ')}` : null,
    exclude.length > 0 ? `hides ${exclude.join(', ')}` : null,
    unknown === 'hide' ? 'hides unknown' : null,
  ]
    .filter((part) => part !== null)
    .join(' · ');
}
