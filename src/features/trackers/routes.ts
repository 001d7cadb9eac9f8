import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Pool } from '../../platform/db.ts';
import { allTrackers } from './queries.ts';

/** More than anyone has; the answer stays bounded whatever was noted. */
const MAX_SHOWN = 10_000;

export type TrackerRoutesDeps = { db: Pool; requireAdmin: RequestHandler };

/** `GET /api/trackers`: every tracker seen in a link, stream or list, and how it does. */
export function trackerRoutes({ db, requireAdmin }: TrackerRoutesDeps): Router {
  const router = Router();
  router.get('/trackers', requireAdmin, list);
  return router;

  async function list(_req: Request, res: Response) {
    res.json({ trackers: await allTrackers(db, MAX_SHOWN) });
  }
}
