import { NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import type { Place } from '../media/index.ts';
import { denyTag, type KnownTag, putTag, tagBySlug } from './queries/tags.ts';

/** A tag by its slug; NotFound that says where the list is. */
export async function requireTag(db: Db, slug: string): Promise<KnownTag> {
  const tag = await tagBySlug(db, slug);
  if (tag === null) throw new NotFound('tags.unknown', 'There is no such tag. GET /api/tags lists them.');
  return tag;
}

/** Gives a title or an episode a tag, in the caller's transaction. */
export function giveTag(
  tx: Db,
  place: Place,
  { tagId }: KnownTag,
  source: 'moderator' | 'report',
): Promise<void> {
  return putTag(tx, { ...place, tagId }, source);
}

/** Takes a tag from a title or an episode so that no rule gives it again, in the caller's transaction. False: it had none. */
export function takeTag(tx: Db, place: Place, { tagId }: KnownTag): Promise<boolean> {
  return denyTag(tx, { ...place, tagId });
}
