import { z } from 'zod';
import { command, type Db, isoTime, rows } from '../../../platform/db.ts';
import { ROLES, STATUSES } from './users.ts';

/** Of an access token: the user as of now, while the session is there. */
const SignedIn = z.object({
  userId: z.int(),
  publicId: z.uuid(),
  role: z.enum(ROLES),
  status: z.enum(STATUSES),
});
export type SignedIn = z.infer<typeof SignedIn>;

export function userOfSession(db: Db, sessionId: string): Promise<SignedIn | null> {
  return db.maybeOne(rows('accounts.user_of_session', SignedIn)`
    SELECT u.id AS "userId", u.public_id AS "publicId", u.role, u.status
    FROM auth_session s JOIN app_user u ON u.id = s.user_id
    WHERE s.public_id = ${sessionId} AND s.expires_at > now()
  `);
}

const NewSession = z.object({ id: z.int(), publicId: z.uuid() });

export function insertSession(
  db: Db,
  session: { userId: number; agent: string | null; seconds: number },
): Promise<z.infer<typeof NewSession>> {
  return db.one(rows('accounts.insert_session', NewSession)`
    INSERT INTO auth_session (user_id, agent, expires_at)
    VALUES (${session.userId}, ${session.agent}, now() + make_interval(secs => ${session.seconds}))
    RETURNING id, public_id AS "publicId"
  `);
}

/** The least recently used go where there are more than `most`. */
export async function dropOldSessions(db: Db, userId: number, most: number): Promise<void> {
  await db.query(command('accounts.drop_old_sessions')`
    DELETE FROM auth_session WHERE user_id = ${userId} AND id NOT IN (
      SELECT id FROM auth_session WHERE user_id = ${userId} AND expires_at > now()
      ORDER BY last_used_at DESC, id DESC LIMIT ${most})
  `);
}

export async function touchSession(db: Db, id: number): Promise<void> {
  await db.query(
    command('accounts.touch_session')`UPDATE auth_session SET last_used_at = now() WHERE id = ${id}`,
  );
}

export async function deleteSession(db: Db, id: number): Promise<void> {
  await db.query(command('accounts.delete_session')`DELETE FROM auth_session WHERE id = ${id}`);
}

const Ended = z.object({ userId: z.int() });

/** Whose it was; null: it had ended. */
export async function endSession(db: Db, publicId: string): Promise<number | null> {
  const ended = await db.maybeOne(rows('accounts.end_session', Ended)`
    DELETE FROM auth_session WHERE public_id = ${publicId} RETURNING user_id AS "userId"
  `);
  return ended?.userId ?? null;
}

/** Of that user only; whether there was one. */
export async function deleteOwnSession(db: Db, userId: number, publicId: string): Promise<boolean> {
  const { rowCount } = await db.query(command('accounts.delete_own_session')`
    DELETE FROM auth_session WHERE user_id = ${userId} AND public_id = ${publicId}
  `);
  return rowCount > 0;
}

/** All of a user, but the one to keep; how many. */
export async function deleteSessions(db: Db, userId: number, keep: string | null): Promise<number> {
  const { rowCount } = await db.query(command('accounts.delete_sessions')`
    DELETE FROM auth_session WHERE user_id = ${userId} AND public_id IS DISTINCT FROM ${keep}::uuid
  `);
  return rowCount;
}

export const SessionAnswer = z.object({
  sessionId: z.uuid(),
  agent: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

export function sessionsOf(db: Db, userId: number): Promise<readonly z.infer<typeof SessionAnswer>[]> {
  return db.any(rows('accounts.sessions', SessionAnswer)`
    SELECT s.public_id AS "sessionId", s.agent, ${isoTime('s', 'created_at')} AS "createdAt",
      ${isoTime('s', 'last_used_at')} AS "lastUsedAt", ${isoTime('s', 'expires_at')} AS "expiresAt"
    FROM auth_session s WHERE s.user_id = ${userId} AND s.expires_at > now() ORDER BY s.last_used_at DESC, s.id DESC
  `);
}

export async function deleteEndedSessions(db: Db): Promise<number> {
  const { rowCount } = await db.query(command('accounts.delete_ended_sessions')`
    DELETE FROM auth_session WHERE expires_at <= now()
  `);
  return rowCount;
}
