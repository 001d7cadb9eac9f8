import { hash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { AppError, Forbidden } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Db } from '../../platform/db.ts';
import { ADMIN_COOKIE, cookieOf, dropCookie, requireOwnPage, SESSION_COOKIE, setCookie } from './cookies.ts';
import { type SignedIn, userOfSession } from './queries/sessions.ts';
import { type Area, type Bearer, noteTokenUse, scopeOf, userOfToken } from './queries/tokens.ts';
import { hashOf } from './secret-token.ts';

const ADMIN_SESSION_SECONDS = 30 * 24 * 3600;
export const ACCESS_SECONDS = 15 * 60;
/** What API tokens begin with, so that one is recognised where it should not be. */
export const API_TOKEN_PREFIX = 'trib_';

const AdminSession = z.object({ expiresAt: z.number(), tokenDigest: z.string() });
const Access = z.object({ session: z.uuid(), expiresAt: z.number() });

/** A user who asks, as of now. */
export type Asking = SignedIn & {
  /** The session that asks; null with an API token. */
  sessionId: string | null;
};

export type Guard = {
  /** Lets through who holds the admin token (as bearer, or the cookie of a page) and users whose role is admin. 401 or 403 otherwise. */
  requireAdmin: RequestHandler;
  isAdmin(req: Request): Promise<boolean>;
  /** The user who asks, or null: signed out, expired, or holding the admin token only. 403 where the account is closed. */
  userOf(req: Request): Promise<Asking | null>;
  /** As `userOf`; 401 instead of null. */
  requireUser(req: Request): Promise<Asking>;
  /** Whether this is the admin token; constant time. */
  isAdminToken(token: string): boolean;
  holdsAdminToken(req: Request): boolean;
  openAdminSession(req: Request, res: Response): void;
  closeAdminSession(res: Response): void;
  /** A token that says who asks, for 15 minutes, while the session is there. */
  accessToken(sessionPublicId: string): string;
};

/** Who is known, as of now. */
export type KnownUsers = {
  ofSession(sessionPublicId: string): Promise<SignedIn | null>;
  ofToken(hash: Buffer): Promise<Bearer | null>;
  noteTokenUse(tokenId: number): Promise<void>;
};

export function usersIn(db: Db): KnownUsers {
  return {
    ofSession: (session) => userOfSession(db, session),
    ofToken: (hash) => userOfToken(db, hash),
    noteTokenUse: (token) => noteTokenUse(db, token),
  };
}

export type GuardDeps = {
  adminToken: string;
  crypto: Pick<Crypto, 'openToken' | 'sealToken'>;
  users: KnownUsers;
  /** The parts of the API a path is of, as its description says; none: only tokens for everything get there. */
  areasOf?(path: string): readonly Area[];
};

/** Who asks, and what that may do. Everything is looked up as of now: a session that ended, a role that changed act on the next request. */
export function createGuard({ adminToken, crypto, users, areasOf = () => [] }: GuardDeps): Guard {
  const digest = sha256(adminToken);
  const isAdminToken = (token: string) => timingSafeEqual(sha256(token), digest);
  const asked = new WeakMap<Request, Promise<Asking | null>>();
  return {
    isAdminToken,
    holdsAdminToken,
    isAdmin,
    userOf,
    requireUser,
    requireAdmin,
    openAdminSession,
    closeAdminSession: (res) => dropCookie(res, ADMIN_COOKIE),
    accessToken: (session) =>
      crypto.sealToken('access', { session, expiresAt: Date.now() + ACCESS_SECONDS * 1000 }),
  };

  async function requireAdmin(req: Request, _res: Response, next: (error?: unknown) => void) {
    if (await isAdmin(req)) return next();
    throw (await userOf(req)) === null
      ? unauthorized()
      : new Forbidden('auth.not_admin', 'Only an administrator may do this.');
  }

  async function isAdmin(req: Request): Promise<boolean> {
    return holdsAdminToken(req) || (await userOf(req))?.role === 'admin';
  }

  function holdsAdminToken(req: Request): boolean {
    const bearer = bearerOf(req);
    if (bearer !== null) return isAdminToken(bearer);
    const session = AdminSession.safeParse(openCookie(req, ADMIN_COOKIE, 'admin-session'));
    if (!session.success || session.data.expiresAt <= Date.now()) return false;
    if (session.data.tokenDigest !== digest.toString('base64url')) return false;
    requireOwnPage(req);
    return true;
  }

  /** Asked of the database once a request. */
  function userOf(req: Request): Promise<Asking | null> {
    const known = asked.get(req);
    if (known !== undefined) return known;
    const finding = findUser(req);
    asked.set(req, finding);
    return finding;
  }

  async function requireUser(req: Request): Promise<Asking> {
    const user = await userOf(req);
    if (user === null) throw unauthorized();
    return user;
  }

  async function findUser(req: Request): Promise<Asking | null> {
    const bearer = bearerOf(req);
    if (bearer?.startsWith(API_TOKEN_PREFIX)) return byApiToken(req, bearer);
    if (bearer === null) return byCookie(req);
    const user = await bySession(crypto.openToken('access', bearer));
    return user === null ? null : open(user);
  }

  async function byCookie(req: Request): Promise<Asking | null> {
    const user = await bySession(openCookie(req, SESSION_COOKIE, 'access'));
    // A page of a closed account is nobody's: it asks who is there, and whoever signs in is told.
    if (user === null || user.status !== 'active') return null;
    requireOwnPage(req);
    return user;
  }

  async function bySession(sealed: unknown): Promise<Asking | null> {
    const access = Access.safeParse(sealed);
    if (!access.success || access.data.expiresAt <= Date.now()) return null;
    const user = await users.ofSession(access.data.session);
    return user === null ? null : { ...user, sessionId: access.data.session };
  }

  async function byApiToken(req: Request, token: string): Promise<Asking | null> {
    const found = await users.ofToken(hashOf(token));
    if (found === null) return null;
    const { scopes, tokenId, isStale, ...user } = found;
    requireScope(req, scopes);
    if (isStale) await users.noteTokenUse(tokenId);
    return open({ ...user, sessionId: null });
  }

  function requireScope({ method, originalUrl }: Request, scopes: Bearer['scopes']): void {
    const verb = ['GET', 'HEAD'].includes(method) ? 'read' : 'write';
    if (scopes.includes(verb)) return;
    const narrow = areasOf(originalUrl.split('?', 1)[0] ?? '').map((area) => scopeOf(area, verb));
    if (narrow.length > 0 && narrow.every((scope) => scopes.includes(scope))) return;
    const needed = [verb, ...(narrow.length === 1 ? narrow : [])].map((scope) => `"${scope}"`).join(' or ');
    throw new Forbidden(
      'auth.scope',
      `This token may not ${verb} here. Make one whose scopes hold ${needed}.`,
    );
  }

  function openCookie(req: Request, name: string, purpose: string): unknown {
    const sealed = cookieOf(req, name);
    return sealed === null ? null : crypto.openToken(purpose, sealed);
  }

  function openAdminSession(req: Request, res: Response) {
    const expiresAt = Date.now() + ADMIN_SESSION_SECONDS * 1000;
    const payload = { expiresAt, tokenDigest: digest.toString('base64url') };
    setCookie(req, res, ADMIN_COOKIE, crypto.sealToken('admin-session', payload), ADMIN_SESSION_SECONDS);
  }
}

/** A user who has signed in: what changes the account. An API token could make itself another. Throws 401, 403. */
export async function inPerson(guard: Guard, req: Request): Promise<Asking & { sessionId: string }> {
  const user = await guard.requireUser(req);
  const { sessionId } = user;
  if (sessionId === null)
    throw new AppError('auth.not_by_token', 'Sign in for this: an API token may not change the account.', {
      status: 403,
    });
  return { ...user, sessionId };
}

function open(user: Asking): Asking {
  if (user.status !== 'active') throw closedAccount();
  return user;
}

export function closedAccount(): Forbidden {
  return new Forbidden('auth.closed', 'This account is closed. Ask the administrator of this server.');
}

function unauthorized(): AppError {
  return new AppError('auth.required', 'Sign in, or send a token as "Authorization: Bearer …".', {
    status: 401,
    headers: { 'WWW-Authenticate': 'Bearer' },
  });
}

/** The token of `Authorization: Bearer …`, or null. */
export function bearerOf(req: Request): string | null {
  return /^Bearer ([\x21-\x7e]{1,2048})$/.exec(req.get('authorization') ?? '')?.[1] ?? null;
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
