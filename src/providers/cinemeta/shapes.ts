import { z } from 'zod';
import { Day, entries, ImdbId, maybe, NumberedId, WebUrl, Words, YoutubeId } from '../answer-shapes.ts';

const Names = entries(z.string().trim().min(1));
/** A list of names, or one string of them. */
const NameList = z
  .unknown()
  .optional()
  .transform((given) => (typeof given === 'string' ? given.split(', ') : given))
  .pipe(Names);
const Place = z.int().min(0).max(99_999);

const Video = z.object({
  season: Place,
  /** Older answers say `number`. */
  episode: maybe(Place),
  number: maybe(Place),
  name: Words,
  title: Words,
  released: Day,
  firstAired: Day,
  overview: Words,
  description: Words,
  thumbnail: WebUrl,
});

/** `{meta}` of the add-on protocol, with what Cinemeta adds to it. */
export const Meta = z.object({
  id: z.string().regex(/^tt\d{5,12}$/),
  type: z.enum(['movie', 'series']),
  name: z.string().trim().min(1),
  /** `1999`, `2008–2013`, `2019–`. */
  releaseInfo: maybe(z.string()),
  year: maybe(z.coerce.string()),
  released: Day,
  runtime: maybe(z.string()),
  description: Words,
  genres: Names,
  genre: NameList,
  cast: Names,
  director: NameList,
  writer: NameList,
  imdbRating: maybe(z.coerce.number().gt(0).max(10)),
  poster: WebUrl,
  background: WebUrl,
  logo: WebUrl,
  moviedb_id: NumberedId,
  tvdb_id: NumberedId,
  trailerStreams: entries(z.object({ ytId: YoutubeId })),
  trailers: entries(z.object({ source: YoutubeId })),
  videos: entries(Video),
});
export type Meta = z.infer<typeof Meta>;

/** An id it does not know is answered by an empty object as often as by 404. */
const Nothing = z.strictObject({}).transform(() => null);
export const MetaAnswer = z.union([
  z.object({ meta: z.union([Meta, Nothing, z.null()]) }),
  Nothing.transform(() => ({ meta: null })),
]);

export const SearchAnswer = z.object({
  metas: z.array(z.unknown()).pipe(
    entries(
      z.object({
        id: ImdbId,
        name: Words,
        releaseInfo: maybe(z.string()),
        year: maybe(z.coerce.string()),
        poster: WebUrl,
      }),
    ),
  ),
});
