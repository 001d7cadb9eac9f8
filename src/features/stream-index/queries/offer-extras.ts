import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';

const OfferExtra = z.object({
  linkId: z.int(),
  source: z.string().nullable(),
  bitsPerSecond: z.number().nullable(),
  /** Of the episode or the film. */
  runtimeMinutes: z.int().nullable(),
});
export type OfferExtra = z.infer<typeof OfferExtra>;

/** What preferences ask of the streams behind some links besides what is shown of them, in no order. */
export function offerExtras(db: Db, linkIds: readonly number[]): Promise<readonly OfferExtra[]> {
  return db.any(rows('streams.offer_extras', OfferExtra)`
    SELECT l.id AS "linkId", o.name AS source, (a.media->>'bitsPerSecond')::float8 AS "bitsPerSecond",
      CASE WHEN l.episode_id IS NULL THEN m.runtime_minutes
        ELSE coalesce(e.runtime_minutes, m.episode_run_time[1], m.runtime_minutes) END AS "runtimeMinutes"
    FROM stream_media_link l
    JOIN media m ON m.id = l.media_id
    LEFT JOIN episode e ON e.id = l.episode_id
    LEFT JOIN file_facts a ON a.stream_id = l.stream_id AND a.file_index IS NOT DISTINCT FROM l.file_index
    LEFT JOIN stream_http h ON h.stream_id = l.stream_id
    LEFT JOIN stream_ftp p ON p.stream_id = l.stream_id
    LEFT JOIN stream_local k ON k.stream_id = l.stream_id
    LEFT JOIN source o ON o.id = coalesce(h.source_id, p.source_id, k.source_id)
    WHERE l.id = ANY(${sql.array(linkIds, 'int8')})
  `);
}
