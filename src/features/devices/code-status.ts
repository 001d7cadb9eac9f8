import type { z } from 'zod';
import type { Crypto } from '../../platform/crypto.ts';
import type { Pool } from '../../platform/db.ts';
import type { CodeEntries } from './code-entries.ts';
import { expired, foreignDevice, isSecretOf, unknownCode } from './pairing-refusals.ts';
import { eraseKey, lockPairingCode, type PairingCode, pairingCode } from './queries/pairing.ts';
import type { PairingStatus } from './schemas.ts';

/** The purpose under which a key is sealed that its device has not fetched yet. */
export const KEY_PURPOSE = 'pairing.key';

export type CodeStatusDeps = { db: Pool; crypto: Pick<Crypto, 'open'>; entries: CodeEntries };

/**
 * What became of a code, to the device that proves itself by its secret, and to the account it is of. The key of a code
 * that a device made is told to that device, once. 403 to others, 404 unknown, 410 expired.
 */
export async function statusOf(
  deps: CodeStatusDeps,
  code: string,
  { secret, userId, address }: { secret: string | null; userId: number | null; address: string },
): Promise<z.infer<typeof PairingStatus>> {
  const found = await pairingCode(deps.db, code);
  const isDevice = found !== null && isSecretOf(found, secret);
  if (found === null || !(isDevice || isMadeBy(found, userId))) {
    await deps.entries.enter(address);
    throw found === null ? unknownCode() : foreignDevice();
  }
  if (found.isExpired) throw expired();
  const key = isDevice && found.keySealed !== null ? await fetchKey(deps, code) : null;
  return {
    ...{ code, expiresAt: found.expiresAt, name: found.deviceName, deviceId: found.devicePublicId },
    state: stateOf(found),
    ...(key === null ? {} : { key }),
  };
}

function isMadeBy(found: PairingCode, userId: number | null): boolean {
  return userId !== null && found.userId === userId;
}

function stateOf({ isUsed, madeBy, secretHash }: PairingCode): z.infer<typeof PairingStatus>['state'] {
  if (isUsed) return 'paired';
  return madeBy === 'parent' && secretHash !== null ? 'claimed' : 'waiting';
}

/** Null: another call was faster. */
async function fetchKey({ db, crypto }: CodeStatusDeps, code: string): Promise<string | null> {
  const sealed = await db.transaction(async (tx) => {
    const locked = await lockPairingCode(tx, code);
    await eraseKey(tx, code);
    return locked?.keySealed ?? null;
  });
  return sealed === null ? null : (crypto.open(KEY_PURPOSE, sealed)?.toString('utf8') ?? null);
}
