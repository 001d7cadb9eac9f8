import { sql } from '../../platform/db.ts';
import type { ShelfContent } from '../catalog.ts';

/** Said to be anime, or known to a data base that knows nothing else. */
export function content(): ShelfContent {
  return {
    from: sql.fragment`title m`,
    where: sql.fragment`(m.subkind = 'anime' OR 'Anime' = ANY(m.genres) OR m.id IN (
      SELECT e.media_id FROM media_external_id e WHERE e.provider IN ('mal', 'anilist', 'kitsu')))`,
    choice: sql.fragment`''`,
    score: sql.fragment`m.rank`,
  };
}
