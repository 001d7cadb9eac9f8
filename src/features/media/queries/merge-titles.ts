import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Staged titles by number: those past `after` up to and with `upto`. */
export type StagedRange = { after: number; upto: number };

const inRange = ({ after, upto }: StagedRange) => sql.fragment`s.id > ${after} AND s.id <= ${upto}`;
/** Whose words these are. */
const imdb = sql.fragment`(SELECT p.id FROM metadata_provider p WHERE p.name = 'imdb')`;
/**
 * A staged title with the one we have of its id, when they are of one kind. Here and below LATERAL … OFFSET 0 looks each up by
 * its key: with the figures of an empty catalogue the planner would read all of them for each batch.
 */
const known = sql.fragment`staging.title s
    CROSS JOIN LATERAL (
      SELECT e.media_id FROM media_external_id e WHERE e.provider = 'imdb' AND e.ns = 'any' AND e.external_id = s.imdb_id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT m.* FROM media m WHERE m.id = e.media_id AND m.kind = s.kind OFFSET 0) o`;
const akas = sql.fragment`CROSS JOIN LATERAL (SELECT a.* FROM staging.aka a WHERE a.title_id = s.id OFFSET 0) a`;
const ratings = sql.fragment`LATERAL (SELECT v.rating, v.votes FROM staging.rating v WHERE v.id = s.id OFFSET 0)`;
/** IMDb may say it anew: it said it before, or somebody who is asked later did. A person, or a file, is nobody's provider. */
const isOurs = sql.fragment`coalesce(
      (SELECT w.priority >= i.priority FROM metadata_provider w, metadata_provider i WHERE w.id = o.provider_id AND i.name = 'imdb'), false)`;

const Counted = z.object({ count: z.int() });
type Count = Promise<z.infer<typeof Counted>>;

/** Later statements of this transaction write new titles with all that triggers would work out. */
export async function writeWholeTitles(db: Db): Promise<void> {
  await db.query(command('media.write_whole')`
    SELECT set_config('app.whole_titles', 'on', true), set_config('synchronous_commit', 'off', true)
  `);
}

/** Triggers do their work again; the commit need not wait for the disk: what is lost in a crash is imported again. */
export async function writeTitles(db: Db): Promise<void> {
  await db.query(command('media.write_parts')`
    SELECT set_config('app.whole_titles', 'off', true), set_config('synchronous_commit', 'off', true)
  `);
}

/** Makes the genres that are missing. */
export async function addStagedGenres(
  db: Db,
  genres: readonly { slug: string; name: string }[],
): Promise<void> {
  const values = genres.map(({ slug, name }) => [slug, name]);
  await db.query(command('media.add_staged_genres')`
    INSERT INTO genre (slug, name)
    SELECT g.slug, g.name FROM ${sql.unnest(values, ['text', 'text'])} AS g(slug, name)
    WHERE NOT EXISTS (SELECT FROM genre e WHERE e.slug = g.slug OR (e.name = g.name AND e.parent_id IS NULL))
    ON CONFLICT DO NOTHING
  `);
}

const Adopted = z.object({ mediaIds: z.array(z.int()) });

/**
 * Titles without an IMDb id get the one of their kind, folded title and year, when there is exactly one and no other of
 * ours is called the same. Folding is what costs: only titles of the years in question are.
 */
export function adoptTitles(db: Db): Promise<z.infer<typeof Adopted>> {
  return db.one(rows('media.adopt_titles', Adopted)`
    WITH lone AS MATERIALIZED (
      SELECT m.id, m.kind, m.year, fold(m.title) AS folded FROM media m
      WHERE m.imdb_id IS NULL AND m.kind IN ('movie', 'series') AND m.owner_id IS NULL AND m.year IS NOT NULL
    ), near AS MATERIALIZED (
      SELECT s.id, s.imdb_id, s.kind, s.year, fold(s.title) AS folded FROM staging.title s
      WHERE (s.kind, s.year) IN (SELECT l.kind, l.year FROM lone l)
    ), pair AS (
      SELECT l.id AS media_id, n.imdb_id, count(*) OVER (PARTITION BY l.id) AS names, count(*) OVER (PARTITION BY n.id) AS namesakes
      FROM lone l JOIN near n ON n.folded = l.folded AND n.kind = l.kind AND n.year = l.year
    ), adopted AS (
      INSERT INTO media_external_id (media_id, provider, ns, external_id)
      SELECT p.media_id, 'imdb', 'any', p.imdb_id FROM pair p WHERE p.names = 1 AND p.namesakes = 1
      ON CONFLICT DO NOTHING
      RETURNING media_id
    )
    SELECT coalesce(array_agg(media_id ORDER BY media_id), '{}') AS "mediaIds" FROM adopted
  `);
}

const Conflict = z.object({
  mediaId: z.int(),
  imdbId: z.string(),
  title: z.string(),
  kind: z.string(),
  storedKind: z.string(),
});

/** Staged titles whose id belongs to a title of another kind here: for a person to look at, never overwritten (C1). */
export function stagedConflicts(db: Db, range: StagedRange): Promise<readonly z.infer<typeof Conflict>[]> {
  return db.any(rows('media.staged_conflicts', Conflict)`
    SELECT e.media_id AS "mediaId", s.imdb_id AS "imdbId", s.title, s.kind, m.kind AS "storedKind"
    FROM staging.title s
    CROSS JOIN LATERAL (
      SELECT e.media_id FROM media_external_id e WHERE e.provider = 'imdb' AND e.ns = 'any' AND e.external_id = s.imdb_id OFFSET 0) e
    CROSS JOIN LATERAL (SELECT m.kind FROM media m WHERE m.id = e.media_id OFFSET 0) m
    WHERE ${inRange(range)} AND m.kind <> s.kind
    ORDER BY s.id
  `);
}

/** How many of these titles are here already. */
export function countKnown(db: Db, range: StagedRange): Count {
  return db.one(rows('media.count_known', Counted)`
    SELECT count(*)::integer AS count FROM ${known} WHERE ${inRange(range)}
  `);
}

const Touched = z.object({ mediaId: z.int() });
type Answer = Promise<readonly z.infer<typeof Touched>[]>;

/** Sets what IMDb knows: what is its own or a later provider's, and what nobody knew. Answers the titles that were different. */
export function updateKnownTitles(db: Db, range: StagedRange): Answer {
  return db.any(rows('media.update_known', Touched)`
    UPDATE media m SET
      title = n.title, original_title = n.original_title, subkind = n.subkind, year = n.year, status = n.status,
      runtime_minutes = n.runtime_minutes, nudity = n.nudity, is_adult = n.is_adult, popularity = n.popularity, rating = n.rating,
      rating_count = n.rating_count, provider_id = n.provider_id
    FROM (
      SELECT o.id,
        CASE WHEN w.ours THEN s.title ELSE o.title END AS title,
        CASE WHEN w.ours THEN coalesce(s.original_title, o.original_title) ELSE coalesce(o.original_title, s.original_title) END AS original_title,
        CASE WHEN w.ours THEN coalesce(s.subkind, o.subkind) ELSE coalesce(o.subkind, s.subkind) END AS subkind,
        CASE WHEN w.ours THEN coalesce(s.year, o.year) ELSE coalesce(o.year, s.year) END AS year,
        CASE WHEN w.ours THEN coalesce(s.status, o.status) ELSE coalesce(o.status, s.status) END AS status,
        CASE WHEN w.ours THEN coalesce(s.runtime_minutes, o.runtime_minutes)
          ELSE coalesce(o.runtime_minutes, s.runtime_minutes) END AS runtime_minutes,
        CASE WHEN o.nudity = 'unknown' AND s.is_adult THEN 'severe' ELSE o.nudity END AS nudity,
        CASE WHEN w.ours THEN s.is_adult ELSE o.is_adult OR (s.is_adult AND o.nudity = 'unknown') END AS is_adult,
        CASE WHEN r.votes IS NOT NULL AND (w.ours OR o.popularity = 0)
          THEN round((5 * ln(1 + r.votes))::numeric, 2)::real ELSE o.popularity END AS popularity,
        CASE WHEN w.ours THEN coalesce(r.rating, o.rating) ELSE coalesce(o.rating, r.rating) END AS rating,
        CASE WHEN w.ours THEN coalesce(r.votes, o.rating_count)
          WHEN o.rating IS NULL THEN coalesce(o.rating_count, r.votes) ELSE o.rating_count END AS rating_count,
        CASE WHEN w.ours THEN ${imdb} ELSE o.provider_id END AS provider_id
      FROM ${known}
      LEFT JOIN ${ratings} r ON true
      CROSS JOIN LATERAL (SELECT ${isOurs} AS ours) w
      WHERE ${inRange(range)}
      OFFSET 0
    ) n
    WHERE m.id = n.id
      AND (m.title, m.original_title, m.subkind, m.year, m.status, m.runtime_minutes, m.nudity, m.is_adult, m.popularity, m.rating, m.rating_count, m.provider_id)
        IS DISTINCT FROM
        (n.title, n.original_title, n.subkind, n.year, n.status, n.runtime_minutes, n.nudity, n.is_adult, n.popularity, n.rating, n.rating_count, n.provider_id)
    RETURNING m.id AS "mediaId"
  `);
}

/** Genres of titles that have none, or whose genres are IMDb's to say; none is taken away. */
export function addKnownGenres(db: Db, range: StagedRange): Answer {
  return db.any(rows('media.add_known_genres', Touched)`
    INSERT INTO media_genre (media_id, genre_id)
    SELECT o.id, f.id
    FROM ${known}
    CROSS JOIN LATERAL unnest(s.genres) AS g(name)
    CROSS JOIN LATERAL (SELECT e2.id FROM genre e2 WHERE e2.name = g.name AND e2.parent_id IS NULL) f
    WHERE ${inRange(range)}
      AND (${isOurs} OR NOT EXISTS (SELECT FROM media_genre h WHERE h.media_id = o.id))
      AND (SELECT h.media_id FROM media_genre h WHERE h.media_id = o.id AND h.genre_id = f.id) IS NULL
    ORDER BY o.id
    ON CONFLICT DO NOTHING
    RETURNING media_id AS "mediaId"
  `);
}

export function addKnownAliases(db: Db, range: StagedRange): Answer {
  return db.any(rows('media.add_known_aliases', Touched)`
    INSERT INTO media_alias (media_id, title)
    SELECT DISTINCT o.id, a.title
    FROM ${known}
    ${akas}
    WHERE ${inRange(range)} AND a.title <> o.title AND a.title IS DISTINCT FROM o.original_title
      AND (SELECT h.media_id FROM media_alias h WHERE h.media_id = o.id AND h.title = a.title) IS NULL
    ON CONFLICT DO NOTHING
    RETURNING media_id AS "mediaId"
  `);
}

/** Titles in languages that have none yet. */
export function addKnownTranslations(db: Db, range: StagedRange): Answer {
  return db.any(rows('media.add_known_translations', Touched)`
    INSERT INTO media_translation AS t (media_id, language, title)
    SELECT DISTINCT ON (o.id, a.language) o.id, a.language, a.title
    FROM ${known}
    ${akas}
    WHERE ${inRange(range)} AND a.language IS NOT NULL
      AND (SELECT h.title FROM media_translation h WHERE h.media_id = o.id AND h.language = a.language) IS NULL
    ORDER BY o.id, a.language, a.preference, a.position
    ON CONFLICT (media_id, language) DO UPDATE SET title = EXCLUDED.title WHERE t.title IS NULL
    RETURNING t.media_id AS "mediaId"
  `);
}

/** IMDb's own rating is always IMDb's to say. */
export function putKnownRatings(db: Db, range: StagedRange): Answer {
  return db.any(rows('media.put_known_ratings', Touched)`
    INSERT INTO media_rating AS r (media_id, provider_id, rating_type, rating, raw_rating, vote_count)
    SELECT o.id, p.id, 'user', v.rating, v.rating, v.votes
    FROM ${known}
    CROSS JOIN ${ratings} v
    JOIN rating_provider p ON p.name = 'imdb'
    WHERE ${inRange(range)} AND (
      SELECT h.raw_rating = v.rating AND h.vote_count IS NOT DISTINCT FROM v.votes FROM media_rating h
      WHERE h.media_id = o.id AND h.provider_id = p.id AND h.rating_type = 'user') IS NOT TRUE
    ORDER BY o.id
    ON CONFLICT (media_id, provider_id, rating_type) DO UPDATE SET
      rating = EXCLUDED.rating, raw_rating = EXCLUDED.raw_rating, vote_count = EXCLUDED.vote_count, updated_at = now()
    RETURNING r.media_id AS "mediaId"
  `);
}
