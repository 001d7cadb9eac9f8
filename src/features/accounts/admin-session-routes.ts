import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { noteAudit } from '../audit/index.ts';
import { actorOf } from './asking.ts';
import { requireOwnPage } from './cookies.ts';
import type { Guard } from './guard.ts';

const AdminToken = z.strictObject({ token: z.string().min(1).max(512) });

export type AdminSessionRoutesDeps = {
  db: Db;
  guard: Guard;
  keepsAddresses(): boolean;
  /** 10 tries in 5 minutes from one address. */
  limitSignIn: RequestHandler;
};

/** `/api/admin-session`: a page trades the admin token for a cookie no script can read. For the first start, and for who lost a password. */
export function adminSessionRoutes({
  db,
  guard,
  keepsAddresses,
  limitSignIn,
}: AdminSessionRoutesDeps): Router {
  const router = Router();
  router.get('/admin-session', show);
  router.post('/admin-session', limitSignIn, ...jsonBody('4kb'), begin);
  router.delete('/admin-session', end);
  return router;

  async function show(req: Request, res: Response) {
    res.set('Cache-Control', 'no-store').json({ admin: await guard.isAdmin(req) });
  }

  async function begin(req: Request, res: Response) {
    const { token } = parseInput(AdminToken, req.body, 'The body');
    const actor = await actorOf(guard, req, keepsAddresses());
    if (!guard.isAdminToken(token)) {
      await noteAudit(db, actor, { action: 'account.admin_token_refused', severity: 'warning' });
      throw new AppError(
        'auth.wrong_token',
        'That is not the admin token. It was printed on the first start and lies in the data folder.',
        { status: 401 },
      );
    }
    await noteAudit(
      db,
      { ...actor, kind: 'admin-token' },
      { action: 'account.admin_token_used', severity: 'warning' },
    );
    guard.openAdminSession(req, res);
    res.status(204).end();
  }

  /** As a sign-out does: for our own page only. */
  function end(req: Request, res: Response) {
    requireOwnPage(req);
    guard.closeAdminSession(res);
    res.status(204).end();
  }
}
