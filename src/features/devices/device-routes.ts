import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { NotFound } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import type { Guard } from '../accounts/index.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { giveDevice, nameDevice, type OwnDevice, takeBackDevice } from './device-install.ts';
import { noProfile } from './make-code.ts';
import { devicesOf, lockDevice } from './queries/devices.ts';
import { ownProfile, ownProfiles } from './queries/pairing.ts';
import { type DeviceAnswer, DevicePatch } from './schemas.ts';

export type DeviceRoutesDeps = { db: Pool; guard: Guard; actorOf(req: Request): Promise<Actor> };

/** `/api/devices`: the devices of one's own account. Those of others are not there (404). */
export function deviceRoutes({ db, guard, actorOf }: DeviceRoutesDeps): Router {
  const router = Router();
  router.get('/devices', list);
  router.patch('/devices/:id', ...jsonBody('4kb'), change);
  router.delete('/devices/:id', unpair);
  return router;

  async function list(req: Request, res: Response) {
    const { userId } = await guard.requireUser(req);
    res
      .set('Cache-Control', 'no-store')
      .json({ devices: await devicesOf(db, userId), profiles: await ownProfiles(db, userId) });
  }

  async function change(req: Request, res: Response) {
    const { userId } = await guard.requireUser(req);
    const deviceId = idOf(req);
    const patch = parseInput(DevicePatch, req.body, 'The device');
    const actor = await actorOf(req);
    const changed = await db.transaction(async (tx) => {
      const before = await own(tx, userId, deviceId);
      if (patch.name !== undefined) await nameDevice(tx, { userId, deviceId }, patch.name);
      if (patch.profileId !== undefined)
        await reassign(tx, { userId, deviceId }, patch.profileId, patch.name ?? before.name);
      const after = await own(tx, userId, deviceId);
      await noteAudit(tx, actor, {
        action: 'device.changed',
        resource: `device ${deviceId}`,
        before: told(before),
        after: told(after),
      });
      return after;
    });
    res.set('Cache-Control', 'no-store').json(changed);
  }

  async function unpair(req: Request, res: Response) {
    const { userId } = await guard.requireUser(req);
    const deviceId = idOf(req);
    const actor = await actorOf(req);
    await db.transaction(async (tx) => {
      const before = told(await own(tx, userId, deviceId));
      await takeBackDevice(tx, deviceId);
      await noteAudit(tx, actor, { action: 'device.unpaired', resource: `device ${deviceId}`, before });
    });
    res.status(204).end();
  }
}

async function own(tx: Db, userId: number, deviceId: string): Promise<DeviceAnswer> {
  const device = await lockDevice(tx, userId, deviceId);
  if (device === null) throw noDevice();
  return device;
}

/** Only to a profile of the same account. */
async function reassign(tx: Db, own: OwnDevice, profileId: string | null, name: string): Promise<void> {
  const profile = profileId === null ? null : await ownProfile(tx, own.userId, profileId);
  if (profile === null && profileId !== null) throw noProfile();
  await giveDevice(tx, own, { profileId: profile?.id ?? null, name });
}

function told({ name, profile }: DeviceAnswer): object {
  return { name, profileId: profile?.profileId ?? null };
}

const Id = z.uuid();

function idOf(req: Request): string {
  const id = Id.safeParse(req.params.id);
  if (!id.success) throw noDevice();
  return id.data;
}

function noDevice(): NotFound {
  return new NotFound('device.not_found', 'There is no such device of yours.');
}
