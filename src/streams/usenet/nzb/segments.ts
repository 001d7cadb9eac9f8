import type { NzbFile, NzbSegment } from './nzb.ts';

/** 100 GB in the smallest articles anyone posts; a higher number is a slip. */
const MAX_NUMBER = 1_000_000;
/** Of an article whose size the NZB does not tell, where it tells none at all. */
const USUAL_BYTES = 740_000;

/** RFC 5536 §3.1.3, no stricter than servers are: what could end a command or begin another is none. */
export function isMessageId(id: string): boolean {
  return id.length <= 248 && /^[!-;=?-~]+$/.test(id);
}

/**
 * Segments in the order of their numbers, of each number and each id the first; what lacks up to the highest number, or up to
 * what the subject says (`yEnc (1/50)`). Null: more than `room` lack.
 */
export function fileOfSegments(
  subject: string,
  given: readonly NzbSegment[],
  room: number,
): Pick<NzbFile, 'segments' | 'missing'> | null {
  const numbers = new Set<number>();
  const ids = new Set<string>();
  const kept = given.filter(({ number, id }) => {
    if (number > MAX_NUMBER || numbers.has(number) || ids.has(id)) return false;
    numbers.add(number);
    ids.add(id);
    return true;
  });
  kept.sort((a, b) => a.number - b.number);
  const total = Math.max(kept.at(-1)?.number ?? 0, toldBy(subject));
  if (total - kept.length > room) return null;
  const missing: number[] = [];
  if (kept.length > 0 && kept.length < total)
    for (let number = 1; number <= total; number += 1) if (!numbers.has(number)) missing.push(number);
  return { segments: withSizes(kept), missing };
}

function toldBy(subject: string): number {
  const told = Number(/yenc\s*[([]\d{1,7}\/(\d{1,7})[)\]]/i.exec(subject)?.[1] ?? 0);
  return told <= MAX_NUMBER ? told : 0;
}

/** A size that is not told is taken for the middle one of the others: seeking goes by proportions. */
function withSizes(segments: readonly NzbSegment[]): readonly NzbSegment[] {
  if (segments.every(({ bytes }) => bytes > 0)) return segments;
  const known = segments.flatMap(({ bytes }) => (bytes > 0 ? [bytes] : [])).sort((a, b) => a - b);
  const usual = known[known.length >> 1] ?? USUAL_BYTES;
  return segments.map((segment) => (segment.bytes > 0 ? segment : { ...segment, bytes: usual }));
}
