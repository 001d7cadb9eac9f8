import type { Ranked } from './ranked.ts';
import { isDamaged } from './weak-posts.ts';

/** One thing that offers are ordered by; `descending`: what has more of it comes first. */
export type SortKey = {
  key: string;
  direction: 'ascending' | 'descending';
  /** Null: not known, which is less than all. */
  of(offer: Ranked): number | null;
};

/** They play by another's rules or elsewhere, so they must not push out of the caps what plays here. */
const LEADS_ELSEWHERE: ReadonlySet<string> = new Set(['youtube', 'external', 'telegram']);

/** In this order; what is equal in all goes by the order in which it was linked. */
export const SORT_KEYS: readonly SortKey[] = [
  { key: 'playsHere', direction: 'descending', of: (offer) => Number(playsHere(offer)) },
  // A file server that nobody reaches: what lies there stays, behind all else.
  { key: 'reachable', direction: 'descending', of: ({ isReachable }) => Number(isReachable) },
  // What was found damaged breaks off in the middle, however sharp it is.
  { key: 'damaged', direction: 'ascending', of: (offer) => Number(isDamaged(offer)) },
  // A flat screen shows it as two small pictures.
  { key: 'threeD', direction: 'ascending', of: ({ visualTags }) => Number(visualTags.includes('3D')) },
  { key: 'rank', direction: 'descending', of: ({ rank }) => rank },
  { key: 'verified', direction: 'descending', of: ({ isVerified }) => Number(isVerified) },
  // Only swarms have a score; what needs none must not be pushed out of the caps by the best of them.
  { key: 'needsSwarm', direction: 'ascending', of: ({ kind }) => Number(kind === 'torrent') },
  { key: 'score', direction: 'descending', of: ({ score }) => score },
  { key: 'hdr', direction: 'descending', of: ({ hdrRank }) => hdrRank },
  { key: 'audio', direction: 'descending', of: ({ soundRank }) => soundRank },
  { key: 'channels', direction: 'descending', of: ({ speakers }) => speakers },
  { key: 'size', direction: 'descending', of: ({ sizeBytes }) => sizeBytes },
  { key: 'sourcePriority', direction: 'ascending', of: ({ sourcePriority }) => sourcePriority },
  { key: 'sourceHealth', direction: 'descending', of: ({ sourceTens }) => sourceTens },
];

/** The best first, by the first key in which two differ. */
export function inOrder(offers: readonly Ranked[]): Ranked[] {
  const width = SORT_KEYS.length;
  // One block of numbers: a list for each offer is collected at the next best moment, which is in the middle of an answer.
  const keys = new Float64Array(offers.length * width);
  let end = 0;
  for (const offer of offers) for (const key of SORT_KEYS) keys[end++] = ascending(key, offer);
  const places = Array.from(offers, (_, place) => place).sort((a, b) => {
    for (let at = 0; at < width; at += 1) {
      const difference = (keys[a * width + at] ?? 0) - (keys[b * width + at] ?? 0);
      if (difference !== 0) return difference;
    }
    return (offers[a]?.linkId ?? 0) - (offers[b]?.linkId ?? 0);
  });
  return places.flatMap((place) => offers[place] ?? []);
}

function ascending({ direction, of }: SortKey, offer: Ranked): number {
  const value = of(offer) ?? -1;
  return direction === 'ascending' ? value : -value;
}

export function playsHere({ kind }: Pick<Ranked, 'kind'>): boolean {
  return !LEADS_ELSEWHERE.has(kind);
}
