import type { Db } from '../../platform/db.ts';
import type { Stock } from '../catalog.ts';
import type { Viewer } from '../viewer.ts';
import { kindsFor } from './queries.ts';

export { genresFor } from './queries.ts';

/**
 * What such a viewer finds at all, out of what there is. Shelves hold the best thousand of everybody's: of what is allowed title by title they
 * would show next to nothing, so that a profile of that mode has none.
 */
export async function stockFor(db: Db, viewer: Viewer, everything: Stock): Promise<Stock> {
  const kinds = await kindsFor(db, viewer);
  return { kinds: [...kinds], shelves: viewer.mode === 'allow' ? [] : everything.shelves };
}
