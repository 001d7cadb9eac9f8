import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';
import { ROLES, STATUSES } from './users.ts';

/** Parts of the API a token can be for; `admin` is what administrators have besides the others. */
type PlainArea = 'activity' | 'family' | 'titles' | 'catalog' | 'streams' | 'sources';
export type Area = PlainArea | 'admin';
/** `read` and `write` are all of it, as far as its user may. */
export const SCOPES = [
  ...(['read', 'write', 'activity:read', 'activity:write', 'family:read', 'family:write'] as const),
  ...(['titles:read', 'titles:write', 'catalog:read', 'catalog:write', 'streams:read'] as const),
  ...(['streams:write', 'sources:read', 'sources:write', 'admin'] as const),
] as const;
export type Scope = (typeof SCOPES)[number];

/** What a token needs for a part of the API beside `read` or `write`. */
export function scopeOf(area: Area, verb: 'read' | 'write'): Scope {
  return area === 'admin' ? area : `${area}:${verb}`;
}

const bytes = (hash: Buffer) => sql.binary(hash);

const Refresh = z.object({
  tokenId: z.int(),
  sessionId: z.int(),
  sessionPublicId: z.uuid(),
  userId: z.int(),
  userPublicId: z.uuid(),
  status: z.enum(STATUSES),
  isSuperseded: z.boolean(),
  /** It was traded this moment: two tabs of one browser. */
  isOvertaken: z.boolean(),
  isEnded: z.boolean(),
});
export type Refresh = z.infer<typeof Refresh>;

/** The refresh token of that hash with its session and user; its session is locked until the transaction ends. */
export function lockRefresh(db: Db, hash: Buffer): Promise<Refresh | null> {
  return db.maybeOne(rows('accounts.lock_refresh', Refresh)`
    SELECT t.id AS "tokenId", s.id AS "sessionId", s.public_id AS "sessionPublicId", u.id AS "userId",
      u.public_id AS "userPublicId", u.status, t.superseded_at IS NOT NULL AS "isSuperseded",
      coalesce(t.superseded_at > now() - interval '10 seconds', false) AS "isOvertaken",
      (s.expires_at <= now() OR t.expires_at <= now()) AS "isEnded"
    FROM auth_token t JOIN auth_session s ON s.id = t.session_id JOIN app_user u ON u.id = t.user_id
    WHERE t.token_hash = ${bytes(hash)} AND t.kind = 'refresh' FOR UPDATE OF s, t
  `);
}

export async function insertRefresh(
  db: Db,
  token: { userId: number; sessionId: number; hash: Buffer; seconds: number },
): Promise<void> {
  await db.query(command('accounts.insert_refresh')`
    INSERT INTO auth_token (user_id, kind, token_hash, session_id, expires_at)
    VALUES (${token.userId}, 'refresh', ${bytes(token.hash)}, ${token.sessionId}, now() + make_interval(secs => ${token.seconds}))
  `);
}

export async function supersede(db: Db, tokenId: number): Promise<void> {
  await db.query(command('accounts.supersede')`
    UPDATE auth_token SET superseded_at = now(), last_used_at = now() WHERE id = ${tokenId}
  `);
}

/** Of a session all superseded ones but the newest `most`. */
export async function forgetSuperseded(db: Db, sessionId: number, most: number): Promise<void> {
  await db.query(command('accounts.forget_superseded')`
    DELETE FROM auth_token WHERE id = ANY (ARRAY(
      SELECT id FROM auth_token WHERE session_id = ${sessionId} AND superseded_at IS NOT NULL
      ORDER BY superseded_at DESC, id DESC OFFSET ${most}))
  `);
}

const Bearer = z.object({
  userId: z.int(),
  publicId: z.uuid(),
  role: z.enum(ROLES),
  status: z.enum(STATUSES),
  scopes: z.array(z.enum(SCOPES)),
  tokenId: z.int(),
  isStale: z.boolean(),
});
export type Bearer = z.infer<typeof Bearer>;

/** The user of an API token as of now. `isStale`: its last use was noted more than a minute ago. */
export function userOfToken(db: Db, hash: Buffer): Promise<Bearer | null> {
  return db.maybeOne(rows('accounts.user_of_token', Bearer)`
    SELECT u.id AS "userId", u.public_id AS "publicId", u.role, u.status, t.scopes, t.id AS "tokenId",
      coalesce(t.last_used_at < now() - interval '1 minute', true) AS "isStale"
    FROM auth_token t JOIN app_user u ON u.id = t.user_id
    WHERE t.token_hash = ${bytes(hash)} AND t.kind = 'api' AND (t.expires_at IS NULL OR t.expires_at > now())
  `);
}

export async function noteTokenUse(db: Db, tokenId: number): Promise<void> {
  await db.query(
    command('accounts.note_token_use')`UPDATE auth_token SET last_used_at = now() WHERE id = ${tokenId}`,
  );
}

export const TokenAnswer = z.object({
  tokenId: z.uuid(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
});
export type TokenAnswer = z.infer<typeof TokenAnswer>;

const ANSWER = sql.fragment`t.public_id AS "tokenId", t.name, t.scopes, ${isoTime('t', 'created_at')} AS "createdAt",
  ${isoTime('t', 'last_used_at')} AS "lastUsedAt", ${isoTime('t', 'expires_at')} AS "expiresAt"`;

export function insertApiToken(
  db: Db,
  token: { userId: number; name: string; scopes: readonly Scope[]; hash: Buffer; days: number | null },
): Promise<TokenAnswer> {
  return db.one(rows('accounts.insert_api_token', TokenAnswer)`
    INSERT INTO auth_token AS t (user_id, kind, token_hash, name, scopes, expires_at)
    VALUES (${token.userId}, 'api', ${bytes(token.hash)}, ${token.name}, ${sql.array([...token.scopes], 'text')},
      now() + make_interval(days => ${token.days}::int))
    RETURNING ${ANSWER}
  `);
}

export function apiTokensOf(db: Db, userId: number): Promise<readonly TokenAnswer[]> {
  return db.any(rows('accounts.api_tokens', TokenAnswer)`
    SELECT ${ANSWER} FROM auth_token t WHERE t.user_id = ${userId} AND t.kind = 'api' ORDER BY t.id
  `);
}

export async function deleteApiToken(db: Db, userId: number, publicId: string): Promise<boolean> {
  const { rowCount } = await db.query(command('accounts.delete_api_token')`
    DELETE FROM auth_token WHERE user_id = ${userId} AND public_id = ${publicId} AND kind = 'api'
  `);
  return rowCount > 0;
}

export type Purpose = 'reset-password' | 'verify-email';

/** One of a purpose at a time: an older one no longer works. */
export async function putTicket(
  db: Db,
  ticket: { userId: number; purpose: Purpose; hash: Buffer; seconds: number; email: string | null },
): Promise<void> {
  await db.query(command('accounts.put_ticket')`
    INSERT INTO auth_ticket (token_hash, user_id, purpose, email, expires_at)
    VALUES (${bytes(ticket.hash)}, ${ticket.userId}, ${ticket.purpose}, ${ticket.email}, now() + make_interval(secs => ${ticket.seconds}))
    ON CONFLICT (user_id, purpose) DO UPDATE
      SET token_hash = excluded.token_hash, email = excluded.email, created_at = now(), expires_at = excluded.expires_at
  `);
}

const TicketUser = z.object({ userId: z.int(), publicId: z.uuid() });

/** Whose ticket it was; it works no more. None where it was mailed to an address that is not the account's any more. */
export function takeTicket(
  db: Db,
  purpose: Purpose,
  hash: Buffer,
): Promise<z.infer<typeof TicketUser> | null> {
  return db.maybeOne(rows('accounts.take_ticket', TicketUser)`
    DELETE FROM auth_ticket t USING app_user u
    WHERE t.token_hash = ${bytes(hash)} AND t.purpose = ${purpose} AND t.expires_at > now() AND u.id = t.user_id
      AND (t.email IS NULL OR t.email = u.email)
    RETURNING u.id AS "userId", u.public_id AS "publicId"
  `);
}

export async function deleteEndedTickets(db: Db): Promise<number> {
  const { rowCount } = await db.query(command('accounts.delete_ended_tickets')`
    DELETE FROM auth_ticket WHERE expires_at <= now()
  `);
  return rowCount;
}
