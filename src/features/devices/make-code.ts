import { randomInt } from 'node:crypto';
import { AppError, NotFound } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { makeSecretToken } from '../accounts/index.ts';
import { dropOlderCodes, insertPairingCode, ownProfile } from './queries/pairing.ts';

/** What a device proves by that a code is its own. */
export const PAIRING_SECRET_PREFIX = 'tribpair_';
/** Of one account, for devices to enter, open at one time. */
const MOST_OPEN_CODES = 5;
const CODES = 1_000_000;
/** With a thousand codes in use a try fails once in a thousand. */
const MOST_TRIES = 20;

export type MadeCode = { code: string; expiresAt: string; secret?: string };

/** A code for a device to enter. 404 where the profile is none of this account. */
export async function makeParentCode(db: Pool, userId: number, profileId?: string): Promise<MadeCode> {
  return await db.transaction(async (tx) => {
    const profile = profileId === undefined ? null : await ownProfile(tx, userId, profileId);
    if (profile === null && profileId !== undefined) throw noProfile();
    await dropOlderCodes(tx, userId, MOST_OPEN_CODES - 1);
    const owner = { userId, profileId: profile?.id ?? null };
    return insertNew(tx, { ...owner, deviceName: null, secretHash: null });
  });
}

/** A code that a device shows, and the secret by which it asks what became of it. */
export async function makeDeviceCode(db: Pool, deviceName: string): Promise<MadeCode> {
  const { token, hash } = makeSecretToken(PAIRING_SECRET_PREFIX);
  const made = await insertNew(db, { userId: null, profileId: null, deviceName, secretHash: hash });
  return { ...made, secret: token };
}

async function insertNew(
  db: Db,
  made: Omit<Parameters<typeof insertPairingCode>[1], 'code'>,
): Promise<MadeCode> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    // `randomInt` draws again instead of folding the range, so every code is as likely as the next.
    const code = String(randomInt(CODES)).padStart(6, '0');
    const inserted = await insertPairingCode(db, { ...made, code });
    if (inserted !== null) return inserted;
  }
  throw new AppError('pairing.busy', 'No code is free just now. Try again in a minute.', {
    status: 503,
    headers: { 'Retry-After': '60' },
  });
}

export function noProfile(): NotFound {
  return new NotFound('family.no_profile', 'There is no such profile of yours.');
}
