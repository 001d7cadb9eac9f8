import { useState } from 'react';
import { useActing } from './acting.ts';
import type { Tested } from './api.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { changeFinder, type Finder, removeFinder, testFinder } from './finder-api.ts';
import { FinderForm } from './finder-form.tsx';
import { count, duration, plural, timeOfDay } from './format.ts';
import { Row } from './row.tsx';
import { RowButton, RowButtons } from './row-button.tsx';
import { Swatched } from './swatched.tsx';
import { TestAnswer } from './test-answer.tsx';

const KIND_NAMES = { torznab: 'Torznab', newznab: 'Newznab', rss: 'RSS feed' } as const;

type FinderRowProps = {
  finder: Finder;
  /** Its colour in the plots; undefined: it is in none. */
  color: string | undefined;
  onChanged(): void;
  onExpired(): void;
};

/** One finder: how it does, what it brought, and the owner's hand on it. */
export function FinderRow({ finder, color, onChanged, onExpired }: FinderRowProps) {
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  const [tested, setTested] = useState<Tested | null>(null);
  const testing = useActing(onExpired);
  const switching = useActing(onExpired);
  const { finderId, name, state, lastError } = finder;
  const isFailing = state === 'approved' && lastError !== null;

  async function test() {
    setTested(null);
    await testing.act(async (signal) => setTested(await testFinder(finderId, signal)));
  }
  async function turn(to: Finder['state']) {
    if (await switching.act((signal) => changeFinder(finderId, { state: to }, signal))) onChanged();
  }

  return (
    <Row
      className="tb-finder"
      name={<Swatched name={name} color={color} />}
      facts={factsOf(finder)}
      reasons={reasonsOf(finder)}
      status={state}
      tone={isFailing ? 'bad' : 'quiet'}
      badge={badgeOf(finder)}
      figures={[
        ['Asked', count(finder.asked)],
        ['Releases', count(finder.found)],
        ['Failed', count(finder.failures)],
      ]}
    >
      <RowButtons>
        <RowButton word="Test" of={name} loading={testing.isActing} onClick={() => void test()} />
        <RowButton
          word={TURNS[state]}
          of={name}
          variant={state === 'pending' ? 'filled' : 'default'}
          loading={switching.isActing}
          onClick={() => void turn(state === 'approved' ? 'rejected' : 'approved')}
        />
        <RowButton
          word="Edit"
          of={name}
          isOpen={open === 'edit'}
          onClick={() => setOpen(open === 'edit' ? null : 'edit')}
        />
        <RowButton word="Remove" of={name} onClick={() => setOpen('remove')} />
      </RowButtons>
      <TestAnswer tested={tested} failure={testing.failure ?? switching.failure} />
      {open === 'edit' && (
        <FinderForm
          finder={finder}
          onDone={() => {
            setOpen(null);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        />
      )}
      {open === 'remove' && (
        <ConfirmDialog
          title="Remove this finder?"
          action="Remove it"
          color="red"
          onConfirm={async () => {
            await removeFinder(finderId, new AbortController().signal);
            onChanged();
          }}
          onClose={() => setOpen(null)}
          onExpired={onExpired}
        >
          <b>{name}</b> is not asked any more, and its address and key are forgotten. What it found stays.
        </ConfirmDialog>
      )}
    </Row>
  );
}

/** What the button does in each state. */
const TURNS = { pending: 'Approve', approved: 'Turn off', rejected: 'Turn on' } as const;

function badgeOf({ state, restUntil, lastError }: Finder) {
  if (state === 'pending') return { word: 'Waits for approval', color: 'orange' };
  if (state === 'rejected') return { word: 'Off', color: 'gray' };
  const restMs = restUntil === null ? 0 : Date.parse(restUntil) - Date.now();
  if (restMs > 0) return { word: `Resting until ${timeOfDay(Date.now() + restMs)}`, color: 'orange' };
  return lastError === null ? { word: 'On', color: 'teal' } : { word: 'Failing', color: 'red' };
}

/** Why it fails, or what its last failure was where it has answered since. */
function reasonsOf({ lastError, lastFailure }: Finder): string[] {
  if (lastError !== null) return [`The last time: ${lastError}`];
  if (lastFailure === null) return [];
  return [`Failed ${duration(Date.now() - Date.parse(lastFailure.at))} ago: ${lastFailure.error}`];
}

function factsOf(finder: Finder): string[] {
  const { kind, host, hasKey, categories, patterns, lastAskedAt, nextPollAt, state } = finder;
  const now = Date.now();
  const next = nextPollAt === null || state !== 'approved' ? null : Date.parse(nextPollAt) - now;
  return [
    KIND_NAMES[kind],
    host,
    ...(hasKey ? ['with a key'] : []),
    ...(categories.length > 0 ? [plural(categories.length, 'category', 'categories')] : []),
    ...(kind === 'rss'
      ? [patterns.length === 0 ? 'takes all' : plural(patterns.length, 'pattern', 'patterns')]
      : []),
    lastAskedAt === null ? 'never asked' : `asked ${duration(now - Date.parse(lastAskedAt))} ago`,
    ...(next === null ? [] : [next < 1000 ? 'read again soon' : `read again in ${duration(next)}`]),
  ];
}
