import { sql } from '../../platform/db.ts';
import type { ShelfContent } from '../catalog.ts';

/** 500 votes for 6.5, which is usual. */
const USUAL = { votes: sql.fragment`500`, sum: sql.fragment`500 * 6.5` };
/** Of a provider that does not count them. */
const UNKNOWN_VOTES = sql.fragment`100`;

/** Few votes count for the usual rating: one vote of 10 is no masterpiece. Of critics and users the critics, who are why such a provider is asked. */
export function content(): ShelfContent {
  return {
    from: sql.fragment`(
        SELECT DISTINCT ON (r.media_id, r.provider_id) r.media_id, r.provider_id, r.rating::float8 AS rating, coalesce(r.vote_count, ${UNKNOWN_VOTES})::float8 AS votes
        FROM media_rating r ORDER BY r.media_id, r.provider_id, r.rating_type
      ) r JOIN rating_provider p ON p.id = r.provider_id JOIN title m ON m.id = r.media_id`,
    where: sql.fragment`true`,
    choice: sql.fragment`p.name`,
    score: sql.fragment`(r.rating * r.votes + ${USUAL.sum}) / (r.votes + ${USUAL.votes})`,
  };
}
