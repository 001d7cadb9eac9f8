import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';

const StreamId = z.object({ streamId: z.int() });
const Offer = z.object({ streamId: z.int(), videoId: z.string() });

export async function streamOfVideo(db: Db, videoId: string): Promise<number | null> {
  const row = await db.maybeOne(rows('youtube.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_youtube WHERE video_id = ${videoId}
  `);
  return row?.streamId ?? null;
}

export async function saveYoutubeRow(
  db: Db,
  streamId: number,
  videoId: string,
  isLive: boolean,
): Promise<void> {
  await db.query(command('youtube.save')`
    INSERT INTO stream_youtube (stream_id, video_id, is_live) VALUES (${streamId}, ${videoId}, ${isLive})
    ON CONFLICT (stream_id) DO UPDATE SET video_id = excluded.video_id, is_live = excluded.is_live
  `);
}

/** Those of the streams that may be offered: active, not blocked. */
export function offeredYoutube(
  db: Db,
  streamIds: readonly number[],
): Promise<readonly z.infer<typeof Offer>[]> {
  return db.any(rows('youtube.offers', Offer)`
    SELECT y.stream_id AS "streamId", y.video_id AS "videoId"
    FROM stream_youtube y JOIN stream s ON s.id = y.stream_id
    WHERE y.stream_id = ANY (${sql.array([...streamIds], 'int8')}) AND s.is_active AND NOT s.is_blocked
  `);
}
