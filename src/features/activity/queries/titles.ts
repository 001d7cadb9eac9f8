import { z } from 'zod';
import { type Db, type Fragment, rows, sql } from '../../../platform/db.ts';

/** As `ListedTitle`, of `media m`. */
export const TITLE = sql.fragment`jsonb_build_object('id', m.public_id, 'canonicalId', m.canonical_id, 'kind', m.kind, 'title', m.title,
  'year', m.year, 'posterUrl', m.poster_url)`;

/** What an account may see at all: what is published, and of that what is public or its own; `media m`. */
export function ofAccount(userId: number): Fragment {
  return sql.fragment`m.is_published AND (m.is_public OR m.owner_id = ${userId})`;
}

const Profile = z.object({ profileId: z.int(), userId: z.int() });
export type OwnProfile = z.infer<typeof Profile>;

/** A profile of this account; null for another's. */
export function ownProfile(db: Db, userId: number, publicId: string): Promise<OwnProfile | null> {
  return db.maybeOne(rows('activity.profile', Profile)`
    SELECT p.id AS "profileId", p.user_id AS "userId" FROM profile p WHERE p.public_id = ${publicId}::uuid AND p.user_id = ${userId}
  `);
}

const OwnedProfile = Profile.extend({ publicId: z.uuid() });

/** All of an account, in the order they came. */
export function ownProfiles(db: Db, userId: number): Promise<readonly z.infer<typeof OwnedProfile>[]> {
  return db.any(rows('activity.profiles', OwnedProfile)`
    SELECT p.id AS "profileId", p.user_id AS "userId", p.public_id AS "publicId" FROM profile p WHERE p.user_id = ${userId} ORDER BY p.id
  `);
}

const Seen = z.object({ episodeId: z.int().nullable(), runtimeMinutes: z.int().nullable() });

/** A title this account may see, with the episode of this number where one is named, and how long that is. */
export function seenTitle(
  db: Db,
  of: {
    mediaId: number;
    userId: number;
    episodeId: number | null;
    season: number | null;
    episode: number | null;
  },
): Promise<z.infer<typeof Seen> | null> {
  return db.maybeOne(rows('activity.title', Seen)`
    SELECT e.id AS "episodeId", CASE WHEN e.id IS NULL THEN m.runtime_minutes ELSE coalesce(e.runtime_minutes, m.runtime_minutes) END AS "runtimeMinutes"
    FROM media m
    LEFT JOIN LATERAL (
      SELECT e.id, e.runtime_minutes FROM episode e JOIN season se ON se.id = e.season_id
      WHERE e.media_id = m.id AND (e.id = ${of.episodeId}::bigint
        OR (se.media_id = m.id AND se.number = ${of.season}::integer AND e.number = ${of.episode}::integer))
      LIMIT 1
    ) e ON true
    WHERE m.id = ${of.mediaId} AND ${ofAccount(of.userId)}
  `);
}

/** The row of a stream of this title that this account may know of. */
export async function streamOfTitle(
  db: Db,
  { publicId, mediaId, userId }: { publicId: string; mediaId: number; userId: number },
): Promise<number | null> {
  const row = await db.maybeOne(rows('activity.stream', z.object({ streamId: z.int() }))`
    SELECT s.id AS "streamId" FROM stream s
    WHERE s.public_id = ${publicId}::uuid AND (s.is_public OR s.owner_id = ${userId})
      AND EXISTS (SELECT FROM stream_media_link l WHERE l.stream_id = s.id AND l.media_id = ${mediaId})
  `);
  return row?.streamId ?? null;
}
