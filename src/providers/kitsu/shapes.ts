import { z } from 'zod';
import { knownFields } from '../../kit/known-fields.ts';
import {
  day,
  distinct,
  endAfter,
  flag,
  idsOf,
  imageOf,
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

/** `en`, `en_us`, `en_jp` (romanised), `ja_jp`, `fr_fr`, … */
const Titles = maybe(z.record(z.string(), maybe(z.string())));
const Image = maybe(z.object({ original: webUrl(), large: webUrl() }));

const Attributes = z.object({
  synopsis: prose(),
  titles: Titles,
  canonicalTitle: z.string().min(1),
  abbreviatedTitles: listOf(z.string()),
  /** Per cent, as text. */
  averageRating: line(10),
  userCount: number(),
  startDate: day(),
  endDate: day(),
  subtype: line(),
  status: line(100),
  posterImage: Image,
  coverImage: Image,
  episodeLength: minutes(),
  youtubeVideoId: line(),
  nsfw: flag(),
});

const Id = z.string().regex(/^[1-9]\d{0,8}$/);
const Anime = z.object({ id: Id, attributes: Attributes });
type Anime = z.infer<typeof Anime>;

/** What stands beside the anime; of the kinds that nobody asked for only the name is read. */
const Included = z.object({
  type: z.string(),
  attributes: maybe(z.object({ title: line(100), externalSite: line(), externalId: line(100) })),
});

const Episode = z.object({
  attributes: z.object({
    number: number(),
    canonicalTitle: line(),
    description: prose(),
    synopsis: prose(),
    airdate: day(),
    length: minutes(),
    thumbnail: Image,
  }),
});

/** `/anime?filter[text]=`. */
export const Found = z.object({ data: wholeListOf(Anime) });
/** `/anime/:id?include=categories,mappings`. */
export const WholeAnime = z.object({ data: Anime, included: listOf(Included) });
/** `/mappings?include=item`. */
export const Mapped = z.object({ included: listOf(z.object({ type: z.string(), id: Id })) });
/** `/anime/:id/episodes`. */
export const Episodes = z.object({ data: wholeListOf(Episode) });
/** `/anime?sort=-updatedAt`. */
export const Changed = z.object({
  data: wholeListOf(
    z.object({ id: Id, attributes: z.object({ updatedAt: z.iso.datetime(), subtype: line() }) }),
  ),
});

/** TMDB's words for how a title is. */
const STATUS: Readonly<Record<string, string>> = {
  current: 'Returning Series',
  finished: 'Ended',
  tba: 'Planned',
  unreleased: 'Planned',
  upcoming: 'Planned',
};

export function kindOf({ attributes }: { attributes: { subtype?: string | undefined } }): 'movie' | 'series' {
  return attributes.subtype?.toLowerCase() === 'movie' ? 'movie' : 'series';
}

export function hitOf(anime: Anime): SearchHit {
  const { attributes } = anime;
  return knownFields({
    kind: kindOf(anime),
    ids: { kitsu: anime.id },
    title: englishTitle(attributes),
    originalTitle: originalTitle(attributes),
    aliases: aliasesOf(attributes),
    year: yearOf(attributes.startDate),
    adult: attributes.nsfw,
    poster: posterOf(attributes),
  });
}

function posterOf({ posterImage }: Anime['attributes']): string | undefined {
  return posterImage?.original ?? posterImage?.large;
}

export function titleOf(
  { data, included }: z.infer<typeof WholeAnime>,
  episodes: readonly ProvidedEpisode[],
): ProvidedTitle {
  const { attributes } = data;
  const kind = kindOf(data);
  return knownFields({
    kind,
    title: englishTitle(attributes),
    ids: idsOf({ kitsu: data.id, ...mappedIds(included) }),
    originalTitle: originalTitle(attributes),
    aliases: aliasesOf(attributes),
    year: yearOf(attributes.startDate),
    releaseDate: attributes.startDate,
    endDate: kind === 'series' ? endAfter(attributes.startDate, attributes.endDate) : undefined,
    runtimeMinutes: attributes.episodeLength,
    status: statusOf(kind, attributes.status),
    overview: attributes.synopsis,
    subkind: 'anime' as const,
    ratings: ratingOf('kitsu', Number(attributes.averageRating), { max: 100, votes: attributes.userCount }),
    genres: distinct(
      included.map(({ type, attributes: category }) => (type === 'categories' ? category?.title : null)),
      { max: 50 },
    ),
    images: [
      ...imageOf('poster', posterOf(attributes)),
      ...imageOf('background', attributes.coverImage?.original ?? attributes.coverImage?.large),
    ],
    trailer: youtubeOf(attributes.youtubeVideoId),
    adult: attributes.nsfw,
    // An anime here is one season of what others call a series.
    seasons: kind === 'series' && episodes.length > 0 ? [{ number: 1, episodes: [...episodes] }] : undefined,
  });
}

/** Without those that have no place: their number is null, or 12.5 of a recap. */
export async function* episodesOf(
  episodes: AsyncIterable<z.infer<typeof Episode>>,
): AsyncGenerator<ProvidedEpisode> {
  for await (const { attributes: it } of episodes) {
    if (typeof it.number !== 'number' || !Number.isInteger(it.number) || it.number < 0) continue;
    yield knownFields({
      number: it.number,
      title: it.canonicalTitle,
      overview: it.description ?? it.synopsis,
      airDate: it.airdate,
      runtimeMinutes: it.length,
      thumbnail: it.thumbnail?.original ?? it.thumbnail?.large,
    });
  }
}

function statusOf(kind: 'movie' | 'series', status: string | undefined): string | undefined {
  return kind === 'movie' && status === 'finished' ? 'Released' : (STATUS[status ?? ''] ?? status);
}

/** Ids of TVDB and IMDb are those of a whole series, of which this is a season, and would make one title of all of them. */
function mappedIds(included: readonly z.infer<typeof Included>[]): Record<string, string | undefined> {
  const idAt = (site: string) => {
    const found = included.find(({ attributes }) => attributes?.externalSite === site)?.attributes
      ?.externalId;
    return Id.safeParse(found).data;
  };
  return { mal: idAt('myanimelist/anime'), anilist: idAt('anilist/anime') ?? idAt('anilist') };
}

type Attributes = z.infer<typeof Attributes>;

function englishTitle({ titles, canonicalTitle }: Attributes): string {
  return (titles?.en || titles?.en_us || canonicalTitle).trim().slice(0, 500) || canonicalTitle;
}

function originalTitle({ titles }: Attributes): string | undefined {
  const original = titles?.ja_jp ?? titles?.ko_kr ?? titles?.zh_cn ?? undefined;
  return original?.trim().slice(0, 500) || undefined;
}

function aliasesOf(attributes: Attributes): string[] {
  const { titles, canonicalTitle, abbreviatedTitles } = attributes;
  return distinct([canonicalTitle, ...Object.values(titles ?? {}), ...abbreviatedTitles], {
    without: [englishTitle(attributes), originalTitle(attributes)],
  });
}
