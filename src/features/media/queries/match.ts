import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** An outside id with its namespace: TMDB movie 550 is not TMDB show 550 (C1). */
export type ExternalId = { provider: string; ns: 'movie' | 'tv' | 'any'; externalId: string };

/**
 * One writer of titles at a time, over all instances, until the transaction ends: between looking for a title and
 * inserting it no other importer can add the same one, and no two can lock the same rows in two orders.
 */
export async function lockTitles(db: Db): Promise<void> {
  await db.one(rows('media.lock_titles', z.object({ locked: z.boolean() }))`
    SELECT pg_advisory_xact_lock(hashtext('media.titles')) IS NOT NULL AS locked
  `);
}

/** Beside other writers of this kind, but not while one at a time writes: for new titles in batches that cannot be the same ones. */
export async function lockTitlesShared(db: Db): Promise<void> {
  await db.one(rows('media.lock_titles_shared', z.object({ locked: z.boolean() }))`
    SELECT pg_advisory_xact_lock_shared(hashtext('media.titles')) IS NOT NULL AS locked
  `);
}

const Folded = z.object({ index: z.int(), folded: z.string() });

/** Each text as the database compares titles: case and accents forgiven. */
export function foldedTitles(db: Db, titles: readonly string[]): Promise<readonly z.infer<typeof Folded>[]> {
  return db.any(rows('media.fold', Folded)`
    SELECT (t.position - 1)::integer AS index, fold(t.title) AS folded
    FROM unnest(${sql.array(titles, 'text')}) WITH ORDINALITY AS t(title, position)
    ORDER BY t.position
  `);
}

const IdMatch = z.object({ index: z.int(), mediaId: z.int(), kind: z.string() });

/** Titles that hold one of these outside ids; `index` says which title of the input asked. */
export function mediaWithIds(
  db: Db,
  ids: readonly (ExternalId & { index: number })[],
): Promise<readonly z.infer<typeof IdMatch>[]> {
  const values = ids.map(({ index, provider, ns, externalId }) => [index, provider, ns, externalId]);
  return db.any(rows('media.with_ids', IdMatch)`
    SELECT DISTINCT g.index, m.id AS "mediaId", m.kind
    FROM ${sql.unnest(values, ['int4', 'text', 'text', 'text'])} AS g(index, provider, ns, external_id)
    JOIN media_external_id e ON e.provider = g.provider AND e.ns = g.ns AND e.external_id = g.external_id
    JOIN media m ON m.id = e.media_id
    ORDER BY g.index, m.id
  `);
}

const TitleMatch = z.object({ index: z.int(), mediaId: z.int() });

/** Titles of the same kind, folded title and year, oldest first; a private title of one user is nobody else's match. */
export function mediaWithTitles(
  db: Db,
  titles: readonly { index: number; kind: string; folded: string; year: number | null }[],
): Promise<readonly z.infer<typeof TitleMatch>[]> {
  const values = titles.map(({ index, kind, folded, year }) => [index, kind, folded, year]);
  return db.any(rows('media.with_titles', TitleMatch)`
    SELECT g.index, m.id AS "mediaId"
    FROM ${sql.unnest(values, ['int4', 'text', 'text', 'int4'])} AS g(index, kind, folded, year)
    JOIN media m ON fold(m.title) = g.folded AND m.kind = g.kind AND m.year IS NOT DISTINCT FROM g.year AND m.owner_id IS NULL
    ORDER BY g.index, m.id
  `);
}

const Called = z.object({
  index: z.int(),
  mediaId: z.int(),
  kind: z.string(),
  year: z.int().nullable(),
  names: z.array(z.string()),
  hasEpisode: z.boolean().nullable(),
});
export type Called = z.infer<typeof Called>;

/** What a title is looked for by. */
type Sought = { kind: string; title: string; season?: number | undefined; episode?: number | undefined };

/** More titles of one name are not compared. */
const MOST_CALLED = 40;

/**
 * For each name its titles of this kind called so, and those of `likely` (`index`: of which name they are); the most popular first. `hasEpisode` is
 * null where nothing is known of the season. One statement however many names.
 */
export function mediaCalled(
  db: Db,
  sought: readonly Sought[],
  likely: readonly { index: number; mediaId: number }[],
): Promise<readonly Called[]> {
  const values = sought.map(({ kind, title, season, episode }, index) => [
    ...[index, kind, title],
    ...[season ?? null, episode ?? null],
  ]);
  const known = likely.map(({ index, mediaId }) => [index, mediaId]);
  return db.any(rows('media.called', Called)`
    WITH g AS MATERIALIZED (
      SELECT * FROM ${sql.unnest(values, ['int4', 'text', 'text', 'int4', 'int4'])} AS g(index, kind, title, season, episode)
    )
    SELECT g.index, m.id AS "mediaId", m.kind, m.year,
      array_remove(ARRAY[m.title, m.original_title]
        || ARRAY(SELECT a.title FROM media_alias a WHERE a.media_id = m.id ORDER BY a.title LIMIT 50)
        || ARRAY(SELECT t.title FROM media_translation t WHERE t.media_id = m.id ORDER BY t.language LIMIT 50), NULL) AS names,
      (SELECT bool_or(ep.number = g.episode) FROM season se JOIN episode ep ON ep.season_id = se.id
        WHERE se.media_id = m.id AND se.number = g.season) AS "hasEpisode"
    FROM (
      SELECT g.index, f.id FROM g CROSS JOIN LATERAL (
        SELECT c.id FROM media c
        WHERE fold(c.title) = fold(g.title) AND c.kind = g.kind AND c.owner_id IS NULL
        ORDER BY c.year DESC, c.id LIMIT ${MOST_CALLED}) f
      UNION
      SELECT * FROM ${sql.unnest(known, ['int4', 'int8'])} AS k(index, id)
    ) f
    JOIN g ON g.index = f.index
    JOIN media m ON m.id = f.id
    WHERE m.kind = g.kind AND m.owner_id IS NULL
    ORDER BY g.index, m.rank DESC, m.id
  `);
}

const Vouched = z.object({ mediaId: z.int() });

/**
 * Somebody says what these titles are who did not guess: what was made from a name is a title like any other from here on. One that waited for a
 * person, or that a person rejected, is shown and asked about. Answers those that were different before.
 */
export function vouchForTitles(
  db: Db,
  mediaIds: readonly number[],
): Promise<readonly z.infer<typeof Vouched>[]> {
  return db.any(rows('media.vouch', Vouched)`
    UPDATE media m SET is_from_name = false, match_confidence = NULL,
      is_published = m.is_published OR m.enrichment_status IN ('flagged', 'rejected'),
      enrichment_status = CASE WHEN m.enrichment_status NOT IN ('flagged', 'rejected') THEN m.enrichment_status
        WHEN m.overview IS NULL THEN 'pending' ELSE 'approved' END
    WHERE m.id = ANY(${sql.array(mediaIds, 'int8')}) AND m.is_from_name
    RETURNING m.id AS "mediaId"
  `);
}

/** A person decides about a title that was made from a name and waits, or was rejected before; others stay as they are. */
export async function decideTitle(
  db: Db,
  mediaId: number,
  { status, confidence, isFromName, isPublished }: Decision,
): Promise<void> {
  await db.query(command('media.decide')`
    UPDATE media SET enrichment_status = ${status}, match_confidence = ${confidence}, is_from_name = ${isFromName}, is_published = ${isPublished}
    WHERE id = ${mediaId} AND is_from_name AND enrichment_status IN ('flagged', 'rejected')
  `);
}
export type Decision = {
  status: 'pending' | 'approved' | 'rejected';
  confidence: number | null;
  /** Its name is still nobody's word. */
  isFromName: boolean;
  isPublished: boolean;
};

type Standing = {
  status?: string;
  confidence?: number | null;
  isAdult?: boolean;
  isPublished?: boolean;
};

/** How sure it is what titles are, whether they are for adults only, and whether they are shown; what is left out stays. */
export async function setStandings(
  db: Db,
  standings: readonly (Standing & { mediaId: number })[],
): Promise<void> {
  const values = standings.map(({ mediaId, status, confidence, isAdult, isPublished }) => [
    ...[mediaId, status ?? null, confidence !== undefined, confidence ?? null],
    ...[isAdult ?? null, isPublished ?? null],
  ]);
  await db.query(command('media.set_standings')`
    UPDATE media m SET
      enrichment_status = coalesce(g.status, m.enrichment_status),
      match_confidence = CASE WHEN g.has_confidence THEN g.confidence ELSE m.match_confidence END,
      is_adult = coalesce(g.is_adult, m.is_adult),
      is_published = coalesce(g.is_published, m.is_published)
    FROM ${sql.unnest(values, ['int8', 'text', 'bool', 'float4', 'bool', 'bool'])}
      AS g(media_id, status, has_confidence, confidence, is_adult, is_published)
    WHERE m.id = g.media_id
  `);
}

const HeldId = z.object({
  mediaId: z.int(),
  provider: z.string(),
  ns: z.enum(['movie', 'tv', 'any']),
  externalId: z.string(),
});
export type HeldId = z.infer<typeof HeldId>;

/** Every outside id of these titles. */
export function idsOf(db: Db, mediaIds: readonly number[]): Promise<readonly HeldId[]> {
  return db.any(rows('media.ids_of', HeldId)`
    SELECT e.media_id AS "mediaId", e.provider, e.ns, e.external_id AS "externalId"
    FROM media_external_id e WHERE e.media_id = ANY(${sql.array(mediaIds, 'int8')})
    ORDER BY e.media_id, e.provider, e.ns
  `);
}

const Resolved = z.object({ mediaId: z.int(), kind: z.string(), episodeId: z.int().nullable() });
export type Resolved = z.infer<typeof Resolved>;
type EpisodeNumber = { season: number; episode: number } | null;

/** The episode's columns: a title without that episode still answers, with null. */
function episodeOf(asked: EpisodeNumber) {
  if (asked === null) return { column: sql.fragment`NULL::int8`, joins: sql.fragment`` };
  return {
    column: sql.fragment`ep.id`,
    joins: sql.fragment`
      LEFT JOIN season se ON se.media_id = m.id AND se.number = ${asked.season}
      LEFT JOIN episode ep ON ep.season_id = se.id AND ep.number = ${asked.episode}`,
  };
}

/** The title of our own uuid. */
export function mediaByPublicId(
  db: Db,
  publicId: string,
  asked: EpisodeNumber,
): Promise<readonly Resolved[]> {
  const { column, joins } = episodeOf(asked);
  return db.any(rows('media.by_public_id', Resolved)`
    SELECT m.id AS "mediaId", m.kind, ${column} AS "episodeId"
    FROM media m ${joins}
    WHERE m.public_id = ${publicId}::uuid
  `);
}

/** The titles of an outside id, at most one per namespace. */
export function mediaByExternalId(
  db: Db,
  id: { provider: string; namespaces: readonly string[]; value: string },
  asked: EpisodeNumber,
): Promise<readonly Resolved[]> {
  const { column, joins } = episodeOf(asked);
  const [first, ...more] = id.namespaces;
  // Of a list the planner takes what it sees and plans each time anew, 0.2 ms; most ids have one namespace.
  const ns =
    first !== undefined && more.length === 0
      ? sql.fragment`e.ns = ${first}`
      : sql.fragment`e.ns = ANY(${sql.array(id.namespaces, 'text')})`;
  return db.any(rows('media.by_external_id', Resolved)`
    SELECT m.id AS "mediaId", m.kind, ${column} AS "episodeId"
    FROM media_external_id e
    JOIN media m ON m.id = e.media_id
    ${joins}
    WHERE e.provider = ${id.provider} AND ${ns} AND e.external_id = ${id.value}
    ORDER BY e.ns
  `);
}

const Known = z.object({ isKnown: z.boolean() });

/** Whether a user may know of a title: it is shown to all, or their own. */
export async function isKnownTo(db: Db, mediaId: number, userId: number | null): Promise<boolean> {
  const row = await db.maybeOne(rows('media.known_to', Known)`
    SELECT (is_published AND is_public) OR owner_id IS NOT DISTINCT FROM ${userId}::bigint AND owner_id IS NOT NULL AS "isKnown"
    FROM media WHERE id = ${mediaId}
  `);
  return row?.isKnown ?? false;
}
