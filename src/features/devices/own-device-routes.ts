import { type Request, type Response, Router } from 'express';
import type { Pool } from '../../platform/db.ts';
import { requireDevice } from './device-key.ts';
import { deviceAnswer } from './queries/devices.ts';

export type OwnDeviceRoutesDeps = { db: Pool };

/** `/api/device`: what a device asks for by its own key. */
export function ownDeviceRoutes({ db }: OwnDeviceRoutesDeps): Router {
  const router = Router();
  router.get('/device', tell);
  return router;

  async function tell(req: Request, res: Response) {
    const { id } = await requireDevice(db, req);
    res.set('Cache-Control', 'no-store').json(await deviceAnswer(db, id));
  }
}
