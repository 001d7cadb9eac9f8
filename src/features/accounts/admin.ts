import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { AppError, Forbidden } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';

const COOKIE = 'tributary_admin';
const SESSION_SECONDS = 30 * 24 * 3600;
const Session = z.object({ expiresAt: z.number(), tokenDigest: z.string() });

export type Admin = {
  /** Lets the admin through: a bearer token, or the cookie of a signed-in page. 401 otherwise. */
  requireAdmin: RequestHandler;
  isAdmin(req: Request): boolean;
  /** Whether this is the admin token; constant time. */
  isToken(token: string): boolean;
  signIn(req: Request, res: Response): void;
  signOut(res: Response): void;
};

/** The admin guard. Accounts will replace the form that asks for the token, not the guard. */
export function createAdmin({ adminToken, crypto }: { adminToken: string; crypto: Crypto }): Admin {
  const digest = sha256(adminToken);
  const isToken = (token: string) => timingSafeEqual(sha256(token), digest);
  const isAdmin = (req: Request) => hasBearer(req) || hasSession(req);
  return { isToken, isAdmin, signIn, signOut, requireAdmin };

  function requireAdmin(req: Request, _res: Response, next: (error?: unknown) => void) {
    if (hasBearer(req)) return next();
    if (!hasSession(req)) return next(unauthorized());
    // A cookie is sent by the browser on its own: a write must come from our own page (SameSite=Strict says so too).
    if (!['GET', 'HEAD'].includes(req.method) && !isSameOrigin(req)) {
      return next(new Forbidden('auth.cross_site', 'This request must come from the page of this server.'));
    }
    return next();
  }

  function hasBearer(req: Request): boolean {
    const [, token] = /^Bearer ([\x21-\x7e]{1,512})$/.exec(req.get('authorization') ?? '') ?? [];
    return token !== undefined && isToken(token);
  }

  function hasSession(req: Request): boolean {
    const sealed = cookieOf(req);
    if (sealed === null) return false;
    const session = Session.safeParse(crypto.openToken('admin-session', sealed));
    return (
      session.success &&
      session.data.expiresAt > Date.now() &&
      session.data.tokenDigest === digest.toString('base64url')
    );
  }

  function signIn(req: Request, res: Response) {
    const expiresAt = Date.now() + SESSION_SECONDS * 1000;
    const value = crypto.sealToken('admin-session', { expiresAt, tokenDigest: digest.toString('base64url') });
    res.cookie(COOKIE, value, {
      httpOnly: true,
      sameSite: 'strict',
      secure: req.secure,
      path: '/',
      maxAge: SESSION_SECONDS * 1000,
    });
  }

  function signOut(res: Response) {
    res.clearCookie(COOKIE, { httpOnly: true, sameSite: 'strict', path: '/' });
  }
}

function unauthorized() {
  return new AppError(
    'auth.required',
    'Sign in with the admin token, or send it as "Authorization: Bearer …".',
    {
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
    },
  );
}

function cookieOf(req: Request): string | null {
  for (const part of (req.get('cookie') ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === COOKIE && value !== undefined) return decodeCookie(value);
  }
  return null;
}

function decodeCookie(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

function isSameOrigin(req: Request): boolean {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = req.get('origin');
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === req.get('host');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
