import { z } from 'zod';
import { parseReleaseName } from '../../kit/release-name.ts';
import type { Db } from '../../platform/db.ts';
import type { StreamPreferences } from '../preferences/index.ts';
import { PreferenceVerdict, preferenceVerdict } from './explain-preferences.ts';
import { chosenOf, type LeftOut, type OfferLimits, type OffersQuery } from './offers-for.ts';
import { type ExplainRow, explainRow } from './queries/explain.ts';
import { type LinkVerdict, linksOfStream } from './queries/offers.ts';
import { type Ranked, rankedFor } from './ranked.ts';
import { SORT_KEYS } from './sort-keys.ts';

/** Each link costs a ranking of its title. */
const MAX_LINKS = 20;

const Verdict = z.object({ filter: z.string(), passes: z.boolean(), reason: z.string() });
type Verdict = z.infer<typeof Verdict>;

export const Explanation = z.object({
  streamId: z.uuid(),
  name: z.string(),
  kind: z.string(),
  /** What the reader of release names sees in the name. */
  parsed: z.looseObject({ name: z.string(), kind: z.string(), title: z.string() }),
  /** The version of the reader by which its facts were stored; when it is not the newest, they are read again within the hour. */
  readerVersion: z.string().nullable(),
  /** Which facts somebody told or the bytes showed, so that the name does not count; null: stored before that was kept. */
  told: z.array(z.string()).nullable(),
  /** Every filter before ranking; one that does not pass keeps the stream out everywhere. */
  filters: z.array(Verdict),
  links: z.array(
    z.object({
      mediaId: z.uuid(),
      title: z.string(),
      season: z.int().nullable(),
      episode: z.int().nullable(),
      fileIndex: z.int().nullable(),
      fileName: z.string().nullable(),
      confidence: z.number(),
      isOffered: z.boolean(),
      reason: z.string(),
      /** Place among the offers of the title or episode, from 1; null = not offered. */
      position: z.int().nullable(),
      /** Of a torrent, as far as it is known. */
      seeders: z.int().nullable(),
      /** Every rule of this title's offers, after the filters. */
      rules: z.array(Verdict),
      /** What offers are ordered by, the first difference decides; null = the filters left it out. */
      sortKeys: z
        .array(
          z.object({
            key: z.string(),
            direction: z.enum(['ascending', 'descending']),
            value: z.number().nullable(),
          }),
        )
        .nullable(),
      /** What the preferences asked about make of it; null: none were, or it does not come that far. */
      preferences: PreferenceVerdict.nullable(),
    }),
  ),
});
export type Explanation = z.infer<typeof Explanation>;

/** Why a stream is offered, or not, for each title it is linked to. `only` as in `offersFor`. Null: no such stream. */
export async function explainStream(
  db: Db,
  streamId: number,
  query: Pick<OffersQuery, 'only'> & OfferLimits,
  preferences?: StreamPreferences,
): Promise<Explanation | null> {
  const stream = await explainRow(db, streamId);
  if (stream === null) return null;
  const filters = verdictsOf(stream, query.only);
  const links = await linksOfStream(db, streamId, MAX_LINKS);
  const explained: Explanation['links'] = [];
  for (const link of links) {
    const { mediaId, episodeId, fileIndex } = link;
    const place = { ...query, mediaId, episodeId };
    const wanted = { streamPublicId: stream.publicId, fileIndex };
    explained.push({
      ...(await explainLink(db, link, filters, query)),
      preferences: preferences === undefined ? null : await preferenceVerdict(db, place, preferences, wanted),
    });
  }
  return {
    streamId: stream.publicId,
    name: stream.name,
    kind: stream.kind,
    parsed: parseReleaseName(stream.name),
    ...{ readerVersion: stream.readerVersion, told: stream.told },
    filters,
    links: explained,
  };
}

function verdictsOf(stream: ExplainRow, only: 'licensed' | 'all'): Verdict[] {
  return [
    verdict(
      'active',
      stream.isActive,
      'It is switched on.',
      'It is switched off: its link ran out, or somebody did it.',
    ),
    verdict('blocked', !stream.isBlocked, 'Nobody blocked it.', 'It was blocked.'),
    verdict('state', stream.state === 'active', 'It was not found broken.', `It is ${stream.state}.`),
    verdict('public', stream.isPublic, 'It is not kept private.', 'It is kept private.'),
    verdict('expiry', !stream.isExpired, 'Its link has not run out.', 'Its link has run out.'),
    licenceVerdict(stream, only),
  ];
}

function licenceVerdict(
  { licenceName, isOpenLicence, isOpen }: ExplainRow,
  only: 'licensed' | 'all',
): Verdict {
  const filter = 'licence';
  if (only === 'all') return { filter, passes: true, reason: 'Every licence is shown here.' };
  if (isOpen) return { filter, passes: true, reason: `${licenceName} is an open licence.` };
  if (licenceName === null)
    return {
      filter,
      passes: false,
      reason: 'No licence is stored, and only openly licensed streams are shown here.',
    };
  if (!isOpenLicence)
    return {
      filter,
      passes: false,
      reason: `${licenceName} is not an open licence, and only such are shown here.`,
    };
  const reason =
    "Its licence is open, but it comes from the owner's own folder, server or account, which are not shared.";
  return { filter, passes: false, reason };
}

async function explainLink(
  db: Db,
  link: LinkVerdict,
  filters: readonly Verdict[],
  query: Pick<OffersQuery, 'only'> & OfferLimits,
): Promise<Omit<Explanation['links'][number], 'preferences'>> {
  const ranked = await rankedFor(db, link, query.only);
  const own = ranked.find((candidate) => candidate.linkId === link.linkId);
  const { chosen, leftOut } = chosenOf(ranked, query);
  const count = Object.values(leftOut).reduce((left, { size }) => left - size, ranked.length);
  const place = chosen.findIndex((candidate) => candidate.linkId === link.linkId);
  const isOffered = place !== -1 && link.isTitleVisible;
  const isFiltered = filters.some((each) => !each.passes);
  const rules = rulesOf(link, own, { place, leftOut, count, isFiltered });
  return {
    mediaId: link.publicId,
    title: link.title,
    season: link.season,
    episode: link.episode,
    fileIndex: link.fileIndex,
    fileName: link.fileName,
    confidence: link.confidence,
    isOffered,
    reason:
      [...rules.slice(0, 1), ...filters, ...rules].find((verdict) => !verdict.passes)?.reason ??
      `Offered as number ${place + 1} of ${count}.`,
    position: isOffered ? place + 1 : null,
    seeders: own?.seeders ?? null,
    rules,
    sortKeys:
      own === undefined
        ? null
        : SORT_KEYS.map(({ key, direction, of }) => ({ key, direction, value: of(own) })),
  };
}

type Ranking = { place: number; leftOut: LeftOut; count: number; isFiltered: boolean };

/** What became of a link at each rule; one that an earlier rule left out passes the later ones. */
function rulesOf(
  link: LinkVerdict,
  own: Ranked | undefined,
  { place, leftOut, count, isFiltered }: Ranking,
): Verdict[] {
  const { hevc, weak, damaged, same } = leftOut;
  const isIn = (links: { has(linkId: number): boolean }) => own !== undefined && links.has(own.linkId);
  const isLeft = [hevc, weak, damaged, same].some(isIn) || own === undefined;
  return [
    verdict('title', link.isTitleVisible, 'Its title is shown.', 'Its title is hidden.'),
    verdict(
      'file',
      own !== undefined || isFiltered,
      'No other link of this stream says more.',
      'One of its files is linked to the same place, and says more.',
    ),
    verdict(
      'hevc',
      !isIn(hevc),
      'It is not HEVC, or that may be shown.',
      'It is HEVC (H.265): the setting hevc hides it.',
    ),
    verdict(
      'weakTorrents',
      !isIn(weak),
      'It is no torrent that others are better seeded than.',
      `Its seeders are ${own?.seeders}, and better seeded torrents are there: the setting weakTorrents hides it.`,
    ),
    verdict(
      'weakPosts',
      !isIn(damaged),
      'No check found it damaged.',
      `A check found this post ${own?.health}, and others are there: the setting weakPosts hides it.`,
    ),
    verdict(
      'sameRelease',
      !isIn(same),
      'The same release is offered from nowhere else.',
      'The same release, by name and size, is offered from a better place.',
    ),
    verdict(
      'limits',
      place !== -1 || isLeft,
      'It is within the limits in all and for each resolution.',
      `${count} streams were better or as good: the limits in all and for each resolution left this one out.`,
    ),
  ];
}

function verdict(filter: string, passes: boolean, yes: string, no: string): Verdict {
  return { filter, passes, reason: passes ? yes : no };
}
