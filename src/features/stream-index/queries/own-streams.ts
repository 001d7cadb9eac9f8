import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';

/** `stream.origin` of what users linked to titles of their own: hidden everywhere but there. */
export const OWN_ORIGIN = 'own-title';

/** Reached by what only somebody else gave: a login, headers, a passkey, a folder or server of the owner's; `stream s`. */
const HOLDS_ACCESS = sql.fragment`(s.kind = 'local'
  OR EXISTS (SELECT FROM stream_http h WHERE h.stream_id = s.id AND (h.headers_sealed IS NOT NULL OR h.source_id IS NOT NULL))
  OR EXISTS (SELECT FROM stream_ftp f WHERE f.stream_id = s.id AND (f.credentials_sealed IS NOT NULL OR f.source_id IS NOT NULL))
  OR EXISTS (SELECT FROM stream_torrent t WHERE t.stream_id = s.id AND t.visibility = 'private')
  OR EXISTS (SELECT FROM stream_usenet n WHERE n.stream_id = s.id AND (n.password_sealed IS NOT NULL OR n.nzb_url_sealed IS NOT NULL)))`;

const Known = z.object({ isOwn: z.boolean(), holdsAccess: z.boolean() });

/** Of a stream that is here already: whether this user added it, and whether it is reached by what only somebody else gave. */
export function knownStream(db: Db, streamId: number, userId: number): Promise<z.infer<typeof Known> | null> {
  return db.maybeOne(rows('streams.known', Known)`
    SELECT s.origin IS NOT DISTINCT FROM ${OWN_ORIGIN} AND s.owner_id IS NOT DISTINCT FROM ${userId}::bigint AS "isOwn",
      ${HOLDS_ACCESS} AS "holdsAccess"
    FROM stream s WHERE s.id = ${streamId}
  `);
}

/** A stream just added is this user's: nobody sees it but under a title of somebody's own. */
export async function makeOwn(db: Db, streamId: number, userId: number): Promise<void> {
  await db.query(command('streams.make_own')`
    UPDATE stream SET origin = ${OWN_ORIGIN}, owner_id = ${userId}, is_public = false WHERE id = ${streamId}
  `);
}

const Opened = z.object({ streamId: z.int() });

/** Streams that users hid by adding them first, and that are found by others now, are everybody's. Answers those. */
export async function openOwn(
  db: Db,
  streamIds: readonly number[],
  origin: string | null,
): Promise<readonly number[]> {
  const opened = await db.any(rows('streams.open_own', Opened)`
    UPDATE stream SET origin = ${origin}, owner_id = NULL, is_public = true
    WHERE id = ANY(${sql.array(streamIds, 'int8')}) AND origin = ${OWN_ORIGIN}
    RETURNING id AS "streamId"
  `);
  return opened.map(({ streamId }) => streamId);
}

/** Where whoever saved them gave a login for them, streams leave private titles: the login is not those users'. `except`: whose titles keep them. */
export async function leavePrivate(
  db: Db,
  streamIds: readonly number[],
  except: number | null,
): Promise<void> {
  await db.query(command('streams.leave_private')`
    DELETE FROM stream_media_link l USING stream s, media m
    WHERE l.stream_id = ANY(${sql.array(streamIds, 'int8')}) AND s.id = l.stream_id AND m.id = l.media_id
      AND m.owner_id IS NOT NULL AND m.owner_id IS DISTINCT FROM ${except}::bigint AND NOT m.is_public AND ${HOLDS_ACCESS}
  `);
}

/** Deletes what a user added for titles of their own, and no other user's private title has: their logins go with them. `allowOrphans` was called. */
export async function deleteStreamsOf(db: Db, userId: number): Promise<void> {
  await db.query(command('streams.delete_of_user')`
    DELETE FROM stream s WHERE s.origin = ${OWN_ORIGIN} AND s.owner_id = ${userId}
      AND NOT EXISTS (
        SELECT FROM stream_media_link l JOIN media m ON m.id = l.media_id
        WHERE l.stream_id = s.id AND m.owner_id <> ${userId} AND NOT m.is_public
      )
  `);
}

const OwnStream = z.object({
  ...{
    id: z.int(),
    streamId: z.uuid(),
    kind: z.string(),
    name: z.string(),
    sizeBytes: z.number().nullable(),
  },
  ...{ titles: z.array(z.uuid()), addedAt: z.string() },
});

/** A page of what a user added or linked, after this one; the titles are those they linked it to, their addresses and logins stay here. */
export function streamsOfUser(
  db: Db,
  userId: number,
  after: number,
  limit: number,
): Promise<readonly z.infer<typeof OwnStream>[]> {
  return db.any(rows('streams.of_user', OwnStream)`
    SELECT s.id, s.public_id AS "streamId", s.kind, s.name, s.size_bytes AS "sizeBytes", ${isoTime('s', 'created_at')} AS "addedAt",
      ARRAY(SELECT DISTINCT m.public_id FROM stream_media_link l JOIN media m ON m.id = l.media_id
        WHERE l.stream_id = s.id AND l.linked_by = ${userId}) AS titles
    FROM stream s
    WHERE s.id IN (
        SELECT l.stream_id FROM stream_media_link l WHERE l.linked_by = ${userId}
        UNION SELECT o.id FROM stream o WHERE o.owner_id = ${userId}
      ) AND s.id > ${after}
    ORDER BY s.id LIMIT ${limit}
  `);
}

export async function countStreamsOf(db: Db, mediaId: number): Promise<number> {
  const { count } = await db.one(rows('streams.count_of', z.object({ count: z.int() }))`
    SELECT count(DISTINCT l.stream_id) AS count FROM stream_media_link l WHERE l.media_id = ${mediaId}
  `);
  return count;
}

/** Takes streams off a title; one alone where it is named. What a user added, and no other title has, goes altogether. False: nothing was linked. */
export async function unlinkStreams(db: Db, mediaId: number, streamId: number | null): Promise<boolean> {
  const only = streamId === null ? sql.fragment`true` : sql.fragment`l.stream_id = ${streamId}`;
  const deleted = await db.query(command('streams.delete_own')`
    DELETE FROM stream s WHERE s.origin = ${OWN_ORIGIN}
      AND s.id IN (SELECT l.stream_id FROM stream_media_link l WHERE l.media_id = ${mediaId} AND ${only})
      AND NOT EXISTS (SELECT FROM stream_media_link o WHERE o.stream_id = s.id AND o.media_id <> ${mediaId})
  `);
  const unlinked = await db.query(command('streams.unlink')`
    DELETE FROM stream_media_link l WHERE l.media_id = ${mediaId} AND ${only}
  `);
  return deleted.rowCount + unlinked.rowCount > 0;
}
