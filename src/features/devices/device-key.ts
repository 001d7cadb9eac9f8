import type { Request } from 'express';
import { AppError, Forbidden } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { bearerOf, hashOf } from '../accounts/index.ts';
import { type AskingDevice, deviceOfKey, noteActive } from './queries/devices.ts';

/** What keys of devices begin with, so that one is recognised where it should not be. */
export const DEVICE_KEY_PREFIX = 'tribdev_';

/** The device that asks, as of now. 401 where it is not paired, or no more; 403 where its account is closed. */
export async function requireDevice(db: Db, req: Request): Promise<AskingDevice> {
  const key = bearerOf(req);
  const device = key?.startsWith(DEVICE_KEY_PREFIX) ? await deviceOfKey(db, hashOf(key)) : null;
  if (device === null)
    throw new AppError('device.not_paired', 'This device is not paired. Pair it again, and send its key.', {
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  if (!device.isOpen) throw new Forbidden('auth.closed', 'The account of this device is closed.');
  if (device.isStale) await noteActive(db, device.id);
  return device;
}
