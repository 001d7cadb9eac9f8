import { type Catalog, MEDIA_KINDS, PAGE_SIZE } from '../catalog.ts';
import { cardsOf } from '../queries.ts';
import { findTitles } from './find-titles.ts';

export { findTitles } from './find-titles.ts';
export { titlesNearlyCalled } from './nearly-called.ts';
export { titlesCalledSo } from './queries/called.ts';
export { settleTiers } from './queries/typed.ts';

/** What the viewer typed. */
export const search: Catalog = {
  id: 'search',
  name: 'Search',
  kinds: MEDIA_KINDS,
  extras: ['search'],
  isSearchOnly: true,
  async page(db, query) {
    const { kind, visibility, skip, viewer = null } = query;
    const found = await findTitles(db, { text: query.search ?? '', kind, audience: visibility, viewer });
    const page = found.slice(skip, skip + PAGE_SIZE);
    return page.length === 0 ? [] : cardsOf(db, page, query.language);
  },
};
