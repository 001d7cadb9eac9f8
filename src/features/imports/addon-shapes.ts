import { z } from 'zod';
import { infoYear, minutesIn } from './addon-text.ts';
import { ImportTitle } from './schemas.ts';

const Name = z.string().max(2000);
/** A field of the wrong shape is as good as none: add-ons differ. */
const loose = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const Catalog = z.looseObject({
  type: Name.min(1),
  id: Name.min(1),
  extra: loose(z.array(z.looseObject({ name: Name, isRequired: loose(z.boolean()) }))),
});
const Resource = z.union([Name, z.looseObject({ name: Name }).transform(({ name }) => name)]);
export const AddonManifest = z.looseObject({
  id: Name,
  name: Name,
  catalogs: z.array(z.unknown()).default([]),
  resources: z.array(Resource.catch('')).default([]),
});
export type AddonCatalog = z.infer<typeof Catalog>;
export const catalogsOf = (catalogs: readonly unknown[]): AddonCatalog[] =>
  catalogs.flatMap((catalog) => Catalog.safeParse(catalog).data ?? []);

const Video = z.looseObject({
  id: Name.min(1),
  season: z.int().min(0).max(9999),
  episode: loose(z.int().min(0).max(99_999)),
  number: loose(z.int().min(0).max(99_999)),
  title: loose(Name),
  name: loose(Name),
  released: loose(z.string().max(100)),
  overview: loose(z.string()),
  thumbnail: loose(Name),
});
const Meta = z.looseObject({
  id: Name.min(1),
  type: Name,
  name: Name.min(1),
  releaseInfo: loose(z.union([z.string(), z.number()])),
  description: loose(z.string()),
  poster: loose(z.string()),
  background: loose(z.string()),
  logo: loose(z.string()),
  runtime: loose(z.string()),
  imdbRating: loose(z.coerce.number().min(0).max(10)),
  genres: loose(z.array(z.string())),
  cast: loose(z.array(z.string())),
  director: loose(z.array(z.string())),
  videos: loose(z.array(z.unknown())),
});
export type AddonMeta = z.infer<typeof Meta>;
export const MetaAnswer = z.looseObject({ meta: Meta });
export const CatalogAnswer = z.looseObject({ metas: z.array(z.unknown()).max(10_000) });
export const StreamsAnswer = z.looseObject({ streams: z.array(z.unknown()).max(10_000) });
export const metaOf = (value: unknown): AddonMeta | null => Meta.safeParse(value).data ?? null;

const KINDS: Readonly<Record<string, ImportTitle['kind']>> = {
  ...{ movie: 'movie', series: 'series', tv: 'tv', channel: 'tv', events: 'event', event: 'event' },
};
/** An episode as the add-on names it, and its numbers. */
export type AddonVideo = { id: string; season: number; episode: number };

/** A title as the import format has it; null where the add-on's is none of ours. */
export function titleOfMeta(meta: AddonMeta): { title: ImportTitle; videos: AddonVideo[] } | null {
  const kind = KINDS[meta.type];
  if (kind === undefined) return null;
  const { seasons, videos } = kind === 'series' ? seasonsOf(meta.videos ?? []) : { seasons: [], videos: [] };
  const year = infoYear(meta.releaseInfo);
  const parsed = ImportTitle.safeParse({
    ...{ kind, title: meta.name.trim().slice(0, 500), ids: idsOf(meta.id) },
    ...(year === null ? {} : { year }),
    ...(meta.description?.trim() ? { overview: meta.description.slice(0, 20_000) } : {}),
    images: imagesOf(meta),
    ...(minutesIn(meta.runtime) === null ? {} : { runtimeMinutes: minutesIn(meta.runtime) }),
    ...(meta.imdbRating ? { ratings: [{ provider: 'imdb', rating: meta.imdbRating }] } : {}),
    ...(meta.genres === undefined ? {} : { genres: names(meta.genres, 100).slice(0, 50) }),
    ...(meta.cast === undefined
      ? {}
      : {
          cast: names(meta.cast, 300)
            .slice(0, 100)
            .map((name) => ({ name })),
        }),
    ...(seasons.length === 0 ? {} : { seasons }),
  });
  return parsed.success ? { title: parsed.data, videos } : null;
}

function idsOf(id: string): Record<string, string> {
  if (/^tt\d{5,12}$/.test(id)) return { imdb: id };
  const [, provider, value] = /^(tmdb|tvdb|kitsu|mal|anilist):([1-9]\d{0,8})$/.exec(id) ?? [];
  return provider === undefined || value === undefined ? {} : { [provider]: value };
}

function imagesOf({ poster, background, logo }: AddonMeta): { type: string; url: string }[] {
  return Object.entries({ poster, background, logo }).flatMap(([type, url]) =>
    url !== undefined && isWebUrl(url) ? [{ type, url }] : [],
  );
}

export function isWebUrl(url: string): boolean {
  return /^https?:\/\//i.test(url) && url.length <= 8192 && URL.canParse(url);
}

function names(given: readonly string[], max: number): string[] {
  return [...new Set(given.map((name) => name.trim().slice(0, max)).filter((name) => name !== ''))];
}

const MAX_EPISODES = 5000;

function seasonsOf(given: readonly unknown[]) {
  const seasons = new Map<number, Map<number, object>>();
  const videos: AddonVideo[] = [];
  for (const value of given.slice(0, MAX_EPISODES)) {
    const video = Video.safeParse(value).data;
    const number = video?.episode ?? video?.number;
    if (video === undefined || number === undefined) continue;
    const episodes = seasons.get(video.season) ?? new Map<number, object>();
    if (!episodes.has(number)) videos.push({ id: video.id, season: video.season, episode: number });
    episodes.set(number, episodeOf(number, video));
    seasons.set(video.season, episodes);
  }
  const listed = [...seasons].map(([number, episodes]) => ({ number, episodes: [...episodes.values()] }));
  return { seasons: listed.slice(0, 500), videos };
}

function episodeOf(number: number, video: z.infer<typeof Video>): object {
  const title = (video.title ?? video.name ?? '').trim().slice(0, 500);
  const airDate = z.iso.date().safeParse(video.released?.slice(0, 10)).data;
  return {
    number,
    ...(title === '' ? {} : { title }),
    ...(airDate === undefined ? {} : { airDate }),
    ...(video.overview?.trim() ? { overview: video.overview.slice(0, 20_000) } : {}),
    ...(video.thumbnail !== undefined && isWebUrl(video.thumbnail) ? { thumbnail: video.thumbnail } : {}),
  };
}
