import { z } from 'zod';
import type { Visibility } from '../catalogs/catalog.ts';
import { standingOf } from '../catalogs/registry.ts';
import { resolveMediaId } from '../features/media/index.ts';
import { type MediaId, parseMediaId } from '../kit/media-id.ts';
import type { Db } from '../platform/db.ts';
import type { AddonRequest } from './extra.ts';

type Resolved = { mediaId: number; episodeId: number | null };
export const FoundTitle = z.object({
  mediaId: z.int(),
  episodeId: z.int().nullable(),
  /** It has no stream at all, whoever asks. */
  isEmpty: z.boolean(),
});
export type FoundTitle = z.infer<typeof FoundTitle>;

/** TMDB and TVDB number films and series apart; an event (a concert, a match) stands among the films there. */
const FILM_TYPES: ReadonlySet<string> = new Set(['movie', 'events']);

/** The title or episode a request means, seen by such a viewer; null when it is not ours, or not for them to know of. */
export async function findTitle(
  db: Db,
  request: AddonRequest,
  visibility: Visibility,
): Promise<FoundTitle | null> {
  const found = await resolveTitle(db, request);
  if (found === null) return null;
  const standing = await standingOf(db, found.mediaId, visibility);
  return standing === 'hidden' ? null : { ...found, isEmpty: standing === 'empty' };
}

/** The title, or the episode, behind the id of a request, whoever asks; null when it is not ours. */
export async function resolveTitle(db: Db, { id, type }: AddonRequest): Promise<Resolved | null> {
  const parsed = parseMediaId(id);
  return parsed === null ? null : resolveMediaId(db, namespaced(parsed, type));
}

/** A bare TMDB or TVDB number takes its namespace from the type it is asked under. */
function namespaced(id: MediaId, type: string): MediaId {
  const isNumberedTwice = id.provider === 'tmdb' || id.provider === 'tvdb';
  if (!isNumberedTwice || id.namespace !== undefined) return id;
  return { ...id, namespace: FILM_TYPES.has(type) ? 'movie' : 'tv' };
}
