import type { Db } from '../../platform/db.ts';
import { ownersOfIds } from './fill-media.ts';
import { lockTitles } from './queries/match.ts';
import { mergeTitle } from './queries/titles.ts';
import type { MediaPatch, TitleInput } from './schemas.ts';

/**
 * A hidden title made from a name that turns out to be one we have becomes that one, in the caller's transaction: its streams, plays, places in
 * lists and names move, and it is gone. Ids given as null are no longer its own. Answers the title it became; null when no other title has these
 * ids, several have them, or the two cannot be one (another kind or owner, or somebody named it on purpose): nothing is changed then.
 */
export async function mergeWithOwner(
  tx: Db,
  { mediaId, kind }: { mediaId: number; kind: TitleInput['kind'] },
  ids: NonNullable<MediaPatch['ids']>,
): Promise<number | null> {
  await lockTitles(tx);
  const given = Object.entries(ids);
  const held = Object.fromEntries(given.flatMap(([provider, id]) => (id == null ? [] : [[provider, id]])));
  const owners = await ownersOfIds(tx, kind, held);
  const others = new Set(owners.map((owner) => owner.mediaId).filter((owner) => owner !== mediaId));
  const [kept, another] = [...others];
  if (kept === undefined || another !== undefined) return null;
  const isMerged = await mergeTitle(
    tx,
    mediaId,
    kept,
    given.flatMap(([provider, id]) => (id === null ? [provider] : [])),
  );
  return isMerged ? kept : null;
}
