import { randomUUID } from 'node:crypto';
import { Conflict } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { lockTitles } from './queries/match.ts';
import { deletePrivateOf, ownedBy } from './queries/owned.ts';
import { allowOrphans, insertTitles } from './queries/titles.ts';
import type { TitleInput } from './schemas.ts';
import { titleColumns } from './title-columns.ts';
import { writeLists } from './write-lists.ts';

/** More a user may not add. */
const MOST_OWN_TITLES = 1000;

/**
 * Adds a title of a user's own, not public. It is nobody else's match, and has no outside ids: an id is there once, and
 * who imports the film it stands for must not land in a private title. 409 `media.too_many_own` past 1,000.
 */
export async function addOwnTitle(
  db: Db,
  ownerId: number,
  title: Omit<TitleInput, 'ids'>,
): Promise<{ mediaId: number; publicId: string }> {
  return db.transaction(async (tx) => {
    await lockTitles(tx);
    const owned = await ownedBy(tx, ownerId, Number.MAX_SAFE_INTEGER, MOST_OWN_TITLES);
    if (owned.length >= MOST_OWN_TITLES)
      throw new Conflict(
        'media.too_many_own',
        `You have ${MOST_OWN_TITLES} titles of your own. Delete one first.`,
      );
    const [made] = await insertTitles(tx, [
      { ...titleColumns(title), public_id: randomUUID(), kind: title.kind, owner_id: ownerId },
    ]);
    if (made === undefined) throw new Error('one title has one row');
    await writeLists(tx, [{ mediaId: made.mediaId, lists: title }]);
    return made;
  });
}

/** Deletes the titles a user added that never became public, with the torrents that are only theirs. */
export async function deletePrivateTitles(tx: Db, ownerId: number): Promise<void> {
  await allowOrphans(tx);
  await deletePrivateOf(tx, ownerId);
}
