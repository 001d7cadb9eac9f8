import type { Db } from '../../platform/db.ts';
import type { OwnedPart } from '../accounts/index.ts';
import { historyEntry } from './activity.ts';
import { historyPage, type Place } from './queries/history.ts';
import { markPage } from './queries/marks.ts';
import { ownProfiles } from './queries/titles.ts';
import { MARK_KINDS } from './schemas.ts';

const PAGE = 500;
type Placed = { micros: number; rowId: number };

/** What the profiles of an account watched and keep, as it is handed out: tens of thousands of rows, page by page. */
export const ACTIVITY_PARTS: readonly OwnedPart[] = [
  {
    name: 'history',
    async *read(db: Db, { userId }) {
      for (const { publicId: profileId, ...profile } of await ownProfiles(db, userId))
        for await (const page of pages((after) => historyPage(db, { ...profile, after, limit: PAGE })))
          yield page.map((entry) => ({ profileId, ...historyEntry(entry) }));
    },
  },
  {
    name: 'lists',
    async *read(db: Db, { userId }) {
      for (const { publicId: profileId, ...profile } of await ownProfiles(db, userId))
        for (const kind of MARK_KINDS)
          for await (const page of pages((after) => markPage(db, { ...profile, kind, after, limit: PAGE })))
            yield page.map(({ title, addedAt }) => ({ profileId, list: kind, title, addedAt }));
    },
  },
];

async function* pages<Row extends Placed>(ask: (after: Place | null) => Promise<readonly Row[]>) {
  let after: Place | null = null;
  for (;;) {
    const page: readonly Row[] = await ask(after);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { micros: last.micros, id: last.rowId };
  }
}
