import { z } from 'zod';
import { MEDIA_KINDS } from '../../catalogs/catalog.ts';

export const SUBKINDS = ['anime', 'documentary', 'short', 'miniseries', 'sport', 'concert'] as const;
const IMAGE_TYPES = ['poster', 'background', 'logo', 'still'] as const;
/** Rows of `rating_provider`. */
const RATING_PROVIDERS = [
  'imdb',
  'tmdb',
  'trakt',
  'letterboxd',
  'rottentomatoes',
  'metacritic',
  'rogerebert',
  'mal',
  'tvmaze',
  'kitsu',
  'anilist',
] as const;

/** Trimmed text of 1 to `max` characters; Postgres text cannot hold U+0000. */
export const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max, `is longer than ${max} characters`)
    .refine((value) => !value.includes('\0'), 'holds a null character');
export const listOf = <T extends z.ZodType>(item: T, max: number) =>
  z.array(item).max(max, `has more than ${max} entries`);

const Digits = z.string().regex(/^[1-9]\d{0,8}$/, 'must be a number as text, such as "603"');
const IsoDate = z.iso.date('must be a date such as 2008-04-10');
export const LanguageCode = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language code such as en or pt-BR');
const Country = z.string().regex(/^[A-Z]{2}$/, 'must be a country code such as NL');
const Minutes = z.int().min(1).max(100_000);

/** A web address, or `asset:…` for a file that comes with the product. */
export const FileUrl = z
  .string()
  .max(8192)
  .refine(isWebOrAsset, 'must be an http(s) URL, or asset:folder/file for a shipped file');

function isWebOrAsset(url: string): boolean {
  if (url.startsWith('asset:')) return /^asset:[\w-]+(\/[\w.-]+)+$/.test(url) && !url.includes('..');
  return /^https?:\/\//.test(url) && URL.canParse(url);
}

const ids = {
  imdb: z.string().regex(/^tt\d{5,12}$/, 'must look like tt0063350'),
  tmdb: Digits,
  tvdb: Digits,
  trakt: Digits,
  kitsu: Digits,
  mal: Digits,
  anilist: Digits,
  tvmaze: Digits,
  wikidata: z.string().regex(/^Q[1-9]\d{0,11}$/, 'must look like Q1758181'),
  /** Of a channel: its id in programme guides. */
  xmltv: text(100),
};

const person = {
  name: text(300),
  /** Ids keep two people of one name apart; without any, the name decides. */
  imdb: z
    .string()
    .regex(/^nm\d{5,12}$/, 'must look like nm0000123')
    .optional(),
  tmdb: Digits.optional(),
};

export const episodeShape = {
  number: z.int().min(0).max(99_999),
  title: text(500).optional(),
  overview: text(20_000).optional(),
  airDate: IsoDate.optional(),
  runtimeMinutes: Minutes.optional(),
  thumbnail: FileUrl.optional(),
};

export const seasonShape = {
  number: z.int().min(0).max(9999),
  title: text(500).optional(),
  overview: text(20_000).optional(),
  airDate: IsoDate.optional(),
  poster: FileUrl.optional(),
};

const SeasonInput = z.strictObject({
  ...seasonShape,
  episodes: listOf(z.strictObject(episodeShape), 5000).optional(),
});

const translation = z
  .strictObject({
    language: LanguageCode,
    title: text(500).optional(),
    overview: text(20_000).optional(),
    tagline: text(1000).optional(),
  })
  .refine(
    (t) => t.title !== undefined || t.overview !== undefined || t.tagline !== undefined,
    'needs a title, an overview or a tagline',
  );

/**
 * The lists of a title. One that is given becomes what the title has, one left out stays; translations and ratings
 * are kept by language and by provider, so that a language not given stays too.
 */
const lists = {
  genres: listOf(text(100), 50),
  keywords: listOf(text(200), 500),
  companies: listOf(text(300), 100),
  cast: listOf(z.strictObject({ ...person, character: text(500).optional() }), 500),
  crew: listOf(z.strictObject({ ...person, job: text(200), department: text(200).optional() }), 1000),
  certifications: listOf(
    z.strictObject({ country: Country, code: text(30), minAge: z.int().min(0).max(99).optional() }),
    100,
  ),
  images: listOf(
    z.strictObject({ type: z.enum(IMAGE_TYPES), url: FileUrl, language: LanguageCode.optional() }),
    200,
  ),
  aliases: listOf(text(500), 200),
  translations: listOf(translation, 200),
  ratings: listOf(
    z.strictObject({
      provider: z.enum(RATING_PROVIDERS),
      type: z.enum(['user', 'critic']).optional(),
      /** In the provider's own scale. */
      rating: z.number().min(0).max(100),
      votes: z.int().min(0).optional(),
    }),
    20,
  ),
};

const scalars = {
  subkind: z.enum(SUBKINDS),
  originalTitle: text(500),
  year: z.int().min(1870).max(2200),
  releaseDate: IsoDate,
  endDate: IsoDate,
  runtimeMinutes: Minutes,
  status: text(100),
  network: text(200),
  tagline: text(1000),
  overview: text(20_000),
  trailer: z.strictObject({
    youtube: z.string().regex(/^[\w-]{11}$/, 'must be the 11 characters of a YouTube video id'),
  }),
  rating: z.number().min(0).max(10),
  ratingCount: z.int().min(0),
};

export const NUDITY = ['none', 'mild', 'moderate', 'severe', 'unknown'] as const;

const plain = {
  languages: listOf(LanguageCode, 100),
  countries: listOf(Country, 100),
  popularity: z.number().min(0),
  /** In no list and no search unless asked for. */
  isAdult: z.boolean(),
  /** How much of it is seen. */
  nudity: z.enum(NUDITY),
};

/** Everything an import file says of a title except its seasons, licence and streams. */
export const titleShape = {
  kind: z.enum(MEDIA_KINDS),
  title: text(500),
  ids: z.strictObject(ids).partial().optional(),
  ...z.strictObject({ ...scalars, ...plain, ...lists }).partial().shape,
};

type Dates = { releaseDate?: string | null | undefined; endDate?: string | null | undefined };

/** Adds the rule that a title does not end before it was released. */
export function withDatesInOrder<T extends z.ZodType<Dates>>(schema: T) {
  return schema.refine(({ releaseDate, endDate }) => !releaseDate || !endDate || releaseDate <= endDate, {
    path: ['endDate'],
    message: 'must not be before releaseDate',
  });
}

/** A title as `POST /api/media` gives it. What is left out is unknown, or stays as it was. */
export const TitleInput = withDatesInOrder(
  z.strictObject({ ...titleShape, seasons: listOf(SeasonInput, 500).optional() }),
);
export type TitleInput = z.infer<typeof TitleInput>;

/** `PATCH /api/media/:id`: null takes a value away, a field left out stays. */
export const MediaPatch = withDatesInOrder(
  z
    .strictObject({
      title: text(500),
      subkind: scalars.subkind.nullable(),
      originalTitle: scalars.originalTitle.nullable(),
      year: scalars.year.nullable(),
      releaseDate: scalars.releaseDate.nullable(),
      endDate: scalars.endDate.nullable(),
      runtimeMinutes: scalars.runtimeMinutes.nullable(),
      status: scalars.status.nullable(),
      network: scalars.network.nullable(),
      tagline: scalars.tagline.nullable(),
      overview: scalars.overview.nullable(),
      trailer: scalars.trailer.nullable(),
      rating: scalars.rating.nullable(),
      ratingCount: scalars.ratingCount.nullable(),
      ...plain,
      ...lists,
      ids: z
        .strictObject({
          imdb: ids.imdb.nullable(),
          tmdb: ids.tmdb.nullable(),
          tvdb: ids.tvdb.nullable(),
          trakt: ids.trakt.nullable(),
          kitsu: ids.kitsu.nullable(),
          mal: ids.mal.nullable(),
          anilist: ids.anilist.nullable(),
          tvmaze: ids.tvmaze.nullable(),
          wikidata: ids.wikidata.nullable(),
          xmltv: ids.xmltv.nullable(),
        })
        .partial(),
      seasons: listOf(SeasonInput, 500),
      isPublished: z.boolean(),
      isFeatured: z.boolean(),
      isPublic: z.boolean(),
    })
    .partial(),
).refine((patch) => Object.keys(patch).length > 0, 'names nothing to change');
export type MediaPatch = z.infer<typeof MediaPatch>;
