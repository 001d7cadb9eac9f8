import { type Request, type RequestHandler, type Response, Router } from 'express';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { bearerOf, type Guard } from '../accounts/index.ts';
import type { Actor } from '../audit/index.ts';
import { memberOf } from '../family/index.ts';
import { statusOf } from './code-status.ts';
import { makeDeviceCode, makeParentCode, PAIRING_SECRET_PREFIX } from './make-code.ts';
import { claim, confirm, type PairDeviceDeps } from './pair-device.ts';
import { devicesOf } from './queries/devices.ts';
import { ClaimBody, Code, ConfirmBody, PairingCodeBody } from './schemas.ts';

export type PairingRoutesDeps = PairDeviceDeps & {
  guard: Guard;
  actorOf(req: Request): Promise<Actor>;
  addressOf(req: Request): string;
  baseUrl(req: Request): string;
  /** New codes of one address, and of devices wherever they are. */
  limitCodes: RequestHandler;
  limitDeviceCodes: RequestHandler;
};

const UNNAMED = 'New device';

/** `/api/pairing-codes`: six digits bring a device and an account together, whichever of them shows the code. */
export function pairingRoutes(deps: PairingRoutesDeps): Router {
  const { db, guard, actorOf, addressOf } = deps;
  const router = Router();
  const body = jsonBody('4kb');
  router.post('/pairing-codes', deps.limitCodes, ...body, make);
  router.get('/pairing-codes/:code', tell);
  router.post('/pairing-codes/:code/claim', ...body, enter);
  router.post('/pairing-codes/:code/confirm', ...body, accept);
  return router;

  async function make(req: Request, res: Response) {
    const { name, profileId } = parseInput(PairingCodeBody, req.body ?? {}, 'The body');
    const user = name === undefined ? await guard.userOf(req) : null;
    if (user === null) await passes(deps.limitDeviceCodes, req, res);
    const made =
      user === null
        ? await makeDeviceCode(db, name ?? UNNAMED)
        : await makeParentCode(db, (await memberOf(guard, req)).userId, profileId);
    const view = user === null ? 'devices' : 'pair';
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json({ ...made, pairingUrl: `${deps.baseUrl(req)}/#${view}/${made.code}` });
  }

  async function tell(req: Request, res: Response) {
    const bearer = bearerOf(req);
    const secret = bearer?.startsWith(PAIRING_SECRET_PREFIX) ? bearer : null;
    const user = secret === null ? await guard.userOf(req) : null;
    const asking = { secret, userId: user?.userId ?? null, address: addressOf(req) };
    res.set('Cache-Control', 'no-store').json(await statusOf(deps, codeOf(req), asking));
  }

  async function enter(req: Request, res: Response) {
    const code = codeOf(req);
    const input = parseInput(ClaimBody, req.body, 'The body');
    const asking = { address: addressOf(req), actor: await actorOf(req) };
    const answer = await claim(deps, code, input, asking);
    res
      .status('key' in answer ? 201 : 200)
      .set('Cache-Control', 'no-store')
      .json(answer);
  }

  async function accept(req: Request, res: Response) {
    const { userId } = await memberOf(guard, req);
    const code = codeOf(req);
    const input = parseInput(ConfirmBody, req.body, 'The body');
    const asking = { userId, address: addressOf(req), actor: await actorOf(req) };
    const deviceId = await confirm(deps, code, input, asking);
    const devices = await devicesOf(db, userId);
    res.set('Cache-Control', 'no-store').json(devices.find((device) => device.deviceId === deviceId));
  }
}

function codeOf(req: Request): string {
  return parseInput(Code, req.params.code, 'The code');
}

/** A limit that only some of the requests to a route are under. */
async function passes(limit: RequestHandler, req: Request, res: Response): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    void limit(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
}
