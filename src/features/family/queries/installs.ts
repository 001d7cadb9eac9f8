import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';

const Row = z.object({
  installId: z.uuid(),
  profileId: z.uuid(),
  name: z.string(),
  id: z.int(),
  agent: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().nullable(),
});
export type InstallRow = z.infer<typeof Row>;

const ANSWER = sql.fragment`i.public_id AS "installId", p.public_id AS "profileId", i.name, i.id, i.agent,
  ${isoTime('i', 'created_at')} AS "createdAt", ${isoTime('i', 'last_seen_at')} AS "lastSeenAt"`;

export function installsOf(db: Db, userId: number): Promise<readonly InstallRow[]> {
  return db.any(rows('family.installs', Row)`
    SELECT ${ANSWER} FROM install i JOIN profile p ON p.id = i.profile_id
    WHERE p.user_id = ${userId} ORDER BY i.id
  `);
}

export async function countInstalls(db: Db, userId: number): Promise<number> {
  const { count } = await db.one(rows('family.count_installs', z.object({ count: z.int() }))`
    SELECT count(*) AS count FROM install i JOIN profile p ON p.id = i.profile_id WHERE p.user_id = ${userId}
  `);
  return count;
}

export async function insertInstall(db: Db, profileId: number, name: string) {
  return db.one(rows('family.insert_install', z.object({ id: z.int(), publicId: z.uuid() }))`
    INSERT INTO install (profile_id, name) VALUES (${profileId}, ${name}) RETURNING id, public_id AS "publicId"
  `);
}

/** Of this account only; false: there is none such. */
export async function revokeInstall(db: Db, userId: number, publicId: string): Promise<boolean> {
  const { rowCount } = await db.query(command('family.revoke_install')`
    DELETE FROM install i USING profile p
    WHERE p.id = i.profile_id AND p.user_id = ${userId} AND i.public_id = ${publicId}
  `);
  return rowCount > 0;
}

/** Whoever they are of. */
export async function revokeInstalls(db: Db, ids: readonly number[]): Promise<void> {
  await db.query(command('family.revoke_installs')`
    DELETE FROM install WHERE id = ANY (${sql.array(ids, 'int8')})
  `);
}

/** Another name, or another profile of the same account; false: there is no such install. */
export async function changeInstall(
  db: Db,
  userId: number,
  publicId: string,
  { name, profileId }: { name?: string | undefined; profileId?: number | undefined },
): Promise<boolean> {
  const { rowCount } = await db.query(command('family.change_install')`
    UPDATE install i SET name = coalesce(${name ?? null}, i.name), profile_id = coalesce(${profileId ?? null}::int8, i.profile_id),
      revision = i.revision + 1
    FROM profile p
    WHERE p.id = i.profile_id AND p.user_id = ${userId} AND i.public_id = ${publicId}
  `);
  return rowCount > 0;
}

/** What its player says of itself, and when it asked last. */
export async function noteInstallSeen(db: Db, installId: number, agent: string | null): Promise<void> {
  await db.query(command('family.install_seen')`
    UPDATE install SET last_seen_at = now(), agent = coalesce(${agent}, agent) WHERE id = ${installId}
  `);
}

/** Which manifest its player holds from now on. */
export async function noteManifestSeen(db: Db, installId: number, digest: string): Promise<void> {
  await db.query(command('family.manifest_seen')`
    UPDATE install SET seen_manifest = ${digest} WHERE id = ${installId} AND seen_manifest IS DISTINCT FROM ${digest}
  `);
}
