import type { CookieOptions, Request, Response } from 'express';
import { Forbidden } from '../../kit/errors.ts';

export const ADMIN_COOKIE = 'tributary_admin';
export const SESSION_COOKIE = 'tributary_session';
export const REFRESH_COOKIE = 'tributary_refresh';
/** Of a sign-in with an account elsewhere, while the browser is there. */
export const FLOW_COOKIE = 'tributary_flow';
/** Nothing else needs to see a refresh token. */
const PATHS: Record<string, string> = { [REFRESH_COOKIE]: '/api/auth', [FLOW_COOKIE]: '/api/auth/with' };

/** A cookie that no script can read and no other site can send; the one of a browser that comes back from another site is sent with that. */
export function setCookie(req: Request, res: Response, name: string, value: string, seconds: number): void {
  res.cookie(name, value, { ...optionsOf(name), secure: req.secure, maxAge: seconds * 1000 });
}

export function dropCookie(res: Response, name: string): void {
  res.clearCookie(name, optionsOf(name));
}

function optionsOf(name: string): CookieOptions {
  return { httpOnly: true, sameSite: name === FLOW_COOKIE ? 'lax' : 'strict', path: PATHS[name] ?? '/' };
}

/** Of a session: the page is signed out. */
export function dropCookies(res: Response): void {
  dropCookie(res, SESSION_COOKIE);
  dropCookie(res, REFRESH_COOKIE);
}

export function cookieOf(req: Request, wanted: string): string | null {
  for (const part of (req.get('cookie') ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === wanted && value !== undefined) return decoded(value);
  }
  return null;
}

function decoded(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

/** A cookie is sent by the browser on its own: a write must come from our own page (SameSite=Strict says so too). Throws 403. */
export function requireOwnPage(req: Request): void {
  if (['GET', 'HEAD'].includes(req.method) || isSameOrigin(req)) return;
  throw new Forbidden('auth.cross_site', 'This request must come from the page of this server.');
}

function isSameOrigin(req: Request): boolean {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = req.get('origin');
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === req.get('host');
}
