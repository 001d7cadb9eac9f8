import type { Offer } from '../features/stream-index/index.ts';
import { qualityRank } from '../kit/quality-rank.ts';
import type { Target } from '../streams/kind.ts';

/** One way to a stream; `direct`: players fetch it from its own server. */
export type Way = Target | { via: 'direct'; url: string; contentType: string; goodUntil?: number };
export type OfferedStream = { offer: Offer; target: Way };

/**
 * Where it plays: in the player; in the player too, but by YouTube's rules (Stremio gets 1080p at most, whatever the
 * video has, and only with the network); in another app or page; nowhere yet.
 */
const PLACES: Readonly<Record<Way['via'], number>> = {
  play: 0,
  direct: 0,
  torrent: 0,
  youtube: 1,
  external: 2,
  listed: 3,
};

/** Filmed off a screen, whatever it was scaled to. */
const FILMED: ReadonlySet<string> = new Set(['CAM', 'TS', 'TC', 'SCR', 'WORKPRINT', 'R5']);

/** What starts at once and needs nobody else comes first: a file here, a file on a server, then a swarm. */
const KINDS: ReadonlyMap<string, number> = new Map([
  ['local', 0],
  ['http', 1],
  ['ftp', 1],
  ['usenet', 2],
  ['torrent', 3],
]);
const OTHER_KIND = 4;

/**
 * The order a viewer expects, who takes the first: what plays here before what leads elsewhere, what is reached before what
 * lies on a file server that is away, flat pictures before 3D, the sharper first, and among equally sharp ones the nearest
 * bytes; otherwise as they came (source, verified, score, size). `tierOf`: what preferences say, before how the picture is.
 */
export function inViewingOrder(
  streams: readonly OfferedStream[],
  tierOf: (offer: Offer) => number = () => 0,
): OfferedStream[] {
  return [...streams].sort(
    (a, b) =>
      PLACES[a.target.via] - PLACES[b.target.via] ||
      Number(b.offer.isReachable) - Number(a.offer.isReachable) ||
      tierOf(a.offer) - tierOf(b.offer) ||
      Number(is3d(a.offer)) - Number(is3d(b.offer)) ||
      sharpness(b.offer) - sharpness(a.offer) ||
      Number(isFilmed(a.offer)) - Number(isFilmed(b.offer)) ||
      nearness(a.offer) - nearness(b.offer),
  );
}

function sharpness({ resolution }: Offer): number {
  return qualityRank({ resolution });
}

function is3d({ visualTags }: Offer): boolean {
  return visualTags.includes('3D');
}

function isFilmed({ quality }: Offer): boolean {
  return quality !== null && FILMED.has(quality);
}

function nearness({ kind }: Offer): number {
  return KINDS.get(kind) ?? OTHER_KIND;
}
