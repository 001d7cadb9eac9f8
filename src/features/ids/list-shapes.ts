import { z } from 'zod';
import { emptyMapping, withoutNothing } from './mapping.ts';
import type { AnimeType, Mapping } from './queries.ts';

/** The lists are made by machines of many hands: a field that is not what it should be counts as not there. */
const Id = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ])
  .pipe(z.int().min(1).max(2_147_483_647))
  .optional()
  .catch(undefined);
/** A list of more than one (films in parts) names none: nobody says which part is meant. */
const OneOf = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value), item);
const Imdb = OneOf(z.string().regex(/^tt\d{5,12}$/))
  .optional()
  .catch(undefined);
const Whole = z.int().min(-100_000).max(100_000).optional().catch(undefined);
const Season = z
  .union([z.int().min(-1).max(9999), z.literal('a')])
  .optional()
  .catch(undefined);

const Tmdb = z
  .union([Id.unwrap(), z.looseObject({ tv: OneOf(Id), movie: OneOf(Id) })])
  .optional()
  .catch(undefined);

/** An entry of Fribb's anime-lists. */
const FribbEntry = z.looseObject({
  type: z.string().max(50).optional().catch(undefined),
  mal_id: Id,
  anilist_id: Id,
  kitsu_id: Id,
  anidb_id: Id,
  trakt_id: Id,
  imdb_id: Imdb,
  themoviedb_id: Tmdb,
  tvdb_id: Id,
  thetvdb_id: Id,
  season: z.looseObject({ tvdb: Season, tmdb: Season }).optional().catch(undefined),
  episode_offset: z.looseObject({ tvdb: Whole, tmdb: Whole }).optional().catch(undefined),
});

const TYPES: Readonly<Record<string, AnimeType>> = {
  ...{ TV: 'tv', MOVIE: 'movie', OVA: 'ova', ONA: 'ona', SPECIAL: 'special' },
};

/** Null: nothing in it can be used. */
export function fribbMapping(value: unknown): Mapping | null {
  const parsed = FribbEntry.safeParse(value);
  if (!parsed.success) return null;
  const type = TYPES[parsed.data.type?.trim().toUpperCase() ?? ''] ?? null;
  return withoutNothing({
    ...emptyMapping('fribb'),
    type,
    ...fribbIds(parsed.data),
    ...tmdbIds(parsed.data.themoviedb_id, type),
    ...fribbPlaces(parsed.data),
  });
}

type FribbEntry = z.infer<typeof FribbEntry>;

function fribbIds(entry: FribbEntry) {
  return {
    mal: entry.mal_id ?? null,
    anilist: entry.anilist_id ?? null,
    kitsu: entry.kitsu_id ?? null,
    anidb: entry.anidb_id ?? null,
    trakt: entry.trakt_id ?? null,
    imdb: entry.imdb_id ?? null,
    tvdb: entry.tvdb_id ?? entry.thetvdb_id ?? null,
  };
}

function fribbPlaces({ season, episode_offset: offset }: FribbEntry) {
  return {
    tvdb_season: seasonOf(season?.tvdb),
    tvdb_absolute: isAbsolute(season?.tvdb),
    tvdb_offset: offset?.tvdb ?? null,
    tmdb_season: seasonOf(season?.tmdb),
    tmdb_absolute: isAbsolute(season?.tmdb),
    tmdb_offset: offset?.tmdb ?? null,
  };
}

/** A bare number is a film's or a series' by the type; of an OVA or a special nobody can tell. */
function tmdbIds(tmdb: z.infer<typeof Tmdb>, type: AnimeType | null) {
  if (typeof tmdb === 'object') return { tmdb_movie: tmdb.movie ?? null, tmdb_tv: tmdb.tv ?? null };
  return {
    tmdb_movie: type === 'movie' ? (tmdb ?? null) : null,
    tmdb_tv: type === 'tv' || type === 'ona' ? (tmdb ?? null) : null,
  };
}

function seasonOf(season: z.infer<typeof Season>): number | null {
  return typeof season === 'number' && season >= 0 ? season : null;
}

function isAbsolute(season: z.infer<typeof Season>): boolean {
  return season === 'a' || season === -1;
}

/** An entry of manami's anime-offline-database: the pages of one anime at each site. */
const ManamiEntry = z.looseObject({
  sources: z.array(z.string().max(500)).max(100),
  type: z.string().max(50).optional().catch(undefined),
});

/** Their pages, by old and new addresses. */
const PAGES: readonly { id: 'mal' | 'anilist' | 'kitsu' | 'anidb'; page: RegExp }[] = [
  { id: 'mal', page: /^https?:\/\/(?:www\.)?myanimelist\.net\/anime\/([1-9]\d{0,8})(?:\/|$)/ },
  { id: 'anilist', page: /^https?:\/\/(?:www\.)?anilist\.co\/anime\/([1-9]\d{0,8})(?:\/|$)/ },
  { id: 'kitsu', page: /^https?:\/\/(?:www\.)?kitsu\.(?:app|io)\/anime\/([1-9]\d{0,8})(?:\/|$)/ },
  { id: 'anidb', page: /^https?:\/\/(?:www\.)?anidb\.net\/(?:anime\/|a)([1-9]\d{0,8})(?:\/|$)/ },
];

/** Null: nothing in it can be used. A site with two pages of one anime (a split into parts there) names none. */
export function manamiMapping(value: unknown): Mapping | null {
  const parsed = ManamiEntry.safeParse(value);
  if (!parsed.success) return null;
  const { sources, type } = parsed.data;
  const ids = PAGES.flatMap(({ id, page }) => {
    const found = [...new Set(sources.flatMap((source) => page.exec(source)?.[1] ?? []))];
    return found.length === 1 ? [[id, Number(found[0])] as const] : [];
  });
  return withoutNothing({
    ...emptyMapping('manami'),
    type: TYPES[type?.trim().toUpperCase() ?? ''] ?? null,
    ...Object.fromEntries(ids),
  });
}

export function isManami(value: unknown): boolean {
  return ManamiEntry.safeParse(value).success;
}
