import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { applyPreferences, compilePreferences, type StreamPreferences } from '../preferences/index.ts';
import {
  capsOf,
  chosenOf,
  type LeftOut,
  type OfferLimits,
  type OffersQuery,
  offersFor,
  wide,
} from './offers-for.ts';
import type { Place } from './queries/candidates.ts';
import { offerRows } from './queries/offers.ts';
import { rankedFor } from './ranked.ts';
import type { Offer } from './schemas.ts';

export const PreferenceVerdict = z.object({
  isShown: z.boolean(),
  /** Place among what is shown, from 1. */
  position: z.int().nullable(),
  /** What hides it: a field of the preferences, or a setting of the owner. */
  rule: z.string().nullable(),
  reason: z.string(),
  /** What it is ordered by, besides the usual order. */
  sortKeys: z.array(
    z.object({
      key: z.string(),
      direction: z.enum(['ascending', 'descending']),
      value: z.string().nullable(),
    }),
  ),
  /** Which preferred words it has. */
  preferred: z.array(z.string()),
});
type PreferenceVerdict = z.infer<typeof PreferenceVerdict>;

export const TitleExplanation = z.object({
  /** Shown ones in order, then hidden ones. */
  streams: z.array(
    PreferenceVerdict.extend({
      streamId: z.uuid(),
      kind: z.string(),
      name: z.string(),
      fileIndex: z.int().nullable(),
      fileName: z.string().nullable(),
    }),
  ),
});
export type TitleExplanation = z.infer<typeof TitleExplanation>;

type Query = Place & Pick<OffersQuery, 'only'> & OfferLimits;
type Judged = PreferenceVerdict & { offer: Offer };

/** What some preferences make of one link; null: it is not among what they choose from. */
export async function preferenceVerdict(
  db: Db,
  query: Query,
  preferences: StreamPreferences,
  link: { streamPublicId: string; fileIndex: number | null },
): Promise<PreferenceVerdict | null> {
  const judged = await judge(db, query, preferences);
  const own = judged.find(
    ({ offer }) => offer.publicId === link.streamPublicId && offer.fileIndex === link.fileIndex,
  );
  if (own === undefined) return null;
  const { offer: _offer, ...verdict } = own;
  return verdict;
}

/** All streams of a place, with what preferences make of them; those a setting of the owner leaves out come last. */
export async function explainTitle(
  db: Db,
  query: Query,
  preferences: StreamPreferences,
): Promise<TitleExplanation> {
  const judged = await judge(db, query, preferences);
  const streams = judged.map(({ offer, ...verdict }) => ({ ...namesOf(offer), ...verdict }));
  return { streams: [...streams, ...(await leftOutOf(db, query))] };
}

async function judge(db: Db, query: Query, preferences: StreamPreferences): Promise<Judged[]> {
  const offers = await offersFor(db, wide(query));
  const limits = { isEpisode: query.episodeId !== null, ...capsOf(query) };
  const { shown, hidden } = applyPreferences(offers, compilePreferences(preferences), limits);
  return [
    ...shown.map(({ offer, sortKeys, preferred }, index) => ({
      ...{ offer, isShown: true, position: index + 1, rule: null },
      reason: `Shown as number ${index + 1} of ${shown.length}.`,
      sortKeys: [...sortKeys],
      preferred: [...preferred],
    })),
    ...hidden.map(({ offer, rule, reason }) => ({ offer, ...hiddenBy(rule, reason) })),
  ];
}

function hiddenBy(rule: string, reason: string): PreferenceVerdict {
  return { isShown: false, position: null, rule, reason, sortKeys: [], preferred: [] };
}

function namesOf({
  publicId,
  kind,
  name,
  fileIndex,
  fileName,
}: Omit<Offer, 'rank' | 'alternatives' | 'isReachable'>) {
  return { streamId: publicId, kind, name, fileIndex, fileName };
}

const OWNERS_RULES: readonly (readonly [keyof LeftOut, string, string])[] = [
  ['hevc', 'hevc', 'It is HEVC (H.265): the setting hevc hides it.'],
  ['damaged', 'weakPosts', 'A check found it damaged, and others are there: the setting weakPosts hides it.'],
  ['weak', 'weakTorrents', 'Better seeded torrents are there: the setting weakTorrents hides it.'],
  ['same', 'sameRelease', 'The same release, by name and size, is offered from a better place.'],
];

async function leftOutOf(db: Db, query: Query): Promise<TitleExplanation['streams']> {
  const ranked = await rankedFor(db, query, query.only);
  const { leftOut } = chosenOf(ranked, wide(query));
  const rules = new Map(
    OWNERS_RULES.flatMap(([part, rule, reason]) =>
      [...leftOut[part].keys()].map((linkId) => [linkId, hiddenBy(rule, reason)] as const),
    ),
  );
  const rows = rules.size === 0 ? [] : await offerRows(db, [...rules.keys()]);
  return rows.flatMap(({ linkId, ...row }) => {
    const verdict = rules.get(linkId);
    return verdict === undefined ? [] : [{ ...namesOf(row), ...verdict }];
  });
}
