import type { Db } from '../../platform/db.ts';
import { isHevc } from './hevc.ts';
import { type OfferExtra, offerExtras } from './queries/offer-extras.ts';
import { offerRows } from './queries/offers.ts';
import { type Ranked, rankedFor } from './ranked.ts';
import { sameReleases } from './same-release.ts';
import type { Offer } from './schemas.ts';
import { playsHere } from './sort-keys.ts';
import { weakPosts } from './weak-posts.ts';
import { weakTorrents } from './weak-torrents.ts';

const MAX_OFFERS = 25;
const MAX_OFFERS_PER_RESOLUTION = 10;

export type OffersQuery = {
  mediaId: number;
  /** Null: the title as a whole (films, channels), never the streams of its episodes. */
  episodeId: number | null;
  /** `licensed`: only what everyone may have. */
  only: 'licensed' | 'all';
  maxTotal?: number | undefined;
  maxPerResolution?: number | undefined;
  /** What becomes of torrents hardly anyone seeds. */
  weakTorrents?: 'off' | 'hide' | undefined;
  /** What becomes of Usenet posts that a check found damaged or gone. */
  weakPosts?: 'off' | 'hide' | undefined;
  /** What becomes of files in HEVC. */
  hevc?: 'offer' | 'hide' | undefined;
  /** Kinds that are shown but cannot be played as things are: posts without a provider. */
  listedOnly?: readonly string[] | undefined;
  /** With what only preferences ask for: source and bit rate. */
  hasExtras?: true;
};

/** More of one title than preferences are held against. */
const MAX_WIDE = 500;

/** All that preferences choose among: the owner's caps come after them, his other rules before. */
export function wide(query: OffersQuery): OffersQuery {
  return { ...query, maxTotal: MAX_WIDE, maxPerResolution: MAX_WIDE, hasExtras: true };
}

/** The owner's caps of what is shown of one title. */
export function capsOf({ maxTotal = MAX_OFFERS, maxPerResolution = MAX_OFFERS_PER_RESOLUTION }: OfferLimits) {
  return { maxTotal, maxPerResolution };
}

/** The part of it that the owner sets. */
export type OfferLimits = Pick<
  OffersQuery,
  'maxTotal' | 'maxPerResolution' | 'weakTorrents' | 'weakPosts' | 'hevc' | 'listedOnly'
>;

/**
 * What is offered for a title or an episode, best first by `SORT_KEYS`; of one release that lies in several places the best.
 * A pack comes with the one file that is this episode. Two statements whatever there is, with extras three.
 */
export async function offersFor(db: Db, query: OffersQuery): Promise<Offer[]> {
  const ranked = await rankedFor(db, query, query.only);
  const { chosen } = chosenOf(ranked, query);
  if (chosen.length === 0) return [];
  const linkIds = chosen.map((candidate) => candidate.linkId);
  const [rows, extras] = await Promise.all([
    offerRows(db, linkIds),
    query.hasExtras === true ? offerExtras(db, linkIds) : null,
  ]);
  const byLink = new Map(rows.map(({ linkId, ...offer }) => [linkId, offer]));
  const extrasOf = new Map(extras?.map((extra) => [extra.linkId, extra]));
  return chosen.flatMap(({ linkId, rank, alternatives, isReachable }) => {
    const offer = byLink.get(linkId);
    if (offer === undefined) return [];
    const extra = extrasOf.get(linkId);
    const more = extra === undefined ? {} : { source: extra.source, bitsPerSecond: bitRate(offer, extra) };
    return [{ ...offer, rank, alternatives, isReachable, ...more }];
  });
}

/** As measured; else what the size comes to over the length of the title. */
function bitRate({ sizeBytes }: Pick<Offer, 'sizeBytes'>, extra: OfferExtra): number | null {
  if (extra.bitsPerSecond !== null) return extra.bitsPerSecond;
  if (sizeBytes === null || extra.runtimeMinutes === null) return null;
  return Math.round((sizeBytes * 8) / (extra.runtimeMinutes * 60));
}

/** Links that were left out, by why: HEVC, nobody seeds it, a check found it damaged; `same` names the better link to the same release. */
export type LeftOut = Readonly<
  Record<'hevc' | 'weak' | 'damaged', ReadonlySet<number>> & { same: ReadonlyMap<number, number> }
>;

/** `alternatives`: other links to the same release. */
export type Chosen = Ranked & { alternatives: number };

/** What of it is offered, and what was left out. `ranked` is best first. */
export function chosenOf(
  ranked: readonly Ranked[],
  limits: OfferLimits,
): { chosen: Chosen[]; leftOut: LeftOut } {
  const hidden = limits.hevc === 'hide' ? ranked.filter(isHevc) : [];
  const hevc = new Set(hidden.map(({ linkId }) => linkId));
  // What is hidden anyway must not make another look weak.
  const shown = ranked.filter(({ linkId }) => !hevc.has(linkId));
  const damaged = limits.weakPosts === 'hide' ? weakPosts(shown.filter(playsHere)) : NONE;
  const whole = shown.filter(({ linkId }) => !damaged.has(linkId));
  const weak = limits.weakTorrents === 'hide' ? weakTorrents(whole) : NONE;
  const healthy = whole.filter(({ linkId }) => !weak.has(linkId));
  // What does not play here must not stand for what does.
  const playable = healthy.filter((each) => playsHere(each) && !limits.listedOnly?.includes(each.kind));
  const same = sameReleases(playable);
  const counts = Map.groupBy(same.values(), (linkId) => linkId);
  const chosen = capped(
    healthy.filter(({ linkId }) => !same.has(linkId)),
    limits,
  ).map((each) => ({ ...each, alternatives: counts.get(each.linkId)?.length ?? 0 }));
  return { chosen, leftOut: { hevc, weak, damaged, same } };
}

const NONE: ReadonlySet<number> = new Set();

/** At most so many in all and of each resolution; `ranked` is best first, so the best stay. */
function capped(ranked: readonly Ranked[], caps: OfferLimits): Ranked[] {
  const { maxTotal, maxPerResolution } = capsOf(caps);
  const counts = new Map<string, number>();
  const kept = ranked.filter(({ resolution }) => {
    const count = (counts.get(resolution ?? '') ?? 0) + 1;
    counts.set(resolution ?? '', count);
    return count <= maxPerResolution;
  });
  return kept.slice(0, maxTotal);
}
