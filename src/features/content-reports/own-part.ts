import type { Db } from '../../platform/db.ts';
import type { OwnedPart } from '../accounts/index.ts';
import { reportPage } from './queries.ts';

const PAGE = 100;

/** What a user reported, as it is handed out and as they see it. */
export const REPORTS_PART: OwnedPart = {
  name: 'reports',
  async *read(db: Db, { userId }) {
    const seer = { userId, isModerator: false };
    for (let cursor: string | undefined; ; ) {
      const page = await reportPage(db, seer, { mine: 'true', limit: PAGE, cursor });
      yield page;
      if (page.length < PAGE) return;
      cursor = page.at(-1)?.id;
    }
  },
};
