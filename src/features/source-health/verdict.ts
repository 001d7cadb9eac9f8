import type { SourceState, Verdict, Voices } from './queries/health.ts';

/** Answered within this a source is online; viewers do not wait longer for a film to begin. */
export const SOON_MS = 1500;
/** Of one provider it takes more than one client to say that a source is away, and of our own probes more than one in a row. */
const MIN_WITNESSES = 2;
const SCAN_FAILURE_COSTS = 10;

type Word = 'soon' | 'slow' | 'down';

/**
 * What follows from all that is said of a source (docs/decisions/0033): 100 × the mean over providers of the share that reached it,
 * less 10 for each failed scan in a row; nothing said → 100. It rests below `disableBelow` while our own last look failed too.
 */
export function verdictOf(voices: Voices, disableBelow: number): Verdict {
  const { shares, sourceId, scanFailures, probeFailures } = voices;
  const mean = shares.length === 0 ? 1 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const score = Math.min(100, Math.max(0, 100 * mean - SCAN_FAILURE_COSTS * scanFailures));
  const state = stateOf(voices);
  const hasFailed = probeFailures > 0 || scanFailures > 0 || state === 'globally_offline';
  return {
    sourceId,
    score: Math.round(score * 100) / 100,
    state,
    isDisabled: hasFailed && score < disableBelow,
  };
}

function stateOf(voices: Voices): SourceState {
  const words = [ownWord(voices), ...voices.isps.map(wordOf)].filter((word) => word !== null);
  if (words.length === 0) return 'unknown';
  if (words.every((word) => word === 'down')) return 'globally_offline';
  if (words.includes('down')) return 'isp_outage';
  return words.includes('soon') ? 'online' : 'slow';
}

/** One failure may be a blip: it says nothing until the next. */
function ownWord({ isProbed, probeFailures, answeredMs }: Voices): Word | null {
  if (!isProbed) return null;
  if (probeFailures >= MIN_WITNESSES) return 'down';
  if (probeFailures > 0 || answeredMs === null) return null;
  return answeredMs <= SOON_MS ? 'soon' : 'slow';
}

/** The majority of its last hour. */
function wordOf({ clients, reached, soon }: Voices['isps'][number]): Word | null {
  if (reached * 2 >= clients) return soon > 0 ? 'soon' : 'slow';
  return clients - reached >= MIN_WITNESSES ? 'down' : null;
}
