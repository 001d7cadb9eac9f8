import { z } from 'zod';
import type { EpisodeRule } from '../../kit/anime-numbering.ts';
import { command, type Db, rows, sql } from '../../platform/db.ts';

const ANIME_LISTS = ['fribb', 'anime-lists', 'manami'] as const;
export type AnimeType = 'tv' | 'movie' | 'ova' | 'ona' | 'special';

/** A row of `id_mapping`, under the names of its columns. */
export type Mapping = {
  list: (typeof ANIME_LISTS)[number];
  entry: string;
  type: AnimeType | null;
  mal: number | null;
  anilist: number | null;
  kitsu: number | null;
  anidb: number | null;
  imdb: string | null;
  tmdb_movie: number | null;
  tmdb_tv: number | null;
  tvdb: number | null;
  trakt: number | null;
  tvdb_season: number | null;
  tvdb_absolute: boolean;
  tvdb_offset: number | null;
  tmdb_season: number | null;
  tmdb_absolute: boolean;
  tmdb_offset: number | null;
  rules: readonly EpisodeRule[];
};

const Changed = z.object({ isNew: z.boolean() });

/** Adds or changes entries, each named once; answers one row for each that is different now. */
export function putMappings(
  db: Db,
  mappings: readonly Mapping[],
): Promise<readonly z.infer<typeof Changed>[]> {
  return db.any(rows('ids.put_mappings', Changed)`
    INSERT INTO id_mapping AS o (list, entry, type, mal, anilist, kitsu, anidb, imdb, tmdb_movie, tmdb_tv, tvdb, trakt,
      tvdb_season, tvdb_absolute, tvdb_offset, tmdb_season, tmdb_absolute, tmdb_offset, rules)
    SELECT n.list, n.entry, n.type, n.mal, n.anilist, n.kitsu, n.anidb, n.imdb, n.tmdb_movie, n.tmdb_tv, n.tvdb, n.trakt,
      n.tvdb_season, n.tvdb_absolute, n.tvdb_offset, n.tmdb_season, n.tmdb_absolute, n.tmdb_offset, n.rules
    FROM jsonb_populate_recordset(NULL::id_mapping, ${sql.jsonb(mappings.map((mapping) => ({ ...mapping, rules: mapping.rules.map((rule) => ({ ...rule })) })))}) AS n
    ON CONFLICT (list, entry) DO UPDATE SET
      type = EXCLUDED.type, mal = EXCLUDED.mal, anilist = EXCLUDED.anilist, kitsu = EXCLUDED.kitsu, anidb = EXCLUDED.anidb,
      imdb = EXCLUDED.imdb, tmdb_movie = EXCLUDED.tmdb_movie, tmdb_tv = EXCLUDED.tmdb_tv, tvdb = EXCLUDED.tvdb,
      trakt = EXCLUDED.trakt, tvdb_season = EXCLUDED.tvdb_season, tvdb_absolute = EXCLUDED.tvdb_absolute,
      tvdb_offset = EXCLUDED.tvdb_offset, tmdb_season = EXCLUDED.tmdb_season, tmdb_absolute = EXCLUDED.tmdb_absolute,
      tmdb_offset = EXCLUDED.tmdb_offset, rules = EXCLUDED.rules
    WHERE (o.*) IS DISTINCT FROM (EXCLUDED.*)
    RETURNING (xmax = 0) AS "isNew"
  `);
}

const Deleted = z.object({ count: z.int() });

/** Takes away what a list no longer names. */
export async function deleteOtherMappings(
  db: Db,
  list: Mapping['list'],
  entries: readonly string[],
): Promise<number> {
  const { count } = await db.one(rows('ids.delete_others', Deleted)`
    WITH gone AS (
      DELETE FROM id_mapping WHERE list = ${list} AND entry <> ALL(${sql.array(entries, 'text')}) RETURNING 1
    )
    SELECT count(*)::integer AS count FROM gone
  `);
  return count;
}

/** One import of mappings at a time, until the transaction ends. */
export async function lockMappings(db: Db): Promise<void> {
  await db.query(command('ids.lock')`SELECT pg_advisory_xact_lock(hashtext('ids.mappings'))`);
}
