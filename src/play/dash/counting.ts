import { LRUCache } from 'lru-cache';
import type { Counting, CountOn } from './as-hls.ts';

type Seen = Counting & { starts: readonly number[]; periods: readonly string[] };

const MAX_TRACKS = 500;
/** Over all tracks: with a start and a period of eight bytes each, 4 MiB at most. A live list has some hundred. */
const MAX_SEGMENTS = 250_000;

/**
 * Numbers live playlists on: a segment keeps its number however often the list is asked for, though the manifest has
 * none. Kept in memory; who comes to another instance sees a number derived from the time, near the same.
 */
export function createCounter(): (track: string) => CountOn {
  const seen = new LRUCache<string, Seen>({
    max: MAX_TRACKS,
    maxSize: MAX_SEGMENTS,
    sizeCalculation: ({ starts }) => starts.length + 1,
    ttl: 3_600_000,
  });
  return (track) => (starts, periods) => {
    const counting = countedOn(seen.get(track), starts, periods);
    seen.set(track, { ...counting, starts, periods });
    return counting;
  };
}

function countedOn(
  before: Seen | undefined,
  starts: readonly number[],
  periods: readonly string[],
): Counting {
  const [first = 0] = starts;
  if (before === undefined) {
    const each = starts.length > 1 ? ((starts.at(-1) ?? first) - first) / (starts.length - 1) : 1000;
    return { sequence: Math.max(0, Math.round(first / Math.max(1, each))), breaks: 0 };
  }
  const at = before.starts.indexOf(first);
  const gone = at < 0 ? before.starts.length : at;
  // A break stands between two periods; those that left the list with their segments count on.
  const left = new Set(before.periods.slice(0, gone));
  left.delete(periods[0] ?? '');
  return { sequence: before.sequence + gone, breaks: before.breaks + left.size };
}
