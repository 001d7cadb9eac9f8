import type { Db } from '../../platform/db.ts';
import { changeInstall, insertInstall, revokeInstalls } from '../family/index.ts';
import { deleteDevice, installOf, reassignDevice, renameDevice } from './queries/devices.ts';
import { deleteExpiredCodes, deleteUnfetched } from './queries/pairing.ts';

/** A device by its public id, and the account it is of. */
export type OwnDevice = { userId: number; deviceId: string };

/** Its install goes by the same name. */
export async function nameDevice(tx: Db, { userId, deviceId }: OwnDevice, name: string): Promise<void> {
  await renameDevice(tx, deviceId, name);
  const install = await installOf(tx, deviceId);
  if (install !== null) await changeInstall(tx, userId, install.publicId, { name });
}

/**
 * To another profile: its install shows what that one may see from the next request on, at the address it has. Where it has none, or a parent
 * took it back, it gets a new one. To nobody: the address opens nothing any more.
 */
export async function giveDevice(
  tx: Db,
  { userId, deviceId }: OwnDevice,
  { profileId, name }: { profileId: number | null; name: string },
): Promise<void> {
  const install = await installOf(tx, deviceId);
  if (profileId === null) {
    await revokeInstalls(tx, install === null ? [] : [install.id]);
    await reassignDevice(tx, deviceId, { profileId, installId: null });
    return;
  }
  const isMoved = install !== null && (await changeInstall(tx, userId, install.publicId, { profileId }));
  const { id: installId } = isMoved ? install : await insertInstall(tx, profileId, name);
  await reassignDevice(tx, deviceId, { profileId, installId });
}

/** Unpaired: neither its key nor its install opens anything. */
export async function takeBackDevice(tx: Db, deviceId: string): Promise<void> {
  const install = await installOf(tx, deviceId);
  await revokeInstalls(tx, install === null ? [] : [install.id]);
  await deleteDevice(tx, deviceId);
}

/** Codes whose time is over, and devices whose key was never fetched: nobody has it. How many codes. */
export async function forgetExpiredCodes(tx: Db): Promise<number> {
  await revokeInstalls(tx, await deleteUnfetched(tx));
  return await deleteExpiredCodes(tx);
}
