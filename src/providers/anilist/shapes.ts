import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import {
  countryCodes,
  distinct,
  endAfter,
  flag,
  idNumber,
  idsOf,
  imageOf,
  isoDay,
  line,
  listOf,
  maybe,
  minutes,
  number,
  prose,
  ratingOf,
  webUrl,
  wholeListOf,
  yearOf,
  youtubeOf,
} from '../fields.ts';
import type { ProvidedEpisode, ProvidedTitle, SearchHit } from '../provider.ts';

const FuzzyDate = maybe(z.object({ year: maybe(z.int()), month: maybe(z.int()), day: maybe(z.int()) }));
type FuzzyDate = z.infer<typeof FuzzyDate>;

const Names = z.object({ romaji: line(), english: line(), native: line() });
const Hit = z.object({
  id: z.int().positive(),
  idMal: idNumber(),
  title: Names,
  synonyms: listOf(z.string()),
  format: line(),
  startDate: FuzzyDate,
  isAdult: flag(),
  coverImage: maybe(z.object({ extraLarge: webUrl(), large: webUrl() })),
});
type Hit = z.infer<typeof Hit>;

const Media = Hit.extend({
  status: line(100),
  description: prose(),
  endDate: FuzzyDate,
  duration: minutes(),
  countryOfOrigin: line(2),
  genres: listOf(z.string()),
  tags: listOf(z.object({ name: line(200), rank: number(), isMediaSpoiler: flag() })),
  averageScore: number(),
  bannerImage: webUrl(),
  trailer: maybe(z.object({ id: line(), site: line() })),
  studios: maybe(z.object({ nodes: listOf(z.object({ name: line(300) })) })),
  streamingEpisodes: listOf(z.object({ title: line(), thumbnail: webUrl() })),
});

const HIT_FIELDS =
  'id idMal title { romaji english native } synonyms format startDate { year month day } isAdult coverImage { extraLarge large }';
export const SEARCH = `query ($search: String) { Page(perPage: 20) { media(search: $search, type: ANIME) { ${HIT_FIELDS} } } }`;
export const BY_ID = `query ($id: Int, $idMal: Int) { Media(id: $id, idMal: $idMal, type: ANIME) { ${HIT_FIELDS}
  status description(asHtml: false) endDate { year month day } duration countryOfOrigin genres tags { name rank isMediaSpoiler }
  averageScore bannerImage trailer { id site } studios(isMain: true) { nodes { name } }
  streamingEpisodes { title thumbnail } } }`;
export const TRENDING = `query { Page(perPage: 50) { media(sort: TRENDING_DESC, type: ANIME, format: TV) { ${HIT_FIELDS} } } }`;
export const TRENDING_FILMS = `query { Page(perPage: 50) { media(sort: TRENDING_DESC, type: ANIME, format: MOVIE) { ${HIT_FIELDS} } } }`;
export const CHANGED =
  'query ($page: Int) { Page(page: $page, perPage: 50) { media(type: ANIME, sort: UPDATED_AT_DESC) { id format updatedAt } } }';

export const Found = z.object({ data: z.object({ Page: z.object({ media: wholeListOf(Hit) }) }) });
export const Changed = z.object({
  data: z.object({
    Page: z.object({
      media: wholeListOf(z.object({ id: z.int().positive(), format: line(), updatedAt: z.int() })),
    }),
  }),
});
/** Null without an error beside it: it does not know the title. */
export const WholeMedia = z.object({ data: z.object({ Media: Media.nullable() }) });

/** TMDB's words for how a title is. */
const STATUS: Readonly<Record<string, string>> = {
  FINISHED: 'Ended',
  RELEASING: 'Returning Series',
  NOT_YET_RELEASED: 'Planned',
  CANCELLED: 'Canceled',
  HIATUS: 'Returning Series',
};
/** Tags that fewer than this share of its users agree to say little of a title. */
const MIN_TAG_RANK = 60;

export function kindOf({ format }: { format?: string | undefined }): 'movie' | 'series' {
  return format === 'MOVIE' ? 'movie' : 'series';
}

/** None: not one of its names is there. */
export function hitOf(hit: Hit): SearchHit[] {
  const title = shownTitle(hit);
  if (title === undefined) return [];
  return [
    knownFields({
      kind: kindOf(hit),
      ids: mediaIds(hit),
      title,
      originalTitle: hit.title.native,
      aliases: aliasesOf(hit),
      year: hit.startDate?.year ?? undefined,
      adult: hit.isAdult,
      poster: posterOf(hit),
    }),
  ];
}

function posterOf({ coverImage }: Hit): string | undefined {
  return coverImage?.extraLarge ?? coverImage?.large;
}

export function titleOf(media: z.infer<typeof Media>): ProvidedTitle | null {
  const title = shownTitle(media);
  if (title === undefined) return null;
  const kind = kindOf(media);
  const began = wholeDate(media.startDate);
  const episodes = episodesOf(media.streamingEpisodes);
  return knownFields({
    kind,
    title,
    ids: mediaIds(media),
    originalTitle: media.title.native,
    aliases: aliasesOf(media),
    year: yearOf(String(media.startDate?.year)),
    releaseDate: began,
    endDate: kind === 'series' ? endAfter(began, wholeDate(media.endDate)) : undefined,
    runtimeMinutes: media.duration,
    status: kind === 'movie' && media.status === 'FINISHED' ? 'Released' : STATUS[media.status ?? ''],
    overview: media.description,
    subkind: 'anime' as const,
    // Its popularity counts users, up to a million: not the scale of the others, whose 100 is much.
    ratings: ratingOf('anilist', media.averageScore, { max: 100 }),
    countries: countryCodes([media.countryOfOrigin]),
    genres: distinct(media.genres, { max: 50 }),
    keywords: distinct(
      media.tags.map(({ name, rank = 0, isMediaSpoiler }) =>
        isMediaSpoiler === true || rank < MIN_TAG_RANK ? null : name,
      ),
    ),
    companies: distinct((media.studios?.nodes ?? []).map(({ name }) => name)),
    images: [...imageOf('poster', posterOf(media)), ...imageOf('background', media.bannerImage)],
    trailer: media.trailer?.site === 'youtube' ? youtubeOf(media.trailer.id) : undefined,
    adult: media.isAdult,
    nudity: media.isAdult === true ? ('severe' as const) : undefined,
    // One entry is one season of what others call a series.
    seasons: kind === 'series' && episodes.length > 0 ? [{ number: 1, episodes }] : undefined,
  });
}

function mediaIds({ id, idMal }: Hit): Record<string, string> {
  return idsOf({ anilist: String(id), mal: idMal });
}

function shownTitle({ title }: Hit): string | undefined {
  return title.english ?? title.romaji ?? title.native;
}

function aliasesOf(hit: Hit): string[] {
  const { title, synonyms } = hit;
  return distinct([title.english, title.romaji, title.native, ...synonyms], {
    without: [shownTitle(hit), title.native],
  });
}

/** Only where the day is known too: the first of January is no guess to make. */
function wholeDate(date: FuzzyDate): string | undefined {
  if (!date?.year || !date.month || !date.day) return undefined;
  const [month, day] = [date.month, date.day].map((part) => String(part).padStart(2, '0'));
  return isoDay(`${date.year}-${month}-${day}`);
}

/** Titles of where it may be watched, `Episode 3 - The Name`; whole ones only, each once. */
function episodesOf(streaming: z.infer<typeof Media>['streamingEpisodes']): ProvidedEpisode[] {
  const found = new Map<number, ProvidedEpisode>();
  for (const { title = '', thumbnail } of streaming) {
    const [, digits, name] = /^Episode (\d{1,4})(?:\s*[-–:]\s*(.+))?$/.exec(title) ?? [];
    if (digits !== undefined && !found.has(Number(digits)))
      found.set(Number(digits), knownFields({ number: Number(digits), title: name, thumbnail }));
  }
  return [...found.values()].sort((a, b) => a.number - b.number);
}
