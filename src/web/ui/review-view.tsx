import './settings-mantine.css';
import './settings.css';
import './dialog.css';
import './row.css';
import './review.css';
import { Badge, Button, EmptyState } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { AdminOnly } from './admin-only.tsx';
import { EnrichmentCard } from './enrichment-card.tsx';
import { count } from './format.ts';
import { QuestionIcon } from './icons.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { fetchReview, type Reason, type Review } from './review-api.ts';
import { ReviewCard } from './review-card.tsx';

const FAILED = 'The titles that wait could not be loaded';
const pace = () => 30_000;
/** The server counts no further. */
const MOST_COUNTED = 1000;

const REASONS: readonly { reason: Reason | null; name: string; empty: string }[] = [
  {
    reason: null,
    name: 'All',
    empty:
      'Titles whose name or ids leave a doubt show here, with what was found of them, for you to say which it is.',
  },
  { reason: 'match', name: 'Found by name', empty: 'No title was found by a name that is not alike enough.' },
  { reason: 'ids', name: 'Ids contradict', empty: 'No ids contradict what is stored.' },
  {
    reason: 'unknown',
    name: 'Nothing found',
    empty: 'Of every title that was asked about something is known.',
  },
];

/** Titles that wait for a person, and what may be said of each. */
export function ReviewView() {
  return (
    <AdminOnly id="review-title" title="Review" failed={FAILED}>
      {(onExpired) => <Queue onExpired={onExpired} />}
    </AdminOnly>
  );
}

function Queue({ onExpired }: { onExpired(): void }) {
  const [reason, setReason] = useState<Reason | null>(null);
  /** Of the pages up to the one that is shown; the first has none. */
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1) ?? null;
  const fetchPage = useCallback(
    (signal: AbortSignal) => fetchReview({ reason, cursor }, signal),
    [reason, cursor],
  );
  const { data, error, reload } = usePolled(fetchPage, pace);
  const isPastTheEnd = data !== null && data.titles.length === 0 && cursor !== null;

  useEffect(() => {
    if (isPastTheEnd) setCursors([]);
  }, [isPastTheEnd]);

  function choose(next: Reason | null) {
    setReason(next);
    setCursors([]);
  }

  function turn(next: readonly string[]) {
    setCursors(next);
    document.getElementById('review-title')?.scrollIntoView();
  }

  return (
    <section className="tb-section tb-view" aria-labelledby="review-title">
      <div className="tb-section-head">
        <h1 id="review-title">Review</h1>
        {data !== null && <WaitingBadge counts={data.counts} />}
      </div>
      <EnrichmentCard onExpired={onExpired} />
      {data !== null && <Filters chosen={reason} counts={data.counts} onChoose={choose} />}
      <PolledState isLoaded={data !== null} failed={FAILED} height={420} {...{ error, onExpired }} />
      {data !== null && <Cards titles={data.titles} onDecided={reload} onExpired={onExpired} />}
      {data !== null && data.titles.length === 0 && !isPastTheEnd && <Nothing reason={reason} />}
      {data !== null && (cursor !== null || data.nextCursor !== null) && (
        <div className="tb-review-pages">
          <Button variant="default" disabled={cursor === null} onClick={() => turn(cursors.slice(0, -1))}>
            Newer
          </Button>
          <Button
            variant="default"
            disabled={data.nextCursor === null}
            onClick={() => data.nextCursor !== null && turn([...cursors, data.nextCursor])}
          >
            Older
          </Button>
        </div>
      )}
    </section>
  );
}

/** The cards, and who has the keyboard after one of them is decided and goes. */
function Cards({
  titles,
  onDecided,
  onExpired,
}: Pick<Review, 'titles'> & { onDecided(): void; onExpired(): void }) {
  const [decided, setDecided] = useState<ReadonlySet<string>>(new Set());
  const [said, setSaid] = useState('');
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new answer knows what was decided
  useEffect(() => setDecided(new Set()), [titles]);
  const shown = titles.filter(({ id }) => !decided.has(id));

  function settle(id: string, words: string) {
    const place = shown.findIndex((title) => title.id === id);
    const next = shown[place + 1] ?? shown[place - 1];
    setDecided(new Set([...decided, id]));
    setSaid(words);
    const heading = next && list.current?.querySelector<HTMLElement>(`[data-title="${next.id}"] h2`);
    (heading ?? document.getElementById('main'))?.focus();
    onDecided();
  }

  return (
    <>
      <p className="tb-review-said" role="status">
        {said}
      </p>
      <ul className="tb-review" ref={list} aria-label="Titles that wait">
        {shown.map((title) => (
          <ReviewCard
            key={title.id}
            title={title}
            onDecided={(words) => settle(title.id, words)}
            onExpired={onExpired}
          />
        ))}
      </ul>
    </>
  );
}

type FiltersProps = { chosen: Reason | null; onChoose(reason: Reason | null): void } & Pick<Review, 'counts'>;

function Filters({ chosen, counts, onChoose }: FiltersProps) {
  return (
    <fieldset className="tb-review-filters">
      <legend>Why they wait</legend>
      {REASONS.map(({ reason, name }) => (
        <Button
          key={name}
          size="compact-sm"
          variant={reason === chosen ? 'filled' : 'default'}
          aria-pressed={reason === chosen}
          onClick={() => onChoose(reason)}
        >
          {name}
          {reason !== null && <span className="tb-review-count">{upTo(counts[reason])}</span>}
        </Button>
      ))}
    </fieldset>
  );
}

function WaitingBadge({ counts: { match, ids, unknown } }: Pick<Review, 'counts'>) {
  const isDone = match + ids + unknown === 0;
  return (
    <Badge color={isDone ? 'teal' : 'orange'} variant="light" size="lg" tt="none">
      {isDone ? 'Nothing to decide' : 'Waiting for you'}
    </Badge>
  );
}

function upTo(amount: number): string {
  return amount >= MOST_COUNTED ? `${count(MOST_COUNTED)}+` : count(amount);
}

function Nothing({ reason }: { reason: Reason | null }) {
  return (
    <EmptyState
      className="tb-notice"
      icon={<QuestionIcon size={30} />}
      title="Nothing waits for you"
      description={REASONS.find((entry) => entry.reason === reason)?.empty}
    />
  );
}
