import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

export const RuleAnswer = z.object({
  mediaId: z.uuid(),
  canonicalId: z.string(),
  kind: z.string(),
  title: z.string(),
  year: z.int().nullable(),
  posterUrl: z.string().nullable(),
  /** Null: none for the title, only for episodes. */
  policy: z.enum(['allow', 'deny']).nullable(),
  /** `S1E2` and the like, in order. */
  blockedEpisodes: z.array(z.string()),
});

/** Rules of a profile by title, the last one first. */
export function rulesOf(
  db: Db,
  profileId: number,
  { skip, limit, mediaId }: { skip: number; limit: number; mediaId?: number | undefined },
): Promise<readonly z.infer<typeof RuleAnswer>[]> {
  const only = mediaId === undefined ? sql.fragment`true` : sql.fragment`m.id = ${mediaId}`;
  return db.any(rows('family.rules', RuleAnswer)`
    SELECT m.public_id AS "mediaId", m.canonical_id AS "canonicalId", m.kind, m.title, m.year, m.poster_url AS "posterUrl", r.policy,
      ARRAY(SELECT 'S' || b.season_number || 'E' || b.episode_number FROM profile_blocked_episode b
        WHERE b.profile_id = ${profileId} AND b.media_id = m.id ORDER BY b.season_number, b.episode_number) AS "blockedEpisodes"
    FROM (
      SELECT a.media_id, a.policy, a.created_at FROM profile_policy a WHERE a.profile_id = ${profileId}
      UNION ALL
      SELECT DISTINCT b.media_id, NULL, NULL::timestamptz FROM profile_blocked_episode b
      WHERE b.profile_id = ${profileId}
        AND NOT EXISTS (SELECT FROM profile_policy a WHERE a.profile_id = b.profile_id AND a.media_id = b.media_id)
    ) r JOIN media m ON m.id = r.media_id
    WHERE ${only}
    ORDER BY r.created_at DESC NULLS LAST, m.id
    LIMIT ${limit} OFFSET ${skip}
  `);
}

export async function countRules(db: Db, profileId: number): Promise<number> {
  const { count } = await db.one(rows('family.count_rules', z.object({ count: z.int() }))`
    SELECT (SELECT count(*) FROM profile_policy a WHERE a.profile_id = ${profileId})
      + (SELECT count(*) FROM profile_blocked_episode b WHERE b.profile_id = ${profileId}) AS count
  `);
  return count;
}

/** Null takes the rule away. What orders a catalogue is written beside it. */
export async function putRule(
  db: Db,
  profileId: number,
  mediaId: number,
  policy: 'allow' | 'deny' | null,
): Promise<void> {
  if (policy === null) {
    await db.query(command('family.delete_rule')`
      DELETE FROM profile_policy WHERE profile_id = ${profileId} AND media_id = ${mediaId}
    `);
    return;
  }
  await db.query(command('family.put_rule')`
    INSERT INTO profile_policy (profile_id, media_id, policy, kind, rank, last_stream_added_at, is_shown)
    SELECT p.id, m.id, ${policy}, m.kind, m.rank, m.last_stream_added_at,
      m.is_published AND NOT m.is_adult AND (m.is_public OR m.owner_id IS NOT DISTINCT FROM p.user_id)
    FROM profile p, media m WHERE p.id = ${profileId} AND m.id = ${mediaId}
    -- A title that is hidden meanwhile would stay as it was here.
    FOR SHARE OF m
    ON CONFLICT (profile_id, media_id) DO UPDATE SET policy = EXCLUDED.policy
  `);
}

export type EpisodeNumber = { season: number; episode: number };

/** All blocked episodes of a title for a profile, in place of those before. */
export async function putBlockedEpisodes(
  db: Db,
  profileId: number,
  mediaId: number,
  episodes: readonly EpisodeNumber[],
): Promise<void> {
  await db.query(command('family.drop_blocked_episodes')`
    DELETE FROM profile_blocked_episode WHERE profile_id = ${profileId} AND media_id = ${mediaId}
  `);
  await blockEpisodes(db, profileId, mediaId, episodes);
}

/** Besides those that are blocked already. */
export async function blockEpisodes(
  db: Db,
  profileId: number,
  mediaId: number,
  episodes: readonly EpisodeNumber[],
): Promise<void> {
  if (episodes.length === 0) return;
  const values = episodes.map(({ season, episode }) => [season, episode]);
  await db.query(command('family.block_episodes')`
    INSERT INTO profile_blocked_episode (profile_id, media_id, season_number, episode_number)
    SELECT ${profileId}, ${mediaId}, v.season, v.episode FROM ${sql.unnest(values, ['int4', 'int4'])} AS v(season, episode)
    ON CONFLICT DO NOTHING
  `);
}

export async function unblockEpisode(
  db: Db,
  profileId: number,
  mediaId: number,
  { season, episode }: EpisodeNumber,
): Promise<void> {
  await db.query(command('family.unblock_episode')`
    DELETE FROM profile_blocked_episode
    WHERE profile_id = ${profileId} AND media_id = ${mediaId} AND season_number = ${season} AND episode_number = ${episode}
  `);
}

/** The content tags a profile blocks, in place of those before; names that no tag has are left out and answered. */
export async function putBlockedTags(
  db: Db,
  profileId: number,
  tags: readonly string[],
): Promise<readonly string[]> {
  const unknown = await db.any(rows('family.unknown_tags', z.object({ tag: z.string() }))`
    SELECT g.tag FROM unnest(${sql.array(tags, 'text')}) AS g(tag) WHERE NOT EXISTS (SELECT FROM content_tag t WHERE t.tag = g.tag)
  `);
  if (unknown.length > 0) return unknown.map(({ tag }) => tag);
  await db.query(command('family.drop_blocked_tags')`
    DELETE FROM profile_blocked_tag WHERE profile_id = ${profileId}
  `);
  await db.query(command('family.put_blocked_tags')`
    INSERT INTO profile_blocked_tag (profile_id, tag_id)
    SELECT ${profileId}, t.id FROM content_tag t WHERE t.tag = ANY (${sql.array(tags, 'text')})
  `);
  return [];
}
