import { resolveMediaId } from '../features/media/index.ts';
import type { MediaId } from '../kit/media-id.ts';
import type { Db } from '../platform/db.ts';

/** The title, or the episode, behind a Stremio id; null when it is not ours. A bare TMDB id takes its namespace from the type. */
export async function findTitle(
  db: Db,
  id: MediaId,
  type: string,
): Promise<{ mediaId: number; episodeId: number | null } | null> {
  const namespaced =
    id.provider === 'tmdb' && id.namespace === undefined
      ? { ...id, namespace: type === 'movie' ? ('movie' as const) : ('tv' as const) }
      : id;
  return resolveMediaId(db, namespaced);
}
