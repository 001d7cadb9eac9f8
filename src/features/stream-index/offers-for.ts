import type { Db } from '../../platform/db.ts';
import { isHevc } from './hevc.ts';
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
};
/** The part of it that the owner sets. */
export type OfferLimits = Pick<
  OffersQuery,
  'maxTotal' | 'maxPerResolution' | 'weakTorrents' | 'weakPosts' | 'hevc' | 'listedOnly'
>;

/**
 * What is offered for a title or an episode, best first by `SORT_KEYS`; of one release that lies in several places the best.
 * A pack comes with the one file that is this episode. Two statements whatever there is.
 */
export async function offersFor(db: Db, query: OffersQuery): Promise<Offer[]> {
  const ranked = await rankedFor(db, query, query.only);
  const { chosen } = chosenOf(ranked, query);
  if (chosen.length === 0) return [];
  const rows = await offerRows(
    db,
    chosen.map((candidate) => candidate.linkId),
  );
  const byLink = new Map(rows.map(({ linkId, ...offer }) => [linkId, offer]));
  return chosen.flatMap(({ linkId, rank, alternatives, isReachable }) => {
    const offer = byLink.get(linkId);
    return offer === undefined ? [] : [{ ...offer, rank, alternatives, isReachable }];
  });
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
  const { maxTotal = MAX_OFFERS, maxPerResolution = MAX_OFFERS_PER_RESOLUTION } = caps;
  const counts = new Map<string, number>();
  const kept = ranked.filter(({ resolution }) => {
    const count = (counts.get(resolution ?? '') ?? 0) + 1;
    counts.set(resolution ?? '', count);
    return count <= maxPerResolution;
  });
  return kept.slice(0, maxTotal);
}
