import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { Touched } from './labels.ts';

export type SeasonRow = {
  media_id: number;
  number: number;
  title?: string | undefined;
  overview?: string | undefined;
  poster_url?: string | undefined;
  air_date?: string | undefined;
};

/** Adds seasons by number; what is not given of a known one stays. */
export function putSeasons(db: Db, seasons: readonly SeasonRow[]): Promise<readonly Touched[]> {
  return db.any(rows('media.put_seasons', Touched)`
    INSERT INTO season AS s (media_id, number, title, overview, poster_url, air_date)
    SELECT g.media_id, g.number, g.title, g.overview, g.poster_url, g.air_date
    FROM jsonb_to_recordset(${sql.jsonb(seasons.map(jsonRow))})
      AS g(media_id bigint, number integer, title text, overview text, poster_url text, air_date date)
    ON CONFLICT (media_id, number) DO UPDATE SET
      title = coalesce(EXCLUDED.title, s.title),
      overview = coalesce(EXCLUDED.overview, s.overview),
      poster_url = coalesce(EXCLUDED.poster_url, s.poster_url),
      air_date = coalesce(EXCLUDED.air_date, s.air_date)
      WHERE (s.title, s.overview, s.poster_url, s.air_date) IS DISTINCT FROM
        (coalesce(EXCLUDED.title, s.title), coalesce(EXCLUDED.overview, s.overview),
         coalesce(EXCLUDED.poster_url, s.poster_url), coalesce(EXCLUDED.air_date, s.air_date))
    RETURNING s.media_id AS "mediaId"
  `);
}

export type EpisodeRow = {
  media_id: number;
  season: number;
  number: number;
  title?: string | undefined;
  overview?: string | undefined;
  air_date?: string | undefined;
  runtime_minutes?: number | undefined;
  thumbnail_url?: string | undefined;
};

/** Adds episodes by season and number, whose seasons are there; what is not given of a known one stays. An air date may stay unknown. */
export function putEpisodes(db: Db, episodes: readonly EpisodeRow[]): Promise<readonly Touched[]> {
  return db.any(rows('media.put_episodes', Touched)`
    INSERT INTO episode AS e (season_id, media_id, number, title, overview, air_date, runtime_minutes, thumbnail_url)
    SELECT s.id, s.media_id, g.number, g.title, g.overview, g.air_date, g.runtime_minutes, g.thumbnail_url
    FROM jsonb_to_recordset(${sql.jsonb(episodes.map(jsonRow))})
      AS g(media_id bigint, season integer, number integer, title text, overview text, air_date date,
           runtime_minutes integer, thumbnail_url text)
    JOIN season s ON s.media_id = g.media_id AND s.number = g.season
    WHERE s.media_id = ANY(${sql.array([...new Set(episodes.map((episode) => episode.media_id))], 'int8')})
    ON CONFLICT (season_id, number) DO UPDATE SET
      title = coalesce(EXCLUDED.title, e.title),
      overview = coalesce(EXCLUDED.overview, e.overview),
      air_date = coalesce(EXCLUDED.air_date, e.air_date),
      runtime_minutes = coalesce(EXCLUDED.runtime_minutes, e.runtime_minutes),
      thumbnail_url = coalesce(EXCLUDED.thumbnail_url, e.thumbnail_url),
      -- Made by us for a file that told its number; who tells its title takes it over.
      provider_id = CASE WHEN EXCLUDED.title IS NULL THEN e.provider_id END
      WHERE (e.title, e.overview, e.air_date, e.runtime_minutes, e.thumbnail_url) IS DISTINCT FROM
        (coalesce(EXCLUDED.title, e.title), coalesce(EXCLUDED.overview, e.overview), coalesce(EXCLUDED.air_date, e.air_date),
         coalesce(EXCLUDED.runtime_minutes, e.runtime_minutes), coalesce(EXCLUDED.thumbnail_url, e.thumbnail_url))
    RETURNING e.media_id AS "mediaId"
  `);
}

/** Slonik's JSON does not take `undefined`. */
function jsonRow(row: SeasonRow | EpisodeRow): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

type Numbered = { mediaId: number; season: number; episode: number };
const numberedValues = (wanted: readonly Numbered[]) =>
  wanted.map(({ mediaId, season, episode }) => [mediaId, season, episode]);

/** Makes the seasons that are missing, as ours: nobody outside told us of them. */
export async function insertMissingSeasons(db: Db, wanted: readonly Numbered[]): Promise<void> {
  await db.query(command('media.insert_missing_seasons')`
    INSERT INTO season (media_id, number, provider_id)
    SELECT DISTINCT g.media_id, g.season, p.id
    FROM ${sql.unnest(numberedValues(wanted), ['int8', 'int4', 'int4'])} AS g(media_id, season, episode)
    JOIN metadata_provider p ON p.name = 'tributary'
    ON CONFLICT DO NOTHING
  `);
}

/** Makes the episodes that are missing, as ours. */
export async function insertMissingEpisodes(db: Db, wanted: readonly Numbered[]): Promise<void> {
  await db.query(command('media.insert_missing_episodes')`
    INSERT INTO episode (season_id, media_id, number, provider_id)
    SELECT DISTINCT s.id, s.media_id, g.episode, p.id
    FROM ${sql.unnest(numberedValues(wanted), ['int8', 'int4', 'int4'])} AS g(media_id, season, episode)
    JOIN season s ON s.media_id = g.media_id AND s.number = g.season
    JOIN metadata_provider p ON p.name = 'tributary'
    ON CONFLICT DO NOTHING
  `);
}

const EpisodeId = z.object({ mediaId: z.int(), season: z.int(), episode: z.int(), episodeId: z.int() });
export type EpisodeId = z.infer<typeof EpisodeId>;

const KnownNumber = z.object({ mediaId: z.int(), season: z.int(), episode: z.int() });
export type KnownNumber = z.infer<typeof KnownNumber>;

/** The numbers of all episodes known of some titles, at most `limit`. */
export function episodeNumbers(
  db: Db,
  mediaIds: readonly number[],
  limit: number,
): Promise<readonly KnownNumber[]> {
  return db.any(rows('media.episode_numbers', KnownNumber)`
    SELECT s.media_id AS "mediaId", s.number AS season, e.number AS episode
    FROM season s JOIN episode e ON e.season_id = s.id
    WHERE s.media_id = ANY(${sql.array(mediaIds, 'int8')}) ORDER BY s.media_id, s.number, e.number LIMIT ${limit}
  `);
}

/** The episodes with these numbers; a missing one is left out. */
export function episodeIds(db: Db, wanted: readonly Numbered[]): Promise<readonly EpisodeId[]> {
  return db.any(rows('media.episode_ids', EpisodeId)`
    SELECT g.media_id AS "mediaId", g.season, g.episode, e.id AS "episodeId"
    FROM ${sql.unnest(numberedValues(wanted), ['int8', 'int4', 'int4'])} AS g(media_id, season, episode)
    JOIN season s ON s.media_id = g.media_id AND s.number = g.season
    JOIN episode e ON e.season_id = s.id AND e.number = g.episode
  `);
}

/** Its links go with it, and streams that were only its. False: there is none of this number. */
export async function deleteEpisode(
  db: Db,
  mediaId: number,
  { season, episode }: { season: number; episode: number },
): Promise<boolean> {
  const { rowCount } = await db.query(command('media.delete_episode')`
    DELETE FROM episode e USING season s
    WHERE s.id = e.season_id AND s.media_id = ${mediaId} AND s.number = ${season} AND e.number = ${episode}
  `);
  return rowCount > 0;
}
