import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';
import { AskedAnswer, RequestAnswer } from '../schemas.ts';

export type Asked = { profileId: number; mediaId: number; season: number | null; episode: number | null };

/** Whether this title is one the account could allow: shown, for all ages of viewers, public or its own. */
export async function isAskable(db: Db, userId: number, mediaId: number): Promise<boolean> {
  const { isThere } = await db.one(rows('devices.is_askable', z.object({ isThere: z.boolean() }))`
    SELECT EXISTS (
      SELECT FROM media m WHERE m.id = ${mediaId} AND m.is_published AND NOT m.is_adult AND (m.is_public OR m.owner_id = ${userId})
    ) AS "isThere"
  `);
  return isThere;
}

/** Locks the profile: requests of one are counted one after the other. */
export async function countPending(db: Db, profileId: number): Promise<number> {
  await db.query(
    command('devices.lock_profile')`SELECT FROM profile WHERE id = ${profileId} FOR NO KEY UPDATE`,
  );
  const { count } = await db.one(rows('devices.count_pending', z.object({ count: z.int() }))`
    SELECT count(*) FROM profile_request WHERE profile_id = ${profileId} AND state = 'pending'
  `);
  return count;
}

export function pendingRequest(db: Db, asked: Asked): Promise<AskedAnswer | null> {
  return db.maybeOne(rows('devices.pending_request', AskedAnswer)`
    SELECT public_id AS "requestId", state FROM profile_request
    WHERE profile_id = ${asked.profileId} AND media_id = ${asked.mediaId} AND season_number IS NOT DISTINCT FROM ${asked.season}
      AND episode_number IS NOT DISTINCT FROM ${asked.episode} AND state = 'pending'
  `);
}

export function insertRequest(db: Db, asked: Asked): Promise<AskedAnswer> {
  return db.one(rows('devices.insert_request', AskedAnswer)`
    INSERT INTO profile_request (profile_id, media_id, season_number, episode_number)
    VALUES (${asked.profileId}, ${asked.mediaId}, ${asked.season}, ${asked.episode})
    RETURNING public_id AS "requestId", state
  `);
}

const ANSWER = sql.fragment`r.public_id AS "requestId", jsonb_build_object('profileId', p.public_id, 'name', p.name) AS profile,
  m.public_id AS "mediaId", m.kind, m.title, m.year, m.poster_url AS "posterUrl", r.season_number AS season, r.episode_number AS episode,
  r.state, ${isoTime('r', 'asked_at')} AS "askedAt", ${isoTime('r', 'decided_at')} AS "decidedAt"`;
const FROM = sql.fragment`profile p JOIN profile_request r ON r.profile_id = p.id JOIN media m ON m.id = r.media_id`;

/** Of all profiles of an account, the newest first. */
export function requestsOf(
  db: Db,
  userId: number,
  { state = null, skip, limit }: { state?: string | null | undefined; skip: number; limit: number },
): Promise<readonly RequestAnswer[]> {
  return db.any(rows('devices.requests', RequestAnswer)`
    SELECT ${ANSWER} FROM ${FROM} WHERE p.user_id = ${userId} AND (${state}::text IS NULL OR r.state = ${state}::text)
    ORDER BY r.asked_at DESC, r.id LIMIT ${limit} OFFSET ${skip}
  `);
}

export async function countPendingOf(db: Db, userId: number): Promise<number> {
  const { count } = await db.one(rows('devices.count_pending_of', z.object({ count: z.int() }))`
    SELECT count(*) FROM profile p JOIN profile_request r ON r.profile_id = p.id
    WHERE p.user_id = ${userId} AND r.state = 'pending'
  `);
  return count;
}

const Locked = z.object({
  id: z.int(),
  profileId: z.int(),
  profilePublicId: z.uuid(),
  mediaId: z.int(),
  mediaPublicId: z.uuid(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  state: z.enum(['pending', 'allowed', 'denied']),
});
export type LockedRequest = z.infer<typeof Locked>;

/** One of a profile of this account, locked until the transaction ends. */
export function lockRequest(db: Db, userId: number, publicId: string): Promise<LockedRequest | null> {
  return db.maybeOne(rows('devices.lock_request', Locked)`
    SELECT r.id, r.profile_id AS "profileId", p.public_id AS "profilePublicId", r.media_id AS "mediaId",
      m.public_id AS "mediaPublicId", r.season_number AS season, r.episode_number AS episode, r.state
    FROM profile_request r JOIN profile p ON p.id = r.profile_id JOIN media m ON m.id = r.media_id
    WHERE r.public_id = ${publicId} AND p.user_id = ${userId} FOR UPDATE OF r
  `);
}

export async function decideRequest(
  db: Db,
  id: number,
  state: 'allowed' | 'denied',
  userId: number,
): Promise<void> {
  await db.query(command('devices.decide_request')`
    UPDATE profile_request SET state = ${state}, decided_at = now(), decided_by = ${userId} WHERE id = ${id}
  `);
}

export function requestAnswer(db: Db, id: number): Promise<RequestAnswer> {
  return db.one(rows('devices.request', RequestAnswer)`SELECT ${ANSWER} FROM ${FROM} WHERE r.id = ${id}`);
}

export async function deleteOldRequests(db: Db, days: number): Promise<number> {
  const { rowCount } = await db.query(command('devices.delete_old_requests')`
    DELETE FROM profile_request WHERE decided_at < now() - make_interval(days => ${days})
  `);
  return rowCount;
}
