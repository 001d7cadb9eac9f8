import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import type { StagedRange } from './merge-titles.ts';

const Merged = z.object({ added: z.int(), changed: z.int() });
const imdb = sql.fragment`(SELECT p.id FROM metadata_provider p WHERE p.name = 'imdb')`;

/** The staged episodes of a range of series, with the series as they are here. */
const ofSeries = ({ after, upto }: StagedRange) => sql.fragment`staging.title s
    CROSS JOIN LATERAL (
      SELECT x.media_id AS id FROM media_external_id x
      WHERE x.provider = 'imdb' AND x.ns = 'any' AND x.external_id = s.imdb_id OFFSET 0) m
    CROSS JOIN LATERAL (SELECT k.* FROM staging.series_episode k WHERE k.series_id = s.id OFFSET 0) e
    LEFT JOIN LATERAL (SELECT k.title, k.runtime_minutes FROM staging.episode_name k WHERE k.id = e.id OFFSET 0) n ON true
    WHERE s.id > ${after} AND s.id <= ${upto} AND s.kind = 'series'
      AND (SELECT o.kind FROM media o WHERE o.id = m.id) = 'series'`;

/** Seasons that staged episodes are in and that are not here. */
export function addStagedSeasons(db: Db, range: StagedRange): Promise<z.infer<typeof Merged>> {
  return db.one(rows('media.add_staged_seasons', Merged)`
    WITH wanted AS MATERIALIZED (
      SELECT DISTINCT m.id AS media_id, e.season AS number FROM ${ofSeries(range)}
    ), added AS (
      INSERT INTO season (media_id, number, provider_id)
      SELECT w.media_id, w.number, ${imdb} FROM wanted w
      WHERE (SELECT h.id FROM season h WHERE h.media_id = w.media_id AND h.number = w.number) IS NULL
      ORDER BY w.media_id, w.number
      ON CONFLICT (media_id, number) DO NOTHING
      RETURNING id
    )
    SELECT count(*)::integer AS added, 0 AS changed FROM added
  `);
}

/** Episodes that are missing; of those that are here what nobody knew, and what IMDb said before. One number, one episode: the first. */
export function mergeStagedEpisodes(db: Db, range: StagedRange): Promise<z.infer<typeof Merged>> {
  return db.one(rows('media.merge_staged_episodes', Merged)`
    WITH wanted AS MATERIALIZED (
      SELECT DISTINCT ON (m.id, e.season, e.number) m.id AS media_id,
        (SELECT h.id FROM season h WHERE h.media_id = m.id AND h.number = e.season) AS season_id,
        e.number, n.title, n.runtime_minutes
      FROM ${ofSeries(range)}
      ORDER BY m.id, e.season, e.number, e.id
    ), held AS MATERIALIZED (
      SELECT w.*, h.id AS episode_id FROM wanted w
      LEFT JOIN LATERAL (SELECT o.id FROM episode o WHERE o.season_id = w.season_id AND o.number = w.number OFFSET 0) h ON true
    ), changed AS (
      UPDATE episode o SET
        title = CASE WHEN o.provider_id = ${imdb} THEN coalesce(h.title, o.title) ELSE coalesce(o.title, h.title) END,
        runtime_minutes = CASE WHEN o.provider_id = ${imdb} THEN coalesce(h.runtime_minutes, o.runtime_minutes)
          ELSE coalesce(o.runtime_minutes, h.runtime_minutes) END
      FROM held h
      WHERE o.id = h.episode_id AND (
        (h.title IS NOT NULL AND o.title IS DISTINCT FROM h.title AND (o.title IS NULL OR o.provider_id = ${imdb}))
        OR (h.runtime_minutes IS NOT NULL AND o.runtime_minutes IS DISTINCT FROM h.runtime_minutes
          AND (o.runtime_minutes IS NULL OR o.provider_id = ${imdb})))
      RETURNING o.id
    ), added AS (
      INSERT INTO episode (season_id, media_id, number, title, runtime_minutes, provider_id)
      SELECT h.season_id, h.media_id, h.number, h.title, h.runtime_minutes, ${imdb} FROM held h
      WHERE h.episode_id IS NULL AND h.season_id IS NOT NULL
      ORDER BY h.season_id, h.number
      -- By name: without one each row would be looked for in every unique index, the random one included, before it is written.
      ON CONFLICT (season_id, number) DO NOTHING
      RETURNING id
    )
    SELECT (SELECT count(*) FROM added)::integer AS added, (SELECT count(*) FROM changed)::integer AS changed
  `);
}
