import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';
import { DeviceAnswer } from '../schemas.ts';

const bytes = (hash: Buffer) => sql.binary(hash);

const Made = z.object({ id: z.int(), publicId: z.uuid() });

export function insertDevice(
  db: Db,
  device: { userId: number; profileId: number; installId: number; name: string; keyHash: Buffer },
): Promise<z.infer<typeof Made>> {
  return db.one(rows('devices.insert', Made)`
    INSERT INTO device (user_id, profile_id, install_id, friendly_name, key_hash)
    VALUES (${device.userId}, ${device.profileId}, ${device.installId}, ${device.name}, ${bytes(device.keyHash)})
    RETURNING id, public_id AS "publicId"
  `);
}

const ANSWER = sql.fragment`d.public_id AS "deviceId", d.friendly_name AS name,
  CASE WHEN p.id IS NOT NULL THEN jsonb_build_object('profileId', p.public_id, 'name', p.name, 'kind', p.kind) END AS profile,
  coalesce(d.last_active_at > now() - interval '5 minutes', false) AS "isOnline",
  ${isoTime('d', 'paired_at')} AS "pairedAt", ${isoTime('d', 'last_active_at')} AS "lastActiveAt"`;

export function devicesOf(db: Db, userId: number): Promise<readonly DeviceAnswer[]> {
  return db.any(rows('devices.of_user', DeviceAnswer)`
    SELECT ${ANSWER} FROM device d LEFT JOIN profile p ON p.id = d.profile_id WHERE d.user_id = ${userId} ORDER BY d.id
  `);
}

export async function countDevices(db: Db, userId: number): Promise<number> {
  const { count } = await db.one(rows('devices.count', z.object({ count: z.int() }))`
    SELECT count(*) FROM device WHERE user_id = ${userId}
  `);
  return count;
}

/** One of this account, locked until the transaction ends. */
export function lockDevice(db: Db, userId: number, publicId: string): Promise<DeviceAnswer | null> {
  return db.maybeOne(rows('devices.lock', DeviceAnswer)`
    SELECT ${ANSWER} FROM device d LEFT JOIN profile p ON p.id = d.profile_id
    WHERE d.user_id = ${userId} AND d.public_id = ${publicId} FOR UPDATE OF d
  `);
}

export function deviceAnswer(db: Db, id: number): Promise<DeviceAnswer> {
  return db.one(rows('devices.one', DeviceAnswer)`
    SELECT ${ANSWER} FROM device d LEFT JOIN profile p ON p.id = d.profile_id WHERE d.id = ${id}
  `);
}

export async function renameDevice(db: Db, publicId: string, name: string): Promise<void> {
  await db.query(
    command('devices.rename')`UPDATE device SET friendly_name = ${name} WHERE public_id = ${publicId}`,
  );
}

export async function reassignDevice(
  db: Db,
  publicId: string,
  given: { profileId: number | null; installId: number | null },
): Promise<void> {
  await db.query(command('devices.reassign')`
    UPDATE device SET profile_id = ${given.profileId}, install_id = ${given.installId} WHERE public_id = ${publicId}
  `);
}

const Install = z.object({ id: z.int(), publicId: z.uuid() });

/** The install a device has, whether it was taken back since or not. */
export function installOf(db: Db, publicId: string): Promise<z.infer<typeof Install> | null> {
  return db.maybeOne(rows('devices.install', Install)`
    SELECT i.id, i.public_id AS "publicId" FROM device d JOIN install i ON i.id = d.install_id WHERE d.public_id = ${publicId}
  `);
}

export async function deleteDevice(db: Db, publicId: string): Promise<void> {
  await db.query(command('devices.delete')`DELETE FROM device WHERE public_id = ${publicId}`);
}

const Asking = z.object({
  id: z.int(),
  deviceId: z.uuid(),
  name: z.string(),
  userId: z.int(),
  isOpen: z.boolean(),
  profileId: z.int().nullable(),
  /** The add-on's own for it; null: it has none, or a parent took it back or gave it to somebody else. */
  installId: z.int().nullable(),
  isStale: z.boolean(),
});
export type AskingDevice = z.infer<typeof Asking>;

/** Whose key has this hash, as of now. `isStale`: that it is active was noted more than a minute ago. */
export function deviceOfKey(db: Db, keyHash: Buffer): Promise<AskingDevice | null> {
  return db.maybeOne(rows('devices.of_key', Asking)`
    SELECT d.id, d.public_id AS "deviceId", d.friendly_name AS name, d.user_id AS "userId", u.status = 'active' AS "isOpen",
      d.profile_id AS "profileId", i.id AS "installId", coalesce(d.last_active_at < now() - interval '1 minute', true) AS "isStale"
    FROM device d JOIN app_user u ON u.id = d.user_id
    LEFT JOIN install i ON i.id = d.install_id AND i.profile_id = d.profile_id
    WHERE d.key_hash = ${bytes(keyHash)}
  `);
}

export async function noteActive(db: Db, id: number): Promise<void> {
  await db.query(command('devices.note_active')`UPDATE device SET last_active_at = now() WHERE id = ${id}`);
}
