import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import type { StagedRange } from './merge-titles.ts';

const Inserted = z.object({ mediaIds: z.array(z.int()) });

/**
 * Adds the staged titles we do not have, with ids, genres, shelves, aliases, translations and rating in one statement: a title
 * is written once. What is there already is looked up one by one (`IS NULL` of a subquery): joined, the
 * whole of the ids would be read for each batch. Only after `writeWholeTitles`, and with its genres made before.
 */
export function insertStagedTitles(db: Db, { after, upto }: StagedRange): Promise<z.infer<typeof Inserted>> {
  return db.one(rows('media.insert_staged', Inserted)`
    WITH fresh AS MATERIALIZED (
      SELECT nextval(pg_get_serial_sequence('media', 'id')) AS media_id, s.*, r.rating, r.votes,
        coalesce(5 * ln(1 + r.votes), 0) AS popularity
      FROM staging.title s
      LEFT JOIN LATERAL (SELECT v.rating, v.votes FROM staging.rating v WHERE v.id = s.id OFFSET 0) r ON true
      WHERE s.id > ${after} AND s.id <= ${upto} AND (
        SELECT e.media_id FROM media_external_id e WHERE e.provider = 'imdb' AND e.ns = 'any' AND e.external_id = s.imdb_id) IS NULL
    ), named AS MATERIALIZED (
      SELECT f.media_id, a.title, a.language, a.preference, a.position,
        a.title <> f.title AND a.title IS DISTINCT FROM f.original_title AS is_other
      FROM fresh f CROSS JOIN LATERAL (SELECT k.* FROM staging.aka k WHERE k.title_id = f.id OFFSET 0) a
    ), alias AS MATERIALIZED (
      SELECT DISTINCT n.media_id, n.title FROM named n WHERE n.is_other
    ), translation AS MATERIALIZED (
      SELECT DISTINCT ON (n.media_id, n.language) n.media_id, n.language, n.title
      FROM named n WHERE n.language IS NOT NULL
      ORDER BY n.media_id, n.language, n.preference, n.position
    ), label AS MATERIALIZED (
      SELECT f.media_id, g.id AS genre_id, g.name
      FROM fresh f CROSS JOIN LATERAL unnest(f.genres) AS l(name)
      JOIN genre g ON g.name = l.name AND g.parent_id IS NULL
    ), whole AS MATERIALIZED (
      SELECT f.*, coalesce(l.names, '{}') AS card_genres
      FROM fresh f
      LEFT JOIN (SELECT media_id, array_agg(name ORDER BY name) AS names FROM label GROUP BY media_id) l USING (media_id)
    ), added AS (
      INSERT INTO media (id, kind, subkind, title, original_title, year, status, runtime_minutes, nudity, is_adult, popularity,
        rating, rating_count, provider_id, canonical_id, imdb_id, genres, enrichment_status)
      OVERRIDING SYSTEM VALUE
      SELECT w.media_id, w.kind, w.subkind, w.title, w.original_title, w.year, w.status, w.runtime_minutes,
        CASE WHEN w.is_adult THEN 'severe' ELSE 'unknown' END, w.is_adult, round(w.popularity::numeric, 2)::real,
        w.rating, w.votes, (SELECT p.id FROM metadata_provider p WHERE p.name = 'imdb'), w.imdb_id, w.imdb_id, w.card_genres,
        -- Without texts and pictures, as all titles that come with nothing but a name.
        'pending'
      FROM whole w ORDER BY w.media_id
      RETURNING id, kind, rank, is_adult
    ), ids AS (
      INSERT INTO media_external_id (media_id, provider, ns, external_id)
      SELECT f.media_id, 'imdb', 'any', f.imdb_id FROM fresh f
    ), links AS (
      INSERT INTO media_genre (media_id, genre_id) SELECT l.media_id, l.genre_id FROM label l
    ), shelves AS (
      INSERT INTO genre_shelf (genre_id, media_id, kind, rank, last_stream_added_at, is_open)
      SELECT l.genre_id, a.id, a.kind, a.rank, NULL, false FROM added a JOIN label l ON l.media_id = a.id WHERE NOT a.is_adult
    ), aliases AS (
      INSERT INTO media_alias (media_id, title) SELECT a.media_id, a.title FROM alias a
    ), translations AS (
      INSERT INTO media_translation (media_id, language, title) SELECT t.media_id, t.language, t.title FROM translation t
    ), ratings AS (
      INSERT INTO media_rating (media_id, provider_id, rating_type, rating, raw_rating, vote_count)
      SELECT f.media_id, p.id, 'user', f.rating, f.rating, f.votes FROM fresh f JOIN rating_provider p ON p.name = 'imdb'
      WHERE f.rating IS NOT NULL
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') AS "mediaIds" FROM added
  `);
}

/**
 * What is searched of titles just inserted: their names, and the words for words typed wrong. The last statement before the commit: who
 * adds a word that another has added and not yet committed waits for that one, and two that insert titles at once would do so in turn.
 */
export async function addToSearch(db: Db, mediaIds: readonly number[]): Promise<void> {
  await db.query(command('media.add_to_search')`SELECT refresh_media_search(${sql.array(mediaIds, 'int8')})`);
}
