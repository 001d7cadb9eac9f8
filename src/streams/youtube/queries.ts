import { z } from 'zod';
import { command, type Db, rows } from '../../platform/db.ts';
import { offeredFrom, StreamId, streamIdBy } from '../queries.ts';

const Offer = z.object({ streamId: z.int(), videoId: z.string() });

export function streamOfVideo(db: Db, videoId: string): Promise<number | null> {
  return streamIdBy(
    db,
    rows('youtube.find', StreamId)`
    SELECT stream_id AS "streamId" FROM stream_youtube WHERE video_id = ${videoId}
  `,
  );
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
    SELECT k.stream_id AS "streamId", k.video_id AS "videoId" ${offeredFrom('stream_youtube', streamIds)}
  `);
}
