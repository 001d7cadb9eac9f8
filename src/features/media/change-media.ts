import { Conflict, NotFound } from '../../kit/errors.ts';
import { type Db, sqlState } from '../../platform/db.ts';
import { externalIds } from './external-ids.ts';
import { type Decision, decideTitle, idsOf, lockTitles, mediaWithIds } from './queries/match.ts';
import {
  allowOrphans,
  deleteIds,
  deleteTitle,
  insertIds,
  takeOverTitles,
  titlesOf,
  updateTitles,
} from './queries/titles.ts';
import type { MediaPatch, TitleInput } from './schemas.ts';
import { columnsOf } from './title-columns.ts';
import { writeLists } from './write-lists.ts';

/**
 * Changes one title. Of one that was made from a name and waits for a person this decides: ids, name or year say what it is, `isPublished` alone
 * is a yes or a no to what it was taken for. Throws Conflict `media.contradictory_ids` when a new id belongs to another title (C1).
 */
export async function patchMedia(db: Db, mediaId: number, patch: MediaPatch): Promise<void> {
  await db.transaction(async (tx) => {
    await lockTitles(tx);
    const [title] = await titlesOf(tx, [mediaId]);
    if (title === undefined) throw new NotFound('media.not_found', 'No title has this id.');
    if (patch.ids !== undefined) await changeIds(tx, mediaId, title.kind, patch.ids);
    const decision = decisionIn(patch);
    if (decision !== null) await decideTitle(tx, mediaId, decision);
    await updateTitles(tx, [{ id: mediaId, columns: columnsOf(patch) }]);
    await writeLists(tx, [{ mediaId, lists: patch }]);
    await takeOverTitles(tx, [mediaId]);
  });
}

function decisionIn({ ids, title, year, isPublished }: MediaPatch): Decision | null {
  const isNamed = title !== undefined || year !== undefined;
  if (isNamed) return { status: 'pending', confidence: null, isFromName: false, isPublished: true };
  // Its own name comes with what is found by the ids.
  if (ids !== undefined) return { status: 'pending', confidence: 1, isFromName: true, isPublished: true };
  if (isPublished === undefined) return null;
  return isPublished
    ? { status: 'approved', confidence: 1, isFromName: false, isPublished }
    : { status: 'rejected', confidence: 0, isFromName: true, isPublished };
}

/** Here the owner corrects an id on purpose, so the title's own ids are replaced; another title's never. */
async function changeIds(
  db: Db,
  mediaId: number,
  kind: TitleInput['kind'],
  ids: NonNullable<MediaPatch['ids']>,
): Promise<void> {
  const given = externalIds(kind, ids);
  const owners = await mediaWithIds(
    db,
    given.map((id, index) => ({ ...id, index })),
  );
  const taken = owners.find((owner) => owner.mediaId !== mediaId);
  if (taken !== undefined) {
    const id = given[taken.index];
    const [owner] = await titlesOf(db, [taken.mediaId]);
    throw new Conflict(
      'media.contradictory_ids',
      `Another title has ${id?.provider} ${id?.externalId} already: ${owner?.title.slice(0, 60)} (${owner?.kind}). Where the two are one and this one waits on the page Review, give it the id there. Otherwise delete one of them, or PATCH /api/media/${owner?.publicId} with {"ids":{"${id?.provider}":null}} first.`,
    );
  }
  const held = await idsOf(db, [mediaId]);
  const isHeld = (provider: string, value: string) =>
    held.some((id) => id.provider === provider && id.externalId === value);
  const named = Object.keys(ids);
  const gone = named.filter(
    (provider) => !given.some((id) => id.provider === provider && isHeld(provider, id.externalId)),
  );
  if (gone.length > 0) await deleteIds(db, mediaId, gone);
  const added = given.filter((id) => !isHeld(id.provider, id.externalId));
  if (added.length > 0) {
    await insertIds(
      db,
      added.map((id) => ({ ...id, mediaId })),
    );
  }
}

/**
 * Deletes a title and all that hangs on it. A torrent that no other title uses keeps it (409 `media.has_torrent`),
 * unless `isForced`: then the torrent goes too.
 */
export async function deleteMedia(
  db: Db,
  mediaId: number,
  { isForced }: { isForced: boolean },
): Promise<void> {
  try {
    const wasThere = await db.transaction(async (tx) => {
      if (isForced) await allowOrphans(tx);
      return deleteTitle(tx, mediaId);
    });
    if (!wasThere) throw new NotFound('media.not_found', 'No title has this id.');
  } catch (error) {
    if (sqlState(error) !== '23001') throw error;
    throw new Conflict(
      'media.has_torrent',
      'This title has a torrent that no other title uses. Delete the torrent first, or delete both with ?force=true.',
      error,
    );
  }
}
