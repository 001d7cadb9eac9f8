import { z } from 'zod';
import { MEDIA_KINDS } from '../../../catalogs/catalog.ts';
import { SURE } from '../../../kit/match-confidence.ts';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import type { ExternalId } from './match.ts';

/** Columns of `media` under their own names; a column left out keeps its value (update) or has none (insert). */
export type TitleColumns = {
  title?: string;
  subkind?: string | null;
  original_title?: string | null;
  year?: number | null;
  release_date?: string | null;
  end_date?: string | null;
  runtime_minutes?: number | null;
  status?: string | null;
  network?: string | null;
  tagline?: string | null;
  overview?: string | null;
  languages?: readonly string[];
  countries?: readonly string[];
  trailer_youtube_id?: string | null;
  popularity?: number;
  rating?: number | null;
  rating_count?: number | null;
  is_published?: boolean;
  is_featured?: boolean;
  is_public?: boolean;
  is_adult?: boolean;
  nudity?: string;
};

/** Of a title that somebody was asked about. */
type Judged = { enrichment_status?: string; match_confidence?: number | null };

/** How sure it is what a title is that was made from a name, 0 to 1. */
type Guessed = { is_from_name?: boolean; match_confidence?: number };
/** Of a user's own title. */
type Owned = { owner_id?: number };

const Inserted = z.object({ mediaId: z.int(), publicId: z.string() });
const Changed = z.object({ mediaId: z.int() });

const IS_DOUBTFUL = sql.fragment`(t.is_from_name AND t.match_confidence < ${SURE}::real)`;

/**
 * New titles; the caller makes the uuids, by which it knows the rows again. One that was made from a name waits for a person, and is hidden
 * until then.
 */
export function insertTitles(
  db: Db,
  titles: readonly (TitleColumns & Guessed & Owned & { public_id: string; kind: string; title: string })[],
): Promise<readonly z.infer<typeof Inserted>[]> {
  return db.any(rows('media.insert', Inserted)`
    INSERT INTO media (public_id, kind, subkind, title, original_title, year, release_date, end_date, runtime_minutes,
      status, network, tagline, overview, languages, countries, trailer_youtube_id, popularity, rating, rating_count,
      is_adult, nudity, is_from_name, match_confidence, owner_id, is_public, is_published, enrichment_status)
    SELECT t.public_id, t.kind, t.subkind, t.title, t.original_title, t.year, t.release_date, t.end_date, t.runtime_minutes,
      t.status, t.network, t.tagline, t.overview, coalesce(t.languages, '{}'), coalesce(t.countries, '{}'),
      t.trailer_youtube_id, coalesce(t.popularity, 0), t.rating, t.rating_count, coalesce(t.is_adult, false),
      coalesce(t.nudity, 'unknown'), coalesce(t.is_from_name, false), t.match_confidence, t.owner_id, t.owner_id IS NULL, ${IS_DOUBTFUL} IS NOT TRUE,
      -- What comes with nothing but a name waits for details; somebody's own is asked about nowhere.
      CASE WHEN t.owner_id IS NOT NULL THEN 'approved' WHEN ${IS_DOUBTFUL} THEN 'flagged' WHEN t.overview IS NULL AND t.kind IN ('movie', 'series') THEN 'pending' ELSE 'approved' END
    FROM jsonb_populate_recordset(NULL::media, ${sql.jsonb(titles.map((title) => ({ ...title })))}) AS t
    RETURNING id AS "mediaId", public_id AS "publicId"
  `);
}

/** Sets the given columns; answers the titles that were different before. */
export function updateTitles(
  db: Db,
  titles: readonly { id: number; columns: TitleColumns & Judged }[],
): Promise<readonly z.infer<typeof Changed>[]> {
  return db.any(rows('media.update', Changed)`
    UPDATE media m SET
      title = n.title, subkind = n.subkind, original_title = n.original_title, year = n.year, release_date = n.release_date,
      end_date = n.end_date, runtime_minutes = n.runtime_minutes, status = n.status, network = n.network,
      tagline = n.tagline, overview = n.overview, languages = n.languages, countries = n.countries,
      trailer_youtube_id = n.trailer_youtube_id, popularity = n.popularity, rating = n.rating,
      rating_count = n.rating_count, is_published = n.is_published, is_featured = n.is_featured, is_public = n.is_public,
      is_adult = n.is_adult, nudity = n.nudity, enrichment_status = n.enrichment_status, match_confidence = n.match_confidence
    FROM jsonb_to_recordset(${sql.jsonb(titles.map(({ id, columns }) => ({ id, columns: { ...columns } })))}) AS g(id bigint, columns jsonb)
    JOIN media o ON o.id = g.id
    CROSS JOIN LATERAL jsonb_populate_record(o, g.columns) AS n
    WHERE m.id = o.id
      AND (o.title, o.subkind, o.original_title, o.year, o.release_date, o.end_date, o.runtime_minutes, o.status, o.network,
           o.tagline, o.overview, o.languages, o.countries, o.trailer_youtube_id, o.popularity, o.rating, o.rating_count,
           o.is_published, o.is_featured, o.is_public, o.is_adult, o.nudity, o.enrichment_status, o.match_confidence)
        IS DISTINCT FROM
          (n.title, n.subkind, n.original_title, n.year, n.release_date, n.end_date, n.runtime_minutes, n.status, n.network,
           n.tagline, n.overview, n.languages, n.countries, n.trailer_youtube_id, n.popularity, n.rating, n.rating_count,
           n.is_published, n.is_featured, n.is_public, n.is_adult, n.nudity, n.enrichment_status, n.match_confidence)
    RETURNING m.id AS "mediaId"
  `);
}

/**
 * Until `writeCards`, or the end of the transaction, no statement works out what titles show of their ids, genres and images; whoever holds them
 * back writes them.
 */
export async function holdCards(tx: Db, mediaIds: readonly number[]): Promise<void> {
  // The lock a card's renewal would take: ages and family rules wait for it before they look at a title's genres.
  await tx.query(command('media.hold_cards')`
    SELECT set_config('app.cards_held', 'on', true), (SELECT count(*) FROM (
      SELECT FROM media WHERE id = ANY (${sql.array(mediaIds, 'int8')}) ORDER BY id FOR NO KEY UPDATE
    ) locked)
  `);
}

/** What these titles show of their ids, genres and images, in one statement; after `holdCards`. */
export async function writeCards(tx: Db, mediaIds: readonly number[]): Promise<void> {
  await tx.query(command('media.write_cards')`
    SELECT set_config('app.cards_held', 'off', true), refresh_media_card(${sql.array(mediaIds, 'int8')})
  `);
}

/** What these titles say is a person's or a file's word from here on: no provider's importer may say it anew. */
export async function takeOverTitles(db: Db, mediaIds: readonly number[]): Promise<void> {
  await db.query(command('media.take_over')`
    UPDATE media SET provider_id = NULL WHERE id = ANY(${sql.array(mediaIds, 'int8')}) AND provider_id IS NOT NULL
  `);
}

/** Adds outside ids the caller knows to be free; a taken one breaks the unique key instead of moving (C1). */
export async function insertIds(db: Db, ids: readonly (ExternalId & { mediaId: number })[]): Promise<void> {
  const values = ids.map(({ mediaId, provider, ns, externalId }) => [mediaId, provider, ns, externalId]);
  await db.query(command('media.insert_ids')`
    INSERT INTO media_external_id (media_id, provider, ns, external_id)
    SELECT g.media_id, g.provider, g.ns, g.external_id
    FROM ${sql.unnest(values, ['int8', 'text', 'text', 'text'])} AS g(media_id, provider, ns, external_id)
  `);
}

/** Takes outside ids of some providers away from one title. */
export async function deleteIds(db: Db, mediaId: number, providers: readonly string[]): Promise<void> {
  await db.query(command('media.delete_ids')`
    DELETE FROM media_external_id WHERE media_id = ${mediaId} AND provider = ANY(${sql.array(providers, 'text')})
  `);
}

/** Deletes a title with all that hangs on it; SQLSTATE 23001 when a torrent would be orphaned and this transaction did not force it. */
export async function deleteTitle(db: Db, mediaId: number): Promise<boolean> {
  const result = await db.query(command('media.delete')`DELETE FROM media WHERE id = ${mediaId}`);
  return result.rowCount > 0;
}

/**
 * Moves all that hangs on a hidden title made from a name to another and deletes it, its ids of `dropped` providers too. False: there is no such
 * title any more, or the two cannot be one; nothing is changed.
 */
export async function mergeTitle(
  db: Db,
  gone: number,
  kept: number,
  dropped: readonly string[],
): Promise<boolean> {
  const { merged } = await db.one(rows('media.merge', z.object({ merged: z.boolean() }))`
    SELECT merge_title(${gone}, ${kept}, ${sql.array(dropped, 'text')}) AS merged
  `);
  return merged;
}

/** Lets `deleteTitle` orphan torrents until this transaction ends. */
export async function allowOrphans(db: Db): Promise<void> {
  await db.query(command('media.allow_orphans')`SELECT set_config('app.force_delete', 'on', true)`);
}

const TitleName = z.object({
  mediaId: z.int(),
  publicId: z.string(),
  title: z.string(),
  kind: z.enum(MEDIA_KINDS),
  year: z.int().nullable(),
  /** What it is called too: in its own language, elsewhere, in translations. */
  names: z.array(z.string()),
});

/** Our uuids, names, kinds and years of some titles. */
export function titlesOf(db: Db, mediaIds: readonly number[]): Promise<readonly z.infer<typeof TitleName>[]> {
  return db.any(rows('media.titles_of', TitleName)`
    SELECT m.id AS "mediaId", m.public_id AS "publicId", m.title, m.kind, m.year,
      array_remove(ARRAY[m.title, m.original_title]
        || ARRAY(SELECT a.title FROM media_alias a WHERE a.media_id = m.id ORDER BY a.title LIMIT 50)
        || ARRAY(SELECT t.title FROM media_translation t WHERE t.media_id = m.id ORDER BY t.language LIMIT 50), NULL) AS names
    FROM media m WHERE m.id = ANY(${sql.array(mediaIds, 'int8')})
  `);
}
