import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { parseInput } from '../../platform/http-input.ts';
import type { Actor } from '../audit/index.ts';
import type { SettingsRoom } from './settings.ts';

const Changes = z.record(z.string(), z.unknown());

export type SettingsRoutesDeps = {
  settings: SettingsRoom;
  requireAdmin: RequestHandler;
  actorOf(req: Request): Promise<Actor>;
};

/** `GET/PATCH /api/settings`: typed, with default and origin; a change is valid on every instance at the next request. */
export function settingsRoutes({ settings, requireAdmin, actorOf }: SettingsRoutesDeps): Router {
  const router = Router();
  router.get('/settings', requireAdmin, list);
  router.patch('/settings', requireAdmin, patch);
  return router;

  function list(_req: Request, res: Response) {
    res.set('Cache-Control', 'no-store').json({ settings: settings.list() });
  }

  async function patch(req: Request, res: Response) {
    const changes = parseInput(Changes, req.body, 'The body');
    res
      .set('Cache-Control', 'no-store')
      .json({ settings: await settings.patch(changes, await actorOf(req)) });
  }
}
