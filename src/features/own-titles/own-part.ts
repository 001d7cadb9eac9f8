import type { Db } from '../../platform/db.ts';
import type { OwnedPart } from '../accounts/index.ts';
import { mediaDetail, ownedBy } from '../media/index.ts';

const PAGE = 50;

/** The titles a user added, as they are handed out. `language`: of the texts. */
export function ownTitlesPart(language: string): OwnedPart {
  return {
    name: 'titles',
    async *read(db: Db, { userId }) {
      let before = Number.MAX_SAFE_INTEGER;
      for (;;) {
        const page = await ownedBy(db, userId, before, PAGE);
        // One after the other: an export leaves the connections to whoever watches.
        for (const { mediaId } of page) yield [await mediaDetail(db, mediaId, language)];
        if (page.length < PAGE) return;
        before = page.at(-1)?.mediaId ?? 0;
      }
    },
  };
}
