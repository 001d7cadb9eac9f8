import { z } from 'zod';
import { command, type Db, rows } from '../../../platform/db.ts';

const Owned = z.object({ mediaId: z.int(), isOwn: z.boolean(), isOwned: z.boolean(), isPublic: z.boolean() });

/** Whose this title is, locked until the transaction ends. */
export function lockOwned(db: Db, userId: number, publicId: string): Promise<z.infer<typeof Owned> | null> {
  return db.maybeOne(rows('media.lock_owned', Owned)`
    SELECT m.id AS "mediaId", coalesce(m.owner_id = ${userId}, false) AS "isOwn", m.owner_id IS NOT NULL AS "isOwned", m.is_public AS "isPublic"
    FROM media m WHERE m.public_id = ${publicId}::uuid FOR UPDATE
  `);
}

/** At most `limit` of a user's own titles after `afterId`, the newest first. */
export function ownedBy(
  db: Db,
  userId: number,
  beforeId: number,
  limit: number,
): Promise<readonly { mediaId: number }[]> {
  return db.any(rows('media.owned_by', z.object({ mediaId: z.int() }))`
    SELECT m.id AS "mediaId" FROM media m WHERE m.owner_id = ${userId} AND m.id < ${beforeId} ORDER BY m.id DESC LIMIT ${limit}
  `);
}

/** All a user added that never became public, with all that hangs on it; `allowOrphans` was called. */
export async function deletePrivateOf(db: Db, userId: number): Promise<void> {
  await db.query(
    command('media.delete_private')`DELETE FROM media WHERE owner_id = ${userId} AND NOT is_public`,
  );
}
