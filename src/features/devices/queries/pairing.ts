import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';
import { PairableProfile } from '../schemas.ts';

export const MOST_WRONG_PINS = 5;

const bytes = (hash: Buffer) => sql.binary(hash);

const PairingCode = z.object({
  code: z.string(),
  madeBy: z.enum(['parent', 'device']),
  userId: z.int().nullable(),
  /** The only profile it is for. */
  profileId: z.uuid().nullable(),
  deviceName: z.string().nullable(),
  secretHash: z.instanceof(Buffer).nullable(),
  devicePublicId: z.uuid().nullable(),
  keySealed: z.instanceof(Buffer).nullable(),
  attempts: z.int(),
  isExpired: z.boolean(),
  isUsed: z.boolean(),
  expiresAt: z.iso.datetime(),
});
export type PairingCode = z.infer<typeof PairingCode>;

const ANSWER = sql.fragment`c.code, c.made_by AS "madeBy", c.user_id AS "userId", p.public_id AS "profileId", c.device_name AS "deviceName",
  c.secret_hash AS "secretHash", d.public_id AS "devicePublicId", c.key_sealed AS "keySealed", c.attempts,
  c.expires_at <= now() AS "isExpired", c.used_at IS NOT NULL AS "isUsed", ${isoTime('c', 'expires_at')} AS "expiresAt"`;
const FROM = sql.fragment`pairing_code c LEFT JOIN device d ON d.id = c.device_id LEFT JOIN profile p ON p.id = c.profile_id`;

export function pairingCode(db: Db, code: string): Promise<PairingCode | null> {
  return db.maybeOne(
    rows('devices.pairing_code', PairingCode)`SELECT ${ANSWER} FROM ${FROM} WHERE c.code = ${code}`,
  );
}

/** Locked until the transaction ends: of two who enter it at once the second sees what the first made of it. */
export function lockPairingCode(db: Db, code: string): Promise<PairingCode | null> {
  return db.maybeOne(rows('devices.lock_pairing_code', PairingCode)`
    SELECT ${ANSWER} FROM ${FROM} WHERE c.code = ${code} FOR UPDATE OF c
  `);
}

const Made = z.object({ code: z.string(), expiresAt: z.iso.datetime() });

/** Null: this code is there already. */
export function insertPairingCode(
  db: Db,
  made: {
    code: string;
    userId: number | null;
    profileId: number | null;
    deviceName: string | null;
    secretHash: Buffer | null;
  },
): Promise<z.infer<typeof Made> | null> {
  return db.maybeOne(rows('devices.insert_pairing_code', Made)`
    INSERT INTO pairing_code AS c (code, made_by, user_id, profile_id, device_name, secret_hash)
    VALUES (${made.code}, ${made.userId === null ? 'device' : 'parent'}, ${made.userId}, ${made.profileId}, ${made.deviceName},
      ${made.secretHash === null ? null : bytes(made.secretHash)})
    ON CONFLICT (code) DO NOTHING RETURNING c.code, ${isoTime('c', 'expires_at')} AS "expiresAt"
  `);
}

/** Of the codes somebody made for devices to enter only the newest few stand open. */
export async function dropOlderCodes(db: Db, userId: number, most: number): Promise<void> {
  await db.query(command('devices.drop_older_codes')`
    DELETE FROM pairing_code WHERE code = ANY (ARRAY(
      SELECT code FROM pairing_code WHERE user_id = ${userId} AND made_by = 'parent' AND used_at IS NULL
      ORDER BY created_at DESC OFFSET ${most}))
  `);
}

export async function claimCode(db: Db, code: string, name: string, secretHash: Buffer): Promise<void> {
  await db.query(command('devices.claim_code')`
    UPDATE pairing_code SET device_name = ${name}, secret_hash = ${bytes(secretHash)} WHERE code = ${code}
  `);
}

export async function countWrongPin(db: Db, code: string): Promise<void> {
  await db.query(command('devices.count_wrong_pin')`
    UPDATE pairing_code SET attempts = least(attempts + 1, ${MOST_WRONG_PINS}) WHERE code = ${code}
  `);
}

/** `keySealed`: what the device is yet to fetch. */
export async function endCode(
  db: Db,
  code: string,
  used: { userId: number; deviceId: number; keySealed: Buffer | null },
): Promise<void> {
  await db.query(command('devices.end_code')`
    UPDATE pairing_code SET used_at = now(), user_id = ${used.userId}, device_id = ${used.deviceId},
      key_sealed = ${used.keySealed === null ? null : bytes(used.keySealed)}
    WHERE code = ${code}
  `);
}

export async function eraseKey(db: Db, code: string): Promise<void> {
  await db.query(
    command('devices.erase_key')`UPDATE pairing_code SET key_sealed = NULL WHERE code = ${code}`,
  );
}

const Unfetched = z.object({ installId: z.int().nullable() });

/** Devices whose key was never fetched go before their code: nobody has it. The installs they had. */
export async function deleteUnfetched(db: Db): Promise<number[]> {
  const gone = await db.any(rows('devices.delete_unfetched', Unfetched)`
    DELETE FROM device WHERE id IN (
      SELECT device_id FROM pairing_code WHERE expires_at <= now() AND key_sealed IS NOT NULL)
    RETURNING install_id AS "installId"
  `);
  return gone.flatMap(({ installId }) => (installId === null ? [] : [installId]));
}

/** How many are gone. */
export async function deleteExpiredCodes(db: Db): Promise<number> {
  const { rowCount } = await db.query(command('devices.delete_expired_codes')`
    DELETE FROM pairing_code WHERE expires_at <= now()
  `);
  return rowCount;
}

const PROFILE = sql.fragment`p.public_id AS "profileId", p.name, p.avatar, p.kind`;

/** Those a device may choose by itself: with a PIN, and the one profile the code is for. */
export function pairableProfiles(
  db: Db,
  userId: number,
  only: string | null,
): Promise<readonly PairableProfile[]> {
  return db.any(rows('devices.pairable_profiles', PairableProfile)`
    SELECT ${PROFILE} FROM profile p
    WHERE p.user_id = ${userId} AND p.pin_hash IS NOT NULL AND (${only}::uuid IS NULL OR p.public_id = ${only}::uuid)
    ORDER BY p.id LIMIT 100
  `);
}

/** To whom their parent may give a device. */
export function ownProfiles(db: Db, userId: number): Promise<readonly PairableProfile[]> {
  return db.any(rows('devices.own_profiles', PairableProfile)`
    SELECT ${PROFILE} FROM profile p WHERE p.user_id = ${userId} ORDER BY p.id LIMIT 100
  `);
}

const OwnProfile = z.object({
  id: z.int(),
  profileId: z.uuid(),
  name: z.string(),
  pinHash: z.string().nullable(),
});
export type OwnProfile = z.infer<typeof OwnProfile>;

/** A profile of this account; kept from being deleted until the transaction ends. */
export function ownProfile(db: Db, userId: number, publicId: string): Promise<OwnProfile | null> {
  return db.maybeOne(rows('devices.own_profile', OwnProfile)`
    SELECT p.id, p.public_id AS "profileId", p.name, p.pin_hash AS "pinHash" FROM profile p
    WHERE p.user_id = ${userId} AND p.public_id = ${publicId} FOR KEY SHARE
  `);
}
