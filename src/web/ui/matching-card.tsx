import { useActing } from './acting.ts';
import { EnrichmentSwitch } from './enrichment-switch.tsx';
import { count, duration, plural } from './format.ts';
import type { Polled } from './polling.ts';
import { ProgressCard } from './progress-card.tsx';
import { etaOf, useRate } from './rate.ts';
import type { ScanProgress } from './scan-api.ts';
import { hrefOf } from './views.ts';

/** The server counts no further. */
const MOST_COUNTED = 100_000;

type MatchingCardProps = { progress: Polled<ScanProgress>; onExpired(): void };

/** How far the files are that wait to be matched with their titles. Shown while there are some, or were today. */
export function MatchingCard({ progress, onExpired }: MatchingCardProps) {
  const { data, updatedAt, reload } = progress;
  const done = data === null ? null : doneOf(data);
  const rate = useRate(data?.isMatching === true ? done : null, updatedAt);
  const acting = useActing(onExpired);
  if (data === null || done === null || (data.matching.waiting === 0 && done === 0)) return null;
  const { waiting, flagged } = data.matching;
  return (
    <ProgressCard
      id="matching-title"
      title="Matching with titles"
      figures={figuresOf(data, rate)}
      share={waiting === 0 ? null : done / (done + waiting)}
      failure={acting.failure}
      actions={<EnrichmentSwitch isOn={data.isMatching} acting={acting} onChanged={reload} />}
    >
      <p className="tb-quiet">
        {flagged === 0 ? (
          'What is not sure enough waits under Review, and is not shown before you said what it is.'
        ) : (
          <>
            {plural(flagged, 'file is', 'files are')} not sure enough:{' '}
            <a href={hrefOf('review')}>say what they are</a>.
          </>
        )}
      </p>
    </ProgressCard>
  );
}

function doneOf({ matching: { matched, flagged, unmatched, failed } }: ScanProgress): number {
  return matched + flagged + unmatched + failed;
}

function figuresOf({ isMatching, matching }: ScanProgress, rate: number | null) {
  const { waiting, matched, flagged, unmatched, failed } = matching;
  const eta = etaOf(waiting, rate);
  return [
    ['Waiting', waiting >= MOST_COUNTED ? `${count(MOST_COUNTED)}+` : count(waiting)],
    ['Rate', isMatching ? perSecond(rate, waiting) : 'paused'],
    ['Done in', waiting === 0 ? 'done' : eta === null || !isMatching ? '–' : duration(eta)],
    ['Matched', count(matched)],
    ['For review', count(flagged)],
    ['Not known', count(unmatched)],
    ...(failed === 0 ? [] : [['Failed, tried again later', count(failed)] as const]),
  ] as const;
}

function perSecond(rate: number | null, waiting: number): string {
  return rate === null || waiting === 0 ? '–' : `${count(rate)} a second`;
}
