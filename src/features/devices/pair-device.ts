import type { z } from 'zod';
import { AppError, Conflict } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import type { Db, Pool } from '../../platform/db.ts';
import type { PasswordHashes } from '../../platform/password-hash.ts';
import { makeSecretToken } from '../accounts/index.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { insertInstall } from '../family/index.ts';
import type { CodeEntries } from './code-entries.ts';
import { KEY_PURPOSE } from './code-status.ts';
import { DEVICE_KEY_PREFIX } from './device-key.ts';
import { noProfile, PAIRING_SECRET_PREFIX } from './make-code.ts';
import { foreignDevice, isSecretOf, refuseEnded, unknownCode } from './pairing-refusals.ts';
import { countDevices, insertDevice } from './queries/devices.ts';
import {
  claimCode,
  countWrongPin,
  endCode,
  lockPairingCode,
  MOST_WRONG_PINS,
  type OwnProfile,
  ownProfile,
  type PairingCode,
  pairableProfiles,
  pairingCode,
} from './queries/pairing.ts';
import type { ClaimAnswer, ClaimBody, ConfirmBody, PairedAnswer } from './schemas.ts';

const MOST_DEVICES = 100;

export type PairDeviceDeps = {
  db: Pool;
  crypto: Pick<Crypto, 'seal' | 'open'>;
  passwords: PasswordHashes;
  entries: CodeEntries;
};

type Claimed = z.infer<typeof ClaimAnswer>;
type Paired = z.infer<typeof PairedAnswer>;

/**
 * A device enters a code that a parent made. Without a profile the code is this device's from now on, and it is told which
 * profiles there are; with one and its PIN it is paired. 401 for a wrong PIN, 404 unknown, 409 in use or used, 410 expired
 * or ended by five wrong PINs, 403 another device's, 429 after too many wrong codes.
 */
export async function claim(
  deps: PairDeviceDeps,
  code: string,
  body: z.infer<typeof ClaimBody>,
  { address, actor }: { address: string; actor: Actor },
): Promise<Claimed | Paired> {
  const wasRight = await admit(deps, code, body.secret ?? null, address);
  const done = await deps.db.transaction(async (tx) => {
    const found = claimable(await lockPairingCode(tx, code), body.secret);
    if (body.profileId === undefined) return await bind(tx, found, body.name);
    const { profileId, name, pin = '' } = body;
    return await pairByPin(tx, deps, found, { profileId, name, pin }, actor);
  });
  await wasRight();
  if (done === 'wrong PIN')
    throw new AppError('pairing.wrong_pin', 'That is not the PIN of this profile.', { status: 401 });
  return done;
}

/** Whoever has the secret of a code has entered it before. */
async function admit(
  { db, entries }: PairDeviceDeps,
  code: string,
  secret: string | null,
  address: string,
): Promise<() => Promise<void>> {
  const found = secret === null ? null : await pairingCode(db, code);
  if (found !== null && isSecretOf(found, secret)) return async () => {};
  return await entries.enter(address);
}

type Claimable = PairingCode & { userId: number };

function claimable(found: PairingCode | null, secret: string | undefined): Claimable {
  if (found?.madeBy !== 'parent' || found.userId === null) throw unknownCode();
  refuseEnded(found);
  if (found.attempts >= MOST_WRONG_PINS)
    throw new AppError(
      'pairing.ended',
      `This code has ended after ${MOST_WRONG_PINS} wrong PINs. Make another one.`,
      { status: 410 },
    );
  if (found.secretHash !== null && secret === undefined)
    throw new Conflict('pairing.in_use', 'Another device has entered this code. Make another one.');
  if (secret !== undefined && !isSecretOf(found, secret)) throw foreignDevice();
  return { ...found, userId: found.userId };
}

async function bind(
  tx: Db,
  { code, userId, profileId, expiresAt }: Claimable,
  name: string,
): Promise<Claimed> {
  const { token, hash: secretHash } = makeSecretToken(PAIRING_SECRET_PREFIX);
  await claimCode(tx, code, name, secretHash);
  return { secret: token, expiresAt, profiles: [...(await pairableProfiles(tx, userId, profileId))] };
}

async function pairByPin(
  tx: Db,
  { passwords }: PairDeviceDeps,
  found: Claimable,
  { profileId, name, pin }: { profileId: string; name: string; pin: string },
  actor: Actor,
): Promise<Paired | 'wrong PIN'> {
  const isFor = found.profileId === null || found.profileId === profileId;
  const profile = isFor ? await ownProfile(tx, found.userId, profileId) : null;
  const by = { ...actor, kind: 'device', userId: found.userId } as const;
  // A profile that is not there, or has no PIN, takes as long and says the same as a wrong one.
  const isRight = await passwords.isSame(pin, profile?.pinHash ?? null);
  if (profile === null || !isRight) {
    await countWrongPin(tx, found.code);
    const entry = { action: 'device.wrong_pin', severity: 'warning', after: { name } } as const;
    await noteAudit(tx, by, profile === null ? entry : { ...entry, resource: `profile ${profileId}` });
    return 'wrong PIN';
  }
  const made = await addDevice(tx, { userId: found.userId, profile, name }, by);
  await endCode(tx, found.code, { userId: found.userId, deviceId: made.id, keySealed: null });
  const { publicId: deviceId, key } = made;
  return { deviceId, name, profile: { profileId, name: profile.name }, key };
}

async function addDevice(
  tx: Db,
  { userId, profile, name }: { userId: number; profile: OwnProfile; name: string },
  actor: Actor,
): Promise<{ id: number; publicId: string; key: string }> {
  if ((await countDevices(tx, userId)) >= MOST_DEVICES)
    throw new Conflict('device.too_many', `There are ${MOST_DEVICES} devices. Unpair one first.`);
  const { token, hash: keyHash } = makeSecretToken(DEVICE_KEY_PREFIX);
  const { id: installId } = await insertInstall(tx, profile.id, name);
  const made = await insertDevice(tx, { userId, profileId: profile.id, installId, name, keyHash });
  await noteAudit(tx, actor, {
    action: 'device.paired',
    resource: `device ${made.publicId}`,
    after: { name, profileId: profile.profileId },
  });
  return { ...made, key: token };
}

/** A parent confirms a code that a device shows: the device has a profile now, and fetches its key. Tells the device's id. */
export async function confirm(
  deps: PairDeviceDeps,
  code: string,
  { profileId, name: given }: z.infer<typeof ConfirmBody>,
  { userId, address, actor }: { userId: number; address: string; actor: Actor },
): Promise<string> {
  const wasRight = await deps.entries.enter(address);
  const deviceId = await deps.db.transaction(async (tx) => {
    const profile = await ownProfile(tx, userId, profileId);
    if (profile === null) throw noProfile();
    const found = await lockPairingCode(tx, code);
    if (found?.madeBy !== 'device') throw unknownCode();
    refuseEnded(found);
    const name = given ?? found.deviceName ?? '';
    const made = await addDevice(tx, { userId, profile, name }, actor);
    const keySealed = deps.crypto.seal(KEY_PURPOSE, made.key);
    await endCode(tx, code, { userId, deviceId: made.id, keySealed });
    return made.publicId;
  });
  await wasRight();
  return deviceId;
}
