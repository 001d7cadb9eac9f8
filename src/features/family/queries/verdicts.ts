import { z } from 'zod';
import type { MediaKind } from '../../../catalogs/catalog.ts';
import { listed, maySee, type Viewer } from '../../../catalogs/viewer.ts';
import { type Db, rows, sql } from '../../../platform/db.ts';

const Row = z.object({
  /** `hidden`: nobody of this account may know of it; `denied`: this profile may not; `episode`: the title yes, this episode not. */
  standing: z.enum(['hidden', 'denied', 'episode', 'allowed']),
  /** It has no stream at all, whoever asks. */
  isEmpty: z.boolean(),
  isSeries: z.boolean(),
});
/** `mayPlay`: it is allowed, and no whole of which a kid may see parts only. */
export type Standing = Omit<z.infer<typeof Row>, 'isSeries'> & { mayPlay: boolean };

export type Asked = { mediaId: number; episodeId: number | null };

/**
 * Whether an episode is blocked for a profile, by its numbers or by a content tag; one whose tags are not known yet is. `episode e`,
 * `season s`.
 */
const isBlocked = ({ profileId }: Pick<Viewer, 'profileId'>) => sql.fragment`(
  EXISTS (SELECT FROM profile_blocked_episode b
    WHERE b.profile_id = ${profileId} AND b.media_id = e.media_id AND b.season_number = s.number AND b.episode_number = e.number)
  OR EXISTS (SELECT FROM media_tag t JOIN profile_blocked_tag b ON b.tag_id = t.tag_id AND b.profile_id = ${profileId}
    WHERE t.episode_id = e.id AND t.media_id = e.media_id)
  OR (${hasBlockedTags(profileId)}
    AND EXISTS (SELECT FROM media_tag_due d WHERE d.media_id = e.media_id AND d.episode_id = e.id AND NOT d.is_known)))`;

const hasBlockedTags = (profileId: number) =>
  sql.fragment`EXISTS (SELECT FROM profile_blocked_tag b WHERE b.profile_id = ${profileId})`;

/** What is there for an account: published, and public or its own; nothing for adults where a kid watches. */
const isThere = ({ userId, isKid }: Viewer) => sql.fragment`(
  m.is_published AND (m.is_public OR m.owner_id IS NOT DISTINCT FROM ${userId}) AND ${isKid ? sql.fragment`NOT m.is_adult` : sql.fragment`true`})`;

/**
 * What a profile may see of a title or an episode; of one that is not there any more nothing. A series as a whole holds episodes that may be
 * blocked: something to play a kid asks for by episode.
 */
export async function standingFor(
  db: Db,
  viewer: Viewer,
  { mediaId, episodeId }: Asked,
): Promise<Standing | null> {
  const row = await db.maybeOne(rows('family.standing', Row)`
    SELECT m.total_streams = 0 AS "isEmpty", m.kind = 'series' AS "isSeries",
      CASE WHEN NOT ${isThere(viewer)} THEN 'hidden' WHEN NOT ${maySee(viewer)} OR (${episodeId}::int8 IS NOT NULL AND e.id IS NULL) THEN 'denied'
        WHEN e.id IS NOT NULL AND ${isBlocked(viewer)} THEN 'episode' ELSE 'allowed' END AS standing
    FROM media m
    LEFT JOIN episode e ON e.id = ${episodeId}::int8 AND e.media_id = m.id
    LEFT JOIN season s ON s.id = e.season_id
    WHERE m.id = ${mediaId}
  `);
  if (row === null) return null;
  const { isSeries, ...told } = row;
  const isPartly = viewer.isKid && isSeries && episodeId === null;
  return { ...told, mayPlay: told.standing === 'allowed' && !isPartly };
}

const Numbers = z.object({ season: z.int(), episode: z.int() });

/** The episodes of a title that are blocked for a profile, whether they are known yet or not. */
export function blockedEpisodes(
  db: Db,
  { profileId }: Pick<Viewer, 'profileId'>,
  mediaId: number,
): Promise<readonly z.infer<typeof Numbers>[]> {
  return db.any(rows('family.blocked_episodes', Numbers)`
    SELECT b.season_number AS season, b.episode_number AS episode FROM profile_blocked_episode b
    WHERE b.profile_id = ${profileId} AND b.media_id = ${mediaId}
    UNION
    SELECT s.number, e.number
    FROM (
      SELECT t.episode_id FROM media_tag t JOIN profile_blocked_tag b ON b.tag_id = t.tag_id AND b.profile_id = ${profileId}
      WHERE t.media_id = ${mediaId} AND t.episode_id IS NOT NULL
      UNION ALL
      SELECT d.episode_id FROM media_tag_due d
      WHERE d.media_id = ${mediaId} AND d.episode_id IS NOT NULL AND NOT d.is_known AND ${hasBlockedTags(profileId)}
    ) t
    JOIN episode e ON e.id = t.episode_id JOIN season s ON s.id = e.season_id
    ORDER BY 1, 2
  `);
}

const File = z.object({ streamId: z.int(), fileIndex: z.int().nullable() });

/**
 * Files of these streams that hold something this profile may not see beside what it may: a double episode, a film of a collection in one
 * file. `fileIndex` null: the stream as a whole does.
 */
export function mixedFiles(
  db: Db,
  viewer: Viewer,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof File>[]> {
  return db.any(rows('family.mixed_files', File)`
    SELECT DISTINCT l.stream_id AS "streamId", l.file_index AS "fileIndex"
    FROM stream_media_link l
    JOIN media m ON m.id = l.media_id
    LEFT JOIN episode e ON e.id = l.episode_id
    -- OFFSET 0: by its key; merged with the rest, all seasons would be read.
    LEFT JOIN LATERAL (SELECT s.number FROM season s WHERE s.id = e.season_id OFFSET 0) s ON true
    WHERE l.stream_id = ANY (${sql.array(streamIds, 'int8')})
      AND (NOT ${isThere(viewer)} OR NOT ${maySee(viewer)} OR (e.id IS NOT NULL AND ${isBlocked(viewer)}))
  `);
}

const Title = z.object({
  mediaId: z.uuid(),
  canonicalId: z.string(),
  kind: z.string(),
  title: z.string(),
  year: z.int().nullable(),
  posterUrl: z.string().nullable(),
});
export type AllowedTitle = z.infer<typeof Title>;

/** Titles of a kind this profile may see, best known first. */
export function seenTitles(
  db: Db,
  viewer: Viewer,
  { kind, skip, limit }: { kind: MediaKind; skip: number; limit: number },
): Promise<readonly AllowedTitle[]> {
  const from =
    viewer.mode === 'allow'
      ? sql.fragment`profile_policy a JOIN media m ON m.id = a.media_id AND ${isThere(viewer)}
        WHERE a.profile_id = ${viewer.profileId} AND a.policy = 'allow' AND m.kind = ${kind}`
      : sql.fragment`media m WHERE m.kind = ${kind} AND ${listed({ visibility: 'all', viewer })}`;
  return db.any(rows('family.seen_titles', Title)`
    SELECT m.public_id AS "mediaId", m.canonical_id AS "canonicalId", m.kind, m.title, m.year, m.poster_url AS "posterUrl"
    FROM ${from}
    ORDER BY m.rank DESC, m.id
    LIMIT ${limit} OFFSET ${skip}
  `);
}
