import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

/** A title as a provider's list has it: its number there, what it is called in its own language, how much it is asked for. */
export type ListedTitle = { id: string; title: string; popularity: number; isAdult: boolean };
export type Listed = { kind: 'movie' | 'series'; titles: readonly ListedTitle[] };

const given = ({ titles }: Listed) => sql.fragment`
    ${sql.unnest(
      titles.map(({ id, title, popularity, isAdult }) => [id, title, popularity, isAdult]),
      ['text', 'text', 'float4', 'bool'],
    )} AS g(tmdb_id, title, popularity, is_adult)`;
const ns = ({ kind }: Listed) => (kind === 'movie' ? 'movie' : 'tv');
/** The title here that has the id; looked up one by one, as the other importers do. */
const owner = (listed: Listed) => sql.fragment`(
    SELECT e.media_id FROM media_external_id e
    WHERE e.provider = 'tmdb' AND e.ns = ${ns(listed)} AND e.external_id = g.tmdb_id)`;
const tmdb = sql.fragment`(SELECT p.id FROM metadata_provider p WHERE p.name = 'tmdb')`;
/** It may be any title of that name: it will have its number when its details come. */
const isOpen = (listed: Listed) => sql.fragment`m.kind = ${listed.kind} AND m.owner_id IS NULL AND (
      SELECT e.external_id FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'tmdb' AND e.ns = ${ns(listed)}) IS NULL`;
const card = sql.fragment`m.id, m.kind, m.owner_id`;
/** How many titles here without a TMDB id are called so; OFFSET 0 as in `merge-titles.ts`, each by an index of its own. */
const namesakes = (listed: Listed) => sql.fragment`(
      (SELECT count(*) FROM (SELECT ${card} FROM media m WHERE fold(m.title) = fold(g.title) OFFSET 0) m WHERE ${isOpen(listed)})
      + (SELECT count(*) FROM (SELECT ${card} FROM media m WHERE m.original_title IS NOT NULL AND fold(m.original_title) = fold(g.title) OFFSET 0) m
        WHERE ${isOpen(listed)})
      + (SELECT count(*) FROM (SELECT a.media_id FROM media_alias a WHERE a.title = g.title OFFSET 0) a
        CROSS JOIN LATERAL (SELECT ${card} FROM media m WHERE m.id = a.media_id OFFSET 0) m WHERE ${isOpen(listed)}))`;

const Looked = z.object({ id: z.string(), isKnown: z.boolean(), isNamesake: z.boolean() });

/** Which of these are here already, and which may be a title here that has no TMDB id yet. */
export function lookUpListed(db: Db, listed: Listed): Promise<readonly z.infer<typeof Looked>[]> {
  return db.any(rows('media.look_up_listed', Looked)`
    SELECT k.tmdb_id AS id, k.is_known AS "isKnown", NOT k.is_known AND ${namesakes(listed)} > 0 AS "isNamesake"
    FROM (SELECT g.*, ${owner(listed)} IS NOT NULL AS is_known FROM ${given(listed)} OFFSET 0) k
    CROSS JOIN LATERAL (SELECT k.title, k.tmdb_id) g
  `);
}

const Changed = z.object({ mediaId: z.int() });

/** What the list says anew of titles that came by it; those somebody else spoke for stay. */
export function updateListed(db: Db, listed: Listed): Promise<readonly z.infer<typeof Changed>[]> {
  return db.any(rows('media.update_listed', Changed)`
    UPDATE media m SET popularity = n.popularity, is_adult = m.is_adult OR n.is_adult
    FROM (SELECT ${owner(listed)} AS media_id, g.popularity, g.is_adult FROM ${given(listed)} OFFSET 0) n
    WHERE m.id = n.media_id AND m.provider_id = ${tmdb}
      AND (m.popularity <> n.popularity OR (n.is_adult AND NOT m.is_adult))
    RETURNING m.id AS "mediaId"
  `);
}

const Inserted = z.object({ mediaIds: z.array(z.int()) });

/**
 * Adds titles that are not here, waiting for their details; which title each is, is sure, what it is called is what its details say. Only
 * after `writeWholeTitles`; `addToSearch` comes behind it.
 */
export function insertListed(db: Db, listed: Listed): Promise<z.infer<typeof Inserted>> {
  return db.one(rows('media.insert_listed', Inserted)`
    WITH fresh AS MATERIALIZED (
      SELECT nextval(pg_get_serial_sequence('media', 'id')) AS media_id, g.* FROM ${given(listed)}
    ), added AS (
      INSERT INTO media (id, kind, title, popularity, nudity, is_adult, provider_id, canonical_id, enrichment_status, match_confidence)
      OVERRIDING SYSTEM VALUE
      SELECT f.media_id, ${listed.kind}, f.title, f.popularity, CASE WHEN f.is_adult THEN 'severe' ELSE 'unknown' END, f.is_adult,
        ${tmdb}, 'tmdb:' || f.tmdb_id, 'pending', 1
      FROM fresh f ORDER BY f.media_id
      RETURNING id
    ), ids AS (
      INSERT INTO media_external_id (media_id, provider, ns, external_id)
      SELECT f.media_id, 'tmdb', ${ns(listed)}, f.tmdb_id FROM fresh f
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') AS "mediaIds" FROM added
  `);
}
