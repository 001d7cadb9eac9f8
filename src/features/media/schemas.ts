import { z } from 'zod';
import { MEDIA_KINDS } from '../../catalogs/catalog.ts';
import { NUDITY, SUBKINDS } from './title-input.ts';

export { MediaPatch, TitleInput } from './title-input.ts';

const Kind = z.enum(MEDIA_KINDS);
const Subkind = z.enum(SUBKINDS).nullable();
const Timestamp = z.iso.datetime();

const Person = z.object({ personId: z.string(), name: z.string() });

const Episode = z.object({
  episodeId: z.int(),
  number: z.int(),
  title: z.string().nullable(),
  overview: z.string().nullable(),
  /** `YYYY-MM-DD`; null = unknown, never made up. */
  airDate: z.string().nullable(),
  runtimeMinutes: z.int().nullable(),
  thumbnailUrl: z.string().nullable(),
});

export const Season = z.object({
  number: z.int(),
  title: z.string().nullable(),
  overview: z.string().nullable(),
  airDate: z.string().nullable(),
  posterUrl: z.string().nullable(),
  episodes: z.array(Episode),
});

export const Credit = z.object({
  ...Person.shape,
  type: z.enum(['cast', 'crew']),
  department: z.string().nullable(),
  job: z.string().nullable(),
  character: z.string().nullable(),
});

/** One row of `media` with its lists, in one language; credits and seasons are added by `mediaDetail`. */
export const DetailRow = z.object({
  mediaId: z.int(),
  publicId: z.string(),
  canonicalId: z.string(),
  kind: Kind,
  subkind: Subkind,
  title: z.string(),
  originalTitle: z.string().nullable(),
  year: z.int().nullable(),
  endYear: z.int().nullable(),
  releaseDate: z.string().nullable(),
  endDate: z.string().nullable(),
  runtimeMinutes: z.int().nullable(),
  status: z.string().nullable(),
  network: z.string().nullable(),
  tagline: z.string().nullable(),
  overview: z.string().nullable(),
  languages: z.array(z.string()),
  countries: z.array(z.string()),
  genres: z.array(z.string()),
  imdbId: z.string().nullable(),
  posterUrl: z.string().nullable(),
  backgroundUrl: z.string().nullable(),
  logoUrl: z.string().nullable(),
  trailerYoutubeId: z.string().nullable(),
  popularity: z.number(),
  rating: z.number().nullable(),
  ratingCount: z.int().nullable(),
  isPublished: z.boolean(),
  isFeatured: z.boolean(),
  isPublic: z.boolean(),
  isAdult: z.boolean(),
  nudity: z.enum(NUDITY),
  /** Where it may be watched elsewhere: ISO 3166-1 country, service, how. */
  watch: z.array(
    z.object({
      region: z.string(),
      service: z.string(),
      offer: z.enum(['subscription', 'rent', 'buy', 'free', 'ads']),
      url: z.string().nullable(),
    }),
  ),
  watchCount: z.int(),
  totalStreams: z.int(),
  openStreams: z.int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  ids: z.array(z.object({ provider: z.string(), namespace: z.enum(['movie', 'tv', 'any']), id: z.string() })),
  images: z.array(z.object({ type: z.string(), url: z.string(), language: z.string().nullable() })),
  keywords: z.array(z.string()),
  companies: z.array(z.string()),
  aliases: z.array(z.string()),
  translations: z.array(z.string()),
  certifications: z.array(z.object({ country: z.string(), code: z.string(), minAge: z.int().nullable() })),
  ratings: z.array(
    z.object({
      provider: z.string(),
      type: z.string(),
      /** 0–10. */
      rating: z.number(),
      rawRating: z.number(),
      votes: z.int().nullable(),
    }),
  ),
});

/** What a channel shows. */
export const Programme = z.object({
  startAt: Timestamp,
  stopAt: Timestamp,
  title: z.string(),
  subtitle: z.string().nullable(),
  description: z.string().nullable(),
  categories: z.array(z.string()),
  iconUrl: z.string().nullable(),
  /** As the guide says it: `PG`, `MPAA PG`. */
  rating: z.string().nullable(),
  /** `S01E02`, or as the guide numbers it. */
  episode: z.string().nullable(),
});
export type Programme = z.infer<typeof Programme>;

/** Everything known of a title. JSON-safe, so that it can be kept in a shared cache. */
export const MediaDetail = z.object({
  ...DetailRow.shape,
  cast: z.array(z.object({ ...Person.shape, character: z.string().nullable() })),
  directors: z.array(Person),
  writers: z.array(Person),
  crew: z.array(z.object({ ...Person.shape, job: z.string().nullable(), department: z.string().nullable() })),
  seasons: z.array(Season),
  /** Of a live channel whose guide is known: what it shows from now on. */
  programmes: z.array(Programme),
});
export type MediaDetail = z.infer<typeof MediaDetail>;

/** A title as the API answers it: our uuid as `id`, no row numbers, absolute image addresses. */
const ApiEpisode = Episode.omit({ episodeId: true });
export const MediaAnswer = z.object({
  id: z.uuid(),
  ...MediaDetail.omit({ mediaId: true, publicId: true, seasons: true }).shape,
  seasons: z.array(z.object({ ...Season.shape, episodes: z.array(ApiEpisode) })),
});
export type MediaAnswer = z.infer<typeof MediaAnswer>;

/** A title in a list. */
export const MediaSummary = z.object({
  id: z.uuid(),
  ...DetailRow.pick({
    canonicalId: true,
    kind: true,
    subkind: true,
    title: true,
    year: true,
    releaseDate: true,
    runtimeMinutes: true,
    genres: true,
    imdbId: true,
    posterUrl: true,
    rating: true,
    isPublished: true,
    isFeatured: true,
    isPublic: true,
    isAdult: true,
    watchCount: true,
    totalStreams: true,
    openStreams: true,
    createdAt: true,
    updatedAt: true,
  }).shape,
  lastStreamAddedAt: Timestamp.nullable(),
});
export type MediaSummary = z.infer<typeof MediaSummary>;

export const MediaPage = z.object({
  media: z.array(MediaSummary),
  /** For `cursor` of the next request; null on the last page. */
  nextCursor: z.string().nullable(),
});

export const MEDIA_SORTS = ['match', 'added', 'popular', 'new', 'release', 'rating'] as const;
export type MediaSort = (typeof MEDIA_SORTS)[number];

/**
 * Query of `GET /api/media`. `search` (or `q`) finds up to 300 titles as the add-on's search does, hidden ones too, and orders them by
 * `match`; without it the order is `added`. These two show hidden titles too, the other orders only what viewers see. Adult titles are
 * answered with `adult=true` only, and then alone.
 */
export const MediaQuery = z.strictObject({
  kind: Kind.optional(),
  genre: z.string().trim().min(1).max(100).optional(),
  year: z.coerce.number().int().min(1870).max(2200).optional(),
  q: z.string().trim().min(1).max(200).optional(),
  search: z.string().trim().min(1).max(200).optional(),
  sort: z.enum(MEDIA_SORTS).optional(),
  hidden: z.stringbool().optional(),
  adult: z.stringbool().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(500).optional(),
});
export type MediaQuery = z.infer<typeof MediaQuery>;
