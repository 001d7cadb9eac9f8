import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import { absoluteUrl } from '../../kit/asset-url.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { installToken, seenTitles, timeVerdict, viewerOf, type Watcher, watcherOf } from '../family/index.ts';
import { requireDevice } from './device-key.ts';
import { checkLaunch, MESSAGES } from './launch-check.ts';
import { type AskingDevice, deviceAnswer } from './queries/devices.ts';
import { AskedTitle, type DeviceCatalog, DeviceCatalogQuery, type OwnDeviceAnswer } from './schemas.ts';

export type OwnDeviceRoutesDeps = {
  db: Pool;
  crypto: Pick<Crypto, 'sealToken'>;
  baseUrl(req: Request): string;
};

type Catalog = z.infer<typeof DeviceCatalog>;

const PAGE = 100;
const NOBODYS: Catalog = { titles: [], time: 'open', message: MESSAGES.unassigned };

/** `/api/device`: what a device asks for by its own key, as its profile stands now. */
export function ownDeviceRoutes({ db, crypto, baseUrl }: OwnDeviceRoutesDeps): Router {
  const router = Router();
  router.get('/device', tell);
  router.get('/device/catalog', list);
  router.post('/device/launch-check', ...jsonBody('4kb'), check);
  return router;

  async function tell(req: Request, res: Response) {
    const { id, installId } = await requireDevice(db, req);
    const manifestUrl =
      installId === null ? null : `${baseUrl(req)}/${installToken(crypto, installId)}/manifest.json`;
    const answer: z.infer<typeof OwnDeviceAnswer> = { ...(await deviceAnswer(db, id)), manifestUrl };
    res.set('Cache-Control', 'no-store').json(answer);
  }

  async function list(req: Request, res: Response) {
    const device = await requireDevice(db, req);
    const { kind, skip } = parseInput(DeviceCatalogQuery, req.query, 'The query');
    const watcher = await watcherBy(device);
    const answer =
      watcher === null
        ? NOBODYS
        : await catalogOf(watcher, { kind, skip, limit: PAGE, baseUrl: baseUrl(req) });
    res.set('Cache-Control', 'no-store').json(answer);
  }

  async function catalogOf(
    watcher: Watcher,
    { baseUrl: base, ...page }: Parameters<typeof seenTitles>[2] & { baseUrl: string },
  ): Promise<Catalog> {
    const time = timeVerdict(watcher);
    const titles = await seenTitles(db, viewerOf(watcher), page);
    const told = titles.map((title) => ({
      ...title,
      posterUrl: title.posterUrl === null ? null : absoluteUrl(base, title.posterUrl),
    }));
    return { titles: told, time, message: time === 'open' ? null : MESSAGES[time] };
  }

  async function check(req: Request, res: Response) {
    const device = await requireDevice(db, req);
    const asked = parseInput(AskedTitle, req.body, 'The body');
    const place = { asked, baseUrl: baseUrl(req) };
    res
      .set('Cache-Control', 'no-store')
      .json(await checkLaunch({ db, crypto }, device, await watcherBy(device), place));
  }

  async function watcherBy({ profileId }: AskingDevice) {
    return profileId === null ? null : await watcherOf(db, profileId);
  }
}
