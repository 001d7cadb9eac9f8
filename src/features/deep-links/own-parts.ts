import type { Db } from '../../platform/db.ts';
import type { OwnedPart } from '../accounts/index.ts';
import { chosenServices } from './queries/chosen.ts';
import { toldBy } from './queries/links.ts';

const PAGE = 500;

/** The services a user has chosen and the links they told of, as they are handed out. */
export const SERVICE_PARTS: readonly OwnedPart[] = [
  { name: 'services', read: (db, { userId }) => chosenServices(db, userId) },
  {
    name: 'toldLinks',
    async *read(db: Db, { userId }) {
      for (let after = 0; ; ) {
        const page = await toldBy(db, userId, after, PAGE);
        yield page.map(({ rowId: _rowId, ...link }) => link);
        if (page.length < PAGE) return;
        after = page.at(-1)?.rowId ?? after;
      }
    },
  },
];
