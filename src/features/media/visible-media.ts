import { BadInput, NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { episodesOf } from './episodes.ts';
import { isKnownTo } from './queries/match.ts';
import { requireMedia } from './resolve-media-id.ts';

/** A title, or with both numbers an episode of it, as requests of the API name it. */
export type PlaceInput = { mediaId: string; season?: number | undefined; episode?: number | undefined };
export type Place = { mediaId: number; episodeId: number | null };

/**
 * The title or episode a user names. What this user may not know of is not found either: unpublished titles, and private
 * ones of somebody else; moderators know all. BadInput where one of the two numbers lacks.
 */
export async function requireVisible(
  db: Db,
  { mediaId: text, season, episode }: PlaceInput,
  user: { userId: number | null; isModerator: boolean },
): Promise<Place> {
  const { mediaId, episodeId } = await requireMedia(db, text);
  if (!user.isModerator && !(await isKnownTo(db, mediaId, user.userId)))
    throw new NotFound('media.not_found', 'No title has this id.');
  if (season === undefined && episode === undefined) return { mediaId, episodeId };
  if (season === undefined || episode === undefined)
    throw new BadInput('media.half_an_episode', 'An episode needs both its season and its number.');
  const [found] = await episodesOf(db, [{ mediaId, season, episode }]);
  if (found === undefined) throw new NotFound('media.no_episode', 'This title has no such episode.');
  return { mediaId, episodeId: found.episodeId };
}
