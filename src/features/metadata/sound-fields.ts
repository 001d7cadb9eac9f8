import { z } from 'zod';
import type { ProvidedTitle } from '../../providers/provider.ts';
import { MediaPatch, TitleInput } from '../media/index.ts';

const SHAPE = MediaPatch.shape;

/** Fields of which a title has one value: the first provider's that has any. */
const ONE_VALUE = {
  title: SHAPE.title,
  originalTitle: SHAPE.originalTitle,
  year: SHAPE.year,
  releaseDate: SHAPE.releaseDate,
  endDate: SHAPE.endDate,
  runtimeMinutes: SHAPE.runtimeMinutes,
  status: SHAPE.status,
  network: SHAPE.network,
  tagline: SHAPE.tagline,
  overview: SHAPE.overview,
  subkind: SHAPE.subkind,
  popularity: SHAPE.popularity,
  nudity: SHAPE.nudity,
  trailer: SHAPE.trailer,
  languages: SHAPE.languages,
  countries: SHAPE.countries,
  genres: SHAPE.genres,
  keywords: SHAPE.keywords,
  companies: SHAPE.companies,
  cast: SHAPE.cast,
  crew: SHAPE.crew,
};
/** Fields whose entries are put together from all providers. */
const TOGETHER = {
  aliases: SHAPE.aliases,
  certifications: SHAPE.certifications,
  images: SHAPE.images,
  translations: SHAPE.translations,
  ratings: SHAPE.ratings,
  seasons: SHAPE.seasons,
};
const SoundFields = z.object({ ...ONE_VALUE, ...TOGETHER });
export type SoundFields = z.infer<typeof SoundFields>;

/** What is written with an origin of its own. */
export const OwnedFields = z.object({
  ...ONE_VALUE,
  certifications: SHAPE.certifications,
  rating: SHAPE.rating,
  ratingCount: SHAPE.ratingCount,
});
export type OwnedFields = z.infer<typeof OwnedFields>;
export const ONE_VALUE_FIELDS: readonly (keyof typeof ONE_VALUE)[] = z.object(ONE_VALUE).keyof().options;

/** Longer lists are cut: billing goes on for a thousand in some answers, and a page shows a dozen. */
const MOST: Readonly<Record<string, number>> = {
  genres: 50,
  companies: 100,
  cast: 150,
  crew: 150,
  ratings: 20,
};
const MOST_ELSE = 100;
const MOST_EPISODES = 5000;

/** What of an answer holds to the rules of titles; an entry that does not is left out, not the whole. */
export function soundFields(provided: ProvidedTitle): SoundFields {
  const { seasons, ...rest } = provided;
  const given = new Map<string, unknown>(Object.entries(rest));
  const fields = Object.entries(SoundFields.shape).flatMap(([field, schema]): [string, unknown][] => {
    const value =
      field === 'seasons' ? soundSeasons(seasons) : sound(schema, given.get(field), MOST[field] ?? MOST_ELSE);
    return value === undefined ? [] : [[field, value]];
  });
  return SoundFields.parse(Object.fromEntries(fields));
}

/** Ids that look as ids of their providers do. */
export function soundIds(ids: Readonly<Record<string, string>>): Record<string, string> {
  const sure = Object.entries(ids).filter(([provider, value]) => Id.safeParse({ [provider]: value }).success);
  return Object.fromEntries(sure);
}
const Id = TitleInput.shape.ids.unwrap();

/** The first poster that is told of; null: none that holds to the rules of titles. */
export function posterOf({ images = [] }: Pick<ProvidedTitle, 'images'>): string | null {
  const [poster] = images.filter(({ type, url }) => type === 'poster' && soundPoster(url) !== null);
  return poster?.url ?? null;
}

export function soundPoster(url: string | undefined): string | null {
  const isSound = url !== undefined && SHAPE.images.safeParse([{ type: 'poster', url }]).success;
  return isSound ? url : null;
}

function sound(schema: z.ZodType, value: unknown, most: number): unknown {
  if (value === undefined) return undefined;
  const whole = schema.safeParse(value);
  if (whole.success || !Array.isArray(value)) return whole.data;
  const kept = value.filter((entry) => schema.safeParse([entry]).success).slice(0, most);
  return schema.safeParse(kept).data;
}

/** Of a season with a broken episode the others stay. */
function soundSeasons(seasons: ProvidedTitle['seasons']): unknown {
  if (seasons === undefined) return undefined;
  const cleaned = seasons.map((season) => ({
    ...season,
    ...(season.episodes === undefined
      ? {}
      : {
          episodes: season.episodes
            .filter(
              (episode) => SHAPE.seasons.safeParse([{ number: season.number, episodes: [episode] }]).success,
            )
            .slice(0, MOST_EPISODES),
        }),
  }));
  return sound(SHAPE.seasons, cleaned, 500);
}
