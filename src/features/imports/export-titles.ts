import { MEDIA_KINDS, type MediaKind } from '../../catalogs/catalog.ts';
import type { Db } from '../../platform/db.ts';
import { exportedTitles } from './queries/export.ts';

/** Titles a statement; what one of them holds (a series of many packs) is the memory this takes. */
const TITLES_PER_PAGE = 50;

/** Every title of these kinds as the text of the import format, one at a time, in the order they were added. */
export async function* exportTitles(
  db: Db,
  { kinds = MEDIA_KINDS, signal }: { kinds?: readonly MediaKind[]; signal: AbortSignal },
): AsyncGenerator<string> {
  let after = 0;
  for (;;) {
    signal.throwIfAborted();
    const page = await exportedTitles(db, { after, kinds, limit: TITLES_PER_PAGE });
    for (const { mediaId, title } of page) {
      after = mediaId;
      yield JSON.stringify(tidy(title));
    }
    if (page.length < TITLES_PER_PAGE) return;
  }
}

/** Without empty lists: left out they say the same. */
function tidy(title: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(title).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
