import { count, duration, plural } from './format.ts';
import { Row } from './row.tsx';
import type { Tracker } from './tracker-api.ts';

const STATUS_WORDS = {
  working: { word: 'Working', color: 'teal' },
  failing: { word: 'Failing', color: 'red' },
  unknown: { word: 'Not checked', color: 'gray' },
} as const;
const TONES = { working: undefined, failing: 'bad', unknown: 'quiet' } as const;
const LIST_WORDS: Readonly<Record<string, string>> = {
  builtin: 'built-in list',
  remote: 'list from elsewhere',
};

type TrackerRowProps = { tracker: Tracker; checks: readonly (number | null)[] | undefined };

/** One tracker: how it does now, and each half hour of the last day as a bar. */
export function TrackerRow({ tracker, checks }: TrackerRowProps) {
  const { url, status, reason, lists } = tracker;
  return (
    <Row
      className="tb-tracker"
      name={url}
      facts={[...whenOf(tracker), ...lists.map((list) => LIST_WORDS[list] ?? list)]}
      reasons={reason === null ? [] : [reason]}
      status={status}
      tone={TONES[status]}
      badge={STATUS_WORDS[status]}
      figures={[
        ['Answered', rateOf(tracker)],
        ['Latency', tracker.latencyMs === null ? '–' : `${count(tracker.latencyMs)} ms`],
      ]}
    >
      <DayStrip checks={checks ?? []} />
    </Row>
  );
}

function whenOf({ successes, failures, lastCheckAt, nextCheckAt }: Tracker): string[] {
  const now = Date.now();
  const next = Date.parse(nextCheckAt) - now;
  return [
    lastCheckAt === null ? 'never checked' : `checked ${duration(now - Date.parse(lastCheckAt))} ago`,
    next < 1000 ? 'next check soon' : `next in ${duration(next)}`,
    ...(successes + failures > 0 ? [plural(successes + failures, 'check', 'checks')] : []),
  ];
}

function rateOf({ successRate }: Tracker): string {
  return successRate === null ? '–' : `${Math.floor(successRate * 1000) / 10} %`;
}

const [SLOTS, STEP, HEIGHT] = [48, 5, 22];

/** An own drawing of two shapes: a hundred rows of 48 elements each are slow on a phone. */
function DayStrip({ checks }: { checks: readonly (number | null)[] }) {
  const parts = { good: '', bad: '', none: '' };
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const share = checks[slot] ?? null;
    const x = slot * STEP;
    const top = share === null ? HEIGHT : Math.round((1 - share) * HEIGHT);
    if (share === null) parts.none += `M${x} ${HEIGHT - 3}h3.6v3h-3.6z`;
    else if (top > 0) parts.bad += `M${x} 0h3.6v${top}h-3.6z`;
    if (top < HEIGHT) parts.good += `M${x} ${top}h3.6v${HEIGHT - top}h-3.6z`;
  }
  return (
    <svg
      className="tb-strip"
      viewBox={`0 0 ${SLOTS * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={spoken(checks)}
    >
      <path className="tb-strip-none" d={parts.none} />
      <path className="tb-strip-bad" d={parts.bad} />
      <path className="tb-strip-good" d={parts.good} />
    </svg>
  );
}

function spoken(checks: readonly (number | null)[]): string {
  const known = checks.filter((share) => share !== null);
  if (known.length === 0) return 'Not checked in the last day';
  const good = known.filter((share) => share === 1).length;
  return `Answered everything in ${good} of ${known.length} half hours of the last day`;
}
