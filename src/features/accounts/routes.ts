import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import type { Admin } from './admin.ts';

const SignIn = z.strictObject({ token: z.string().min(1).max(512) });

export type AccountRoutesDeps = {
  admin: Admin;
  /** 10 tries in 5 minutes from one address. */
  limitSignIn: RequestHandler;
};

/** `/api/admin-session`: the page asks for the admin token once and keeps a cookie no script can read. */
export function accountRoutes({ admin, limitSignIn }: AccountRoutesDeps): Router {
  const router = Router();
  router.get('/admin-session', show);
  router.post('/admin-session', limitSignIn, ...jsonBody('4kb'), signIn);
  router.delete('/admin-session', signOut);
  return router;

  function show(req: Request, res: Response) {
    res.set('Cache-Control', 'no-store').json({ admin: admin.isAdmin(req) });
  }

  function signIn(req: Request, res: Response) {
    const { token } = parseInput(SignIn, req.body, 'The body');
    if (!admin.isToken(token)) {
      throw new AppError(
        'auth.wrong_token',
        'That is not the admin token. It was printed on the first start and lies in the data folder.',
        { status: 401 },
      );
    }
    admin.signIn(req, res);
    res.status(204).end();
  }

  function signOut(_req: Request, res: Response) {
    admin.signOut(res);
    res.status(204).end();
  }
}
