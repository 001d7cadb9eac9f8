import { type Request, type RequestHandler, type Response, Router } from 'express';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { z } from 'zod';
import { AppError, Conflict, NotFound } from '../../../kit/errors.ts';
import type { Crypto } from '../../../platform/crypto.ts';
import { type Actor, noteAudit } from '../../audit/index.ts';
import { cookieOf, dropCookie, FLOW_COOKIE, setCookie } from '../cookies.ts';
import { type Guard, inPerson } from '../guard.ts';
import { deleteIdentity, IdentityAnswer, identitiesOf } from '../queries/identities.ts';
import { lockUser } from '../queries/users.ts';
import type { Started } from '../sessions.ts';
import type { OAuthProvider } from './oauth-provider.ts';
import { linkIdentity, type SignInWithDeps, signInWith } from './sign-in-with.ts';

export const ProvidersAnswer = z.object({
  providers: z.array(z.object({ id: z.string(), name: z.string() })),
});
export const IdentitiesAnswer = z.object({ identities: z.array(IdentityAnswer) });
/** Where the browser goes on. */
export const LinkStart = z.object({ url: z.url() });

export type ExternalRoutesDeps = SignInWithDeps & {
  guard: Guard;
  crypto: Pick<Crypto, 'openToken' | 'sealToken'>;
  providers: readonly OAuthProvider[];
  limitTries: RequestHandler;
  baseUrl(req: Request): string;
  actorOf(req: Request): Promise<Actor>;
  /** Puts a session into cookies of the page. */
  keepSession(req: Request, res: Response, started: Started): void;
};

const FLOW_SECONDS = 600;
const PURPOSE = 'external-sign-in';
/** Sealed, in a cookie of the browser that began: an answer that comes to another browser is not to anything. */
const Flow = z.object({
  ...{
    provider: z.string(),
    state: z.string(),
    nonce: z.string(),
    verifier: z.string(),
    expiresAt: z.number(),
  },
  /** Of who links it to their account; null: somebody signs in. */
  session: z.uuid().nullable(),
});
type Flow = z.infer<typeof Flow>;

/** Signing in with an account elsewhere, and linking one. */
export function externalRoutes(deps: ExternalRoutesDeps): Router {
  const { db, guard, providers, limitTries } = deps;
  const router = Router();
  router.get('/auth/providers', list);
  router.get('/auth/with/:provider', limitTries, begin);
  router.get('/auth/with/:provider/callback', limitTries, finish);
  router.post('/auth/with/:provider/link', limitTries, beginLink);
  router.get('/auth/identities', listOwn);
  router.delete('/auth/identities/:id', unlink);
  return router;

  function list(_req: Request, res: Response) {
    res.json({ providers: providers.map(({ id, name }) => ({ id, name })) });
  }

  async function begin(req: Request, res: Response) {
    res.redirect(302, (await sendAway(req, res, null)).href);
  }

  async function beginLink(req: Request, res: Response) {
    const { sessionId } = await inPerson(guard, req);
    res.set('Cache-Control', 'no-store').json({ url: (await sendAway(req, res, sessionId)).href });
  }

  async function sendAway(req: Request, res: Response, session: string | null): Promise<URL> {
    const provider = providerOf(req);
    const checks = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
    const url = await provider.begin(callbackOf(req, provider), checks);
    const flow: Flow = {
      ...checks,
      provider: provider.id,
      session,
      expiresAt: Date.now() + FLOW_SECONDS * 1000,
    };
    setCookie(req, res, FLOW_COOKIE, deps.crypto.sealToken(PURPOSE, flow), FLOW_SECONDS);
    res.set('Cache-Control', 'no-store');
    return url;
  }

  /** A browser comes here, so what went wrong is told by the page. */
  async function finish(req: Request, res: Response) {
    const provider = providerOf(req);
    const home = `${deps.baseUrl(req)}/#account`;
    const flow = flowOf(req);
    dropCookie(res, FLOW_COOKIE);
    res.set('Cache-Control', 'no-store');
    try {
      if (flow === null || flow.provider !== provider.id) throw tooLate();
      const url = new URL(`${callbackOf(req, provider)}${new URL(req.originalUrl, 'http://x').search}`);
      const who = await provider.finish(url, flow);
      const actor = await deps.actorOf(req);
      if (flow.session !== null) await linkIdentity(db, who, flow.session, actor);
      else
        deps.keepSession(
          req,
          res,
          await signInWith(deps, who, { ...actor, kind: 'nobody', userId: undefined }),
        );
      res.redirect(303, flow.session === null ? `${home}/signed-in` : home);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      res.redirect(303, `${home}/${error.code}`);
    }
  }

  async function listOwn(req: Request, res: Response) {
    const { userId } = await inPerson(guard, req);
    res.set('Cache-Control', 'no-store').json({ identities: await identitiesOf(db, userId) });
  }

  /** The last way in stays. */
  async function unlink(req: Request, res: Response) {
    const { userId, publicId } = await inPerson(guard, req);
    const id = z.uuid().safeParse(req.params.id);
    const actor = await deps.actorOf(req);
    await db.transaction(async (tx) => {
      const user = await lockUser(tx, publicId);
      if (!id.success || !(await deleteIdentity(tx, userId, id.data)))
        throw new NotFound('accounts.not_found', 'There is nothing like that of yours.');
      if (user?.passwordHash === null && (await identitiesOf(tx, userId)).length === 0)
        throw new Conflict(
          'accounts.last_way_in',
          'This is the only way into the account. Choose a password first.',
        );
      const entry = { action: 'account.identity_unlinked', severity: 'warning' } as const;
      await noteAudit(tx, actor, { ...entry, resource: `user ${publicId}` });
    });
    res.status(204).end();
  }

  function providerOf(req: Request): OAuthProvider {
    const provider = providers.find(({ id }) => id === req.params.provider);
    if (provider !== undefined) return provider;
    throw new NotFound('auth.no_provider', 'Nobody signs in with that here.');
  }

  function callbackOf(req: Request, { id }: OAuthProvider): string {
    return `${deps.baseUrl(req)}/api/auth/with/${id}/callback`;
  }

  function flowOf(req: Request): Flow | null {
    const sealed = cookieOf(req, FLOW_COOKIE);
    const flow = Flow.safeParse(sealed === null ? null : deps.crypto.openToken(PURPOSE, sealed));
    return flow.success && flow.data.expiresAt > Date.now() ? flow.data : null;
  }
}

function tooLate(): AppError {
  return new AppError(
    'auth.external_late',
    'This sign-in was not begun here, or took too long. Begin again.',
    {
      status: 403,
    },
  );
}
