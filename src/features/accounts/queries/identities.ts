import { z } from 'zod';
import { command, type Db, isoTime, rows } from '../../../platform/db.ts';

const Owner = z.object({ identityId: z.int(), publicId: z.uuid() });

/** The account that an identity elsewhere stands for. */
export function userOfIdentity(
  db: Db,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<z.infer<typeof Owner> | null> {
  return db.maybeOne(rows('accounts.user_of_identity', Owner)`
    SELECT i.id AS "identityId", u.public_id AS "publicId" FROM login_identity i JOIN app_user u ON u.id = i.user_id
    WHERE i.issuer = ${issuer} AND i.subject = ${subject}
  `);
}

export type NewIdentity = { userId: number; issuer: string; subject: string; name: string | null };

/** Breaks a unique constraint where the identity stands for an account already. */
export async function insertIdentity(db: Db, identity: NewIdentity): Promise<void> {
  await db.query(command('accounts.insert_identity')`
    INSERT INTO login_identity (user_id, issuer, subject, name, last_used_at)
    VALUES (${identity.userId}, ${identity.issuer}, ${identity.subject}, ${identity.name}, now())
  `);
}

export async function noteIdentityUse(db: Db, identityId: number): Promise<void> {
  await db.query(command('accounts.note_identity_use')`
    UPDATE login_identity SET last_used_at = now() WHERE id = ${identityId}
  `);
}

export const IdentityAnswer = z.object({
  identityId: z.uuid(),
  issuer: z.string(),
  /** As it is called there. */
  name: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});

export function identitiesOf(db: Db, userId: number): Promise<readonly z.infer<typeof IdentityAnswer>[]> {
  return db.any(rows('accounts.identities', IdentityAnswer)`
    SELECT i.public_id AS "identityId", i.issuer, i.name, ${isoTime('i', 'created_at')} AS "createdAt",
      ${isoTime('i', 'last_used_at')} AS "lastUsedAt"
    FROM login_identity i WHERE i.user_id = ${userId} ORDER BY i.id
  `);
}

/** Of that user only; whether there was one. */
export async function deleteIdentity(db: Db, userId: number, publicId: string): Promise<boolean> {
  const { rowCount } = await db.query(command('accounts.delete_identity')`
    DELETE FROM login_identity WHERE user_id = ${userId} AND public_id = ${publicId}
  `);
  return rowCount > 0;
}
