import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

/** Columns of `id_mapping` that hold ids. */
export const MAPPED_IDS = [
  'mal',
  'anilist',
  'kitsu',
  'anidb',
  'imdb',
  'tmdb_movie',
  'tmdb_tv',
  'tvdb',
  'trakt',
] as const;
export type MappedId = (typeof MAPPED_IDS)[number];
/** An id under its column's name. */
export type IdKey = { id: MappedId; value: string };

const EpisodeRule = z.object({
  scheme: z.enum(['tvdb', 'tmdb']),
  season: z.int(),
  from: z.int().exactOptional(),
  to: z.int().exactOptional(),
  offset: z.int().exactOptional(),
  pairs: z.record(z.string(), z.int()).exactOptional(),
});

const Id = z.string().nullable();
const MappingRow = z.object({
  list: z.string(),
  type: z.string().nullable(),
  ...{
    mal: Id,
    anilist: Id,
    kitsu: Id,
    anidb: Id,
    imdb: Id,
    tmdb_movie: Id,
    tmdb_tv: Id,
    tvdb: Id,
    trakt: Id,
  },
  tvdbSeason: z.int().nullable(),
  tvdbAbsolute: z.boolean(),
  tvdbOffset: z.int().nullable(),
  tmdbSeason: z.int().nullable(),
  tmdbAbsolute: z.boolean(),
  tmdbOffset: z.int().nullable(),
  rules: z.array(EpisodeRule),
});
export type MappingRow = z.infer<typeof MappingRow>;

/** The longest-running series have some hundred entries; a list that calls all anime one is not followed further. */
const MAX_ROWS = 5000;

/** What the public lists say of the entries that have one of these ids. */
export function mappingRows(db: Db, ids: readonly IdKey[]): Promise<readonly MappingRow[]> {
  const numbers = (id: MappedId) => sql.array(valuesOf(ids, id).map(Number), 'int4');
  return db.any(rows('media.mapping_rows', MappingRow)`
    SELECT m.list, m.type, m.mal::text, m.anilist::text, m.kitsu::text, m.anidb::text, m.imdb, m.tmdb_movie::text,
      m.tmdb_tv::text, m.tvdb::text, m.trakt::text, m.tvdb_season AS "tvdbSeason", m.tvdb_absolute AS "tvdbAbsolute",
      m.tvdb_offset AS "tvdbOffset", m.tmdb_season AS "tmdbSeason", m.tmdb_absolute AS "tmdbAbsolute",
      m.tmdb_offset AS "tmdbOffset", m.rules
    FROM id_mapping m
    WHERE m.mal = ANY(${numbers('mal')}) OR m.anilist = ANY(${numbers('anilist')}) OR m.kitsu = ANY(${numbers('kitsu')})
      OR m.anidb = ANY(${numbers('anidb')}) OR m.imdb = ANY(${sql.array(valuesOf(ids, 'imdb'), 'text')})
      OR m.tmdb_movie = ANY(${numbers('tmdb_movie')}) OR m.tmdb_tv = ANY(${numbers('tmdb_tv')})
      OR m.tvdb = ANY(${numbers('tvdb')}) OR m.trakt = ANY(${numbers('trakt')})
    ORDER BY m.list, m.entry
    LIMIT ${MAX_ROWS}
  `);
}

function valuesOf(ids: readonly IdKey[], id: MappedId): string[] {
  return [...new Set(ids.flatMap((key) => (key.id === id ? [key.value] : [])))];
}

const MappedMedia = z.object({ mediaId: z.int() });

/** Every title that the lists know an id of; for after an import of them. */
export function mappedMedia(db: Db): Promise<readonly z.infer<typeof MappedMedia>[]> {
  return db.any(rows('media.mapped', MappedMedia)`
    SELECT DISTINCT e.media_id AS "mediaId"
    FROM id_mapping m
    CROSS JOIN LATERAL (VALUES
      ('mal', 'any', m.mal::text), ('anilist', 'any', m.anilist::text), ('kitsu', 'any', m.kitsu::text), ('imdb', 'any', m.imdb),
      ('tmdb', 'movie', m.tmdb_movie::text), ('tmdb', 'tv', m.tmdb_tv::text), ('tvdb', 'tv', m.tvdb::text)
    ) AS g(provider, ns, external_id)
    JOIN media_external_id e ON e.provider = g.provider AND e.ns = g.ns AND e.external_id = g.external_id
    ORDER BY 1
  `);
}
