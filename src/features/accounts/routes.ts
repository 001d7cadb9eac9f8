import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import { Conflict } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { noteAudit } from '../audit/index.ts';
import { actorOf, isAtHome } from './asking.ts';
import { resetPassword } from './change-password.ts';
import {
  cookieOf,
  dropCookies,
  REFRESH_COOKIE,
  requireOwnPage,
  SESSION_COOKIE,
  setCookie,
} from './cookies.ts';
import { ACCESS_SECONDS, bearerOf, type Guard } from './guard.ts';
import { deleteOwnSession } from './queries/sessions.ts';
import { hasAdmin, userAnswer } from './queries/users.ts';
import { type RegisterDeps, register } from './register.ts';
import {
  type AccountState,
  PasswordReset,
  Refreshing,
  Registration,
  type SignedInAnswer,
  SignIn,
} from './schemas.ts';
import { notSignedIn, REFRESH_SECONDS, refreshSession, type Started } from './sessions.ts';
import { type SignInDeps, signIn } from './sign-in.ts';

export type AccountRoutesDeps = SignInDeps &
  RegisterDeps & {
    guard: Guard;
    publicUrl: string | null;
    /** Whether the audit log keeps addresses. */
    keepsAddresses(): boolean;
    addressOf(req: Request): string;
    /** Tries of one address, right or wrong: each costs a hash. */
    limitTries: RequestHandler;
  };

/** `/api/auth`: for everyone. A page asks for cookies no script can read, other clients get the tokens. */
export function accountRoutes(deps: AccountRoutesDeps): Router {
  const { db, guard, limitTries } = deps;
  const router = Router();
  const body = jsonBody('4kb');
  router.get('/auth/me', show);
  router.post('/auth/register', limitTries, ...body, takeRegistration);
  router.post('/auth/login', limitTries, ...body, takeSignIn);
  router.post('/auth/refresh', limitTries, ...body, takeRefresh);
  router.post('/auth/logout', ...body, signOut);
  router.post('/auth/password-reset', limitTries, ...body, takeReset);
  return router;

  async function show(req: Request, res: Response) {
    const user = await guard.userOf(req);
    const state: z.infer<typeof AccountState> = {
      needsSetup: !(await hasAdmin(db)),
      registration: deps.registration(),
      isAdmin: await guard.isAdmin(req),
      canMail: deps.letters.canSend,
      user: user === null ? null : await userAnswer(db, user.publicId),
    };
    res.set('Cache-Control', 'no-store').json(state);
  }

  async function takeRegistration(req: Request, res: Response) {
    const { cookies, ...input } = parseInput(Registration, req.body, 'The account');
    if (cookies) requireOwnPage(req);
    const started = await register(deps, input, {
      isAtHome: isAtHome(req, deps.publicUrl),
      isAdmin: await guard.isAdmin(req),
      actor: await actorOf(guard, req, deps.keepsAddresses()),
    });
    await answer(req, res.status(201), started, cookies);
  }

  async function takeSignIn(req: Request, res: Response) {
    const { cookies, ...input } = parseInput(SignIn, req.body, 'The body');
    if (cookies) requireOwnPage(req);
    const actor = { ...(await actorOf(guard, req, deps.keepsAddresses())), kind: 'nobody' as const };
    await answer(req, res, await signIn(deps, input, actor, deps.addressOf(req)), cookies);
  }

  async function takeRefresh(req: Request, res: Response) {
    const { refreshToken } = parseInput(Refreshing, req.body ?? {}, 'The body');
    const cookie = refreshToken === undefined ? cookieOf(req, REFRESH_COOKIE) : null;
    if (cookie !== null) requireOwnPage(req);
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    const started = await refreshSession(db, refreshToken ?? cookie ?? '', {
      ...{ actor, isCookie: cookie !== null, refreshTokens: deps.refreshTokens },
    }).catch((error: unknown) => {
      // A page that cannot go on forgets what it had.
      if (!(error instanceof Conflict)) dropCookies(res);
      throw error;
    });
    await answer(req, res, started, cookie !== null);
  }

  async function takeReset(req: Request, res: Response) {
    const input = parseInput(PasswordReset, req.body, 'The body');
    await resetPassword(deps, input, await actorOf(guard, req, deps.keepsAddresses()));
    res.status(204).end();
  }

  /**
   * Ends the session, not only what this browser knows of it. A page elsewhere could send a browser here: it keeps the
   * cookies to itself then, but would follow an answer that takes them away.
   */
  async function signOut(req: Request, res: Response) {
    if (bearerOf(req) === null) requireOwnPage(req);
    const user = await guard.userOf(req);
    if (user !== null && user.sessionId !== null) {
      const isEnded = await deleteOwnSession(db, user.userId, user.sessionId);
      const actor = await actorOf(guard, req, deps.keepsAddresses());
      if (isEnded) await noteAudit(db, actor, { action: 'account.signed_out' });
    }
    dropCookies(res);
    res.status(204).end();
  }

  async function answer(req: Request, res: Response, started: Started, asCookies: boolean) {
    const user = await userAnswer(db, started.userPublicId);
    if (user === null) throw notSignedIn();
    const accessToken = guard.accessToken(started.sessionPublicId);
    const told: z.infer<typeof SignedInAnswer> = { user, tokenType: 'Bearer', expiresIn: ACCESS_SECONDS };
    if (asCookies) {
      keepSession(guard, req, res, started);
    } else Object.assign(told, { accessToken, refreshToken: started.refreshToken });
    res.set('Cache-Control', 'no-store').json(told);
  }
}

/** Puts a session into cookies of the page. */
export function keepSession(guard: Guard, req: Request, res: Response, started: Started): void {
  setCookie(req, res, SESSION_COOKIE, guard.accessToken(started.sessionPublicId), ACCESS_SECONDS);
  setCookie(req, res, REFRESH_COOKIE, started.refreshToken, REFRESH_SECONDS);
}
