import type { MediaPatch } from './schemas.ts';

/** The lists of one title, of an import or a patch. */
export type TitleLists = Pick<
  MediaPatch,
  | 'genres'
  | 'keywords'
  | 'companies'
  | 'cast'
  | 'crew'
  | 'certifications'
  | 'images'
  | 'aliases'
  | 'translations'
  | 'ratings'
  | 'seasons'
>;

export type Owned = { mediaId: number; lists: TitleLists };

/** The titles that speak of a list, and its entries, each with its title and place; repeats are left out. */
export function entriesOf<Entry, Row extends { mediaId: number }>(
  titles: readonly Owned[],
  listOf: (lists: TitleLists) => readonly Entry[] | undefined,
  rowOf: (entry: Entry, mediaId: number, position: number) => Row,
  keyOf: (row: Row) => string,
): { owners: number[]; entries: Row[] } {
  const owners: number[] = [];
  const entries = new Map<string, Row>();
  for (const { mediaId, lists } of titles) {
    const list = listOf(lists);
    if (list === undefined) continue;
    owners.push(mediaId);
    for (const [position, entry] of list.entries()) {
      const row = rowOf(entry, mediaId, position);
      const key = `${mediaId} ${keyOf(row)}`;
      if (!entries.has(key)) entries.set(key, row);
    }
  }
  return { owners, entries: [...entries.values()] };
}
