import { z } from 'zod';
import { itemsOf, text } from './config-values.ts';

/** Sources of metadata, most trusted first. */
export const METADATA_PROVIDERS = [
  'tmdb',
  'tvdb',
  'cinemeta',
  'tvmaze',
  'trakt',
  'omdb',
  'kitsu',
  'anilist',
  'mal',
  'fanart',
] as const;
const NONE = 'none';

const key = (whose: string) => text().max(500).optional().describe(`${whose} Not asked when absent.`);

/** Those of sources of metadata; a part of `Env`. */
export const METADATA_SETTINGS = {
  METADATA_PROVIDERS: text()
    .refine((value) => value === NONE || itemsOf(value).every(isProvider), {
      error: `every entry must be one of ${METADATA_PROVIDERS.join(', ')}, or the whole \`none\``,
    })
    .refine((value) => new Set(itemsOf(value)).size === itemsOf(value).length, 'every entry stands once')
    .default(METADATA_PROVIDERS.join(','))
    .describe(
      'Comma-separated sources of titles’ metadata that may be asked, most trusted first; `none` asks nobody. Those with a key below are asked once it is set.',
    ),
  TMDB_API_KEY: key('Key of themoviedb.org: a v3 key or a v4 read token.'),
  TVDB_API_KEY: key('Key of thetvdb.com (v4); a subscriber’s with its PIN behind it, `key:pin`.'),
  OMDB_API_KEY: key('Key of omdbapi.com, for ratings of IMDb, Rotten Tomatoes and Metacritic.'),
  OMDB_REQUESTS_PER_DAY: z.coerce
    .number()
    .int()
    .min(10)
    .max(10_000_000)
    .default(1000)
    .describe('How many requests a day that key has; a free one has 1,000.'),
  TRAKT_CLIENT_ID: key('Client id of an application at trakt.tv.'),
  FANART_API_KEY: key('Key of fanart.tv, for images.'),
};

/** Which sources may be asked, with what. Keys are secrets: in no log, error or metric. */
export type MetadataSettings = Readonly<{
  /** Most trusted first. */
  providers: readonly string[];
  keys: Readonly<Record<string, string>>;
  /** Requests a day, of those that count by the day. */
  perDay: Readonly<Record<string, number>>;
}>;

const Env = z.object(METADATA_SETTINGS);

export function metadataSettings(e: z.infer<typeof Env>): MetadataSettings {
  const keys = {
    tmdb: e.TMDB_API_KEY,
    tvdb: e.TVDB_API_KEY,
    omdb: e.OMDB_API_KEY,
    trakt: e.TRAKT_CLIENT_ID,
    fanart: e.FANART_API_KEY,
  };
  return {
    providers: e.METADATA_PROVIDERS === NONE ? [] : itemsOf(e.METADATA_PROVIDERS),
    keys: Object.fromEntries(
      Object.entries(keys).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    perDay: { omdb: e.OMDB_REQUESTS_PER_DAY },
  };
}

function isProvider(name: string): boolean {
  return METADATA_PROVIDERS.some((known) => known === name);
}
