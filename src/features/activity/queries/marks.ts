import { z } from 'zod';
import { command, type Db, type Fragment, isoTime, rows, sql } from '../../../platform/db.ts';
import { Mark, type MarkKind } from '../schemas.ts';
import type { Place } from './history.ts';
import { ofAccount, TITLE } from './titles.ts';

const MarkRow = Mark.extend({ rowId: z.int(), micros: z.int() });
export type MarkRow = z.infer<typeof MarkRow>;

/** Newest first. Titles the account may not see any more are left out. */
export function markPage(
  db: Db,
  of: { profileId: number; userId: number; kind: MarkKind; after: Place | null; limit: number },
): Promise<readonly MarkRow[]> {
  const past: Fragment =
    of.after === null
      ? sql.fragment``
      : sql.fragment`AND (k.created_at, k.media_id) < ('epoch'::timestamptz + ${of.after.micros}::bigint * interval '1 microsecond', ${of.after.id}::bigint)`;
  return db.any(rows('activity.marks', MarkRow)`
    SELECT k.media_id AS "rowId", (extract(epoch FROM k.created_at) * 1000000)::bigint AS micros, ${TITLE} AS title,
      ${isoTime('k', 'created_at')} AS "addedAt"
    FROM user_media_mark k JOIN media m ON m.id = k.media_id
    WHERE k.profile_id = ${of.profileId} AND k.kind = ${of.kind} ${past} AND ${ofAccount(of.userId)}
    ORDER BY k.created_at DESC, k.media_id DESC LIMIT ${of.limit}
  `);
}

type OneMark = { profileId: number; mediaId: number; kind: MarkKind };

/** False: it is there already. */
export async function insertMark(db: Db, { profileId, mediaId, kind }: OneMark): Promise<boolean> {
  const result = await db.query(command('activity.mark')`
    INSERT INTO user_media_mark (profile_id, media_id, kind) VALUES (${profileId}, ${mediaId}, ${kind}) ON CONFLICT DO NOTHING
  `);
  return result.rowCount > 0;
}

export async function deleteMark(db: Db, { profileId, mediaId, kind }: OneMark): Promise<boolean> {
  const result = await db.query(command('activity.unmark')`
    DELETE FROM user_media_mark WHERE profile_id = ${profileId} AND kind = ${kind} AND media_id = ${mediaId}
  `);
  return result.rowCount > 0;
}

/** Whether this list of a profile holds so many. */
export async function isFull(
  db: Db,
  { profileId, kind }: Pick<OneMark, 'profileId' | 'kind'>,
  most: number,
): Promise<boolean> {
  const { full } = await db.one(rows('activity.is_full', z.object({ full: z.boolean() }))`
    SELECT count(*) >= ${most} AS full FROM (
      SELECT FROM user_media_mark k WHERE k.profile_id = ${profileId} AND k.kind = ${kind} LIMIT ${most}) k
  `);
  return full;
}
