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
const HDR_FORMATS = ['SDR', 'HLG', 'HDR', 'HDR10', 'HDR10+', 'DV'];
const AUDIO = ['MP3', 'AAC', 'DD', 'DTS', 'DD+', 'DTS-HD', 'DTS-HD MA', 'TrueHD', 'DTS:X', 'Atmos'];

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
  { key: 'hdr', direction: 'descending', of: ({ hdrFormats }) => bestOf(HDR_FORMATS, hdrFormats) },
  { key: 'audio', direction: 'descending', of: ({ audio }) => bestOf(AUDIO, audio) },
  { key: 'channels', direction: 'descending', of: ({ channels }) => mostSpeakers(channels) },
  { key: 'size', direction: 'descending', of: ({ sizeBytes }) => sizeBytes },
  { key: 'sourcePriority', direction: 'ascending', of: ({ sourcePriority }) => sourcePriority },
  { key: 'sourceHealth', direction: 'descending', of: ({ sourceTens }) => sourceTens },
];

/** The best first, by the first key in which two differ. */
export function inOrder(offers: readonly Ranked[]): Ranked[] {
  const keyed = offers.map((offer) => ({ offer, keys: SORT_KEYS.map((key) => ascending(key, offer)) }));
  keyed.sort((a, b) => {
    for (let at = 0; at < SORT_KEYS.length; at += 1) {
      const difference = (a.keys[at] ?? 0) - (b.keys[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return a.offer.linkId - b.offer.linkId;
  });
  return keyed.map(({ offer }) => offer);
}

function ascending({ direction, of }: SortKey, offer: Ranked): number {
  const value = of(offer) ?? -1;
  return direction === 'ascending' ? value : -value;
}

export function playsHere({ kind }: Pick<Ranked, 'kind'>): boolean {
  return !LEADS_ELSEWHERE.has(kind);
}

/** Place of the best of them, from 1; 0: none of the list. */
function bestOf(order: readonly string[], found: readonly string[]): number {
  let best = 0;
  for (const name of found) best = Math.max(best, order.indexOf(name) + 1);
  return best;
}

/** The most speakers of some layouts. */
function mostSpeakers(layouts: readonly string[]): number {
  let most = 0;
  for (const layout of layouts) most = Math.max(most, speakers(layout));
  return most;
}

/** 6 of `5.1`. */
function speakers(layout: string): number {
  return layout.split('.').reduce((sum, part) => sum + (Number(part) || 0), 0);
}
