import { z } from 'zod';
import {
  day,
  idNumber,
  imdbTitle,
  line,
  listOf,
  maybe,
  prose,
  webUrl,
  wholeListOf,
  youtubeId,
} from '../fields.ts';

const Names = listOf(z.string().trim().min(1));
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
  name: line(),
  title: line(),
  released: day(),
  firstAired: day(),
  overview: prose(),
  description: prose(),
  thumbnail: webUrl(),
});

/** `{meta}` of the add-on protocol, with what Cinemeta adds to it. */
export const Meta = z.object({
  id: z.string().regex(/^tt\d{5,12}$/),
  type: z.enum(['movie', 'series']),
  name: z.string().trim().min(1),
  /** `1999`, `2008–2013`, `2019–`. */
  releaseInfo: maybe(z.string()),
  year: maybe(z.coerce.string()),
  released: day(),
  runtime: maybe(z.string()),
  description: prose(),
  genres: Names,
  genre: NameList,
  cast: Names,
  director: NameList,
  writer: NameList,
  imdbRating: maybe(z.coerce.number().gt(0).max(10)),
  poster: webUrl(),
  background: webUrl(),
  logo: webUrl(),
  moviedb_id: idNumber(),
  tvdb_id: idNumber(),
  trailerStreams: listOf(z.object({ ytId: youtubeId() })),
  trailers: listOf(z.object({ source: youtubeId() })),
  videos: listOf(Video),
});
export type Meta = z.infer<typeof Meta>;

/** An id it does not know is answered by an empty object as often as by 404. */
const Nothing = z.strictObject({}).transform(() => null);
export const MetaAnswer = z.union([
  z.object({ meta: z.union([Meta, Nothing, z.null()]) }),
  Nothing.transform(() => ({ meta: null })),
]);

export const SearchAnswer = z.object({
  metas: wholeListOf(
    z.object({
      id: imdbTitle(),
      name: line(),
      releaseInfo: maybe(z.string()),
      year: maybe(z.coerce.string()),
      poster: webUrl(),
    }),
  ),
});
