import { type Catalog, MEDIA_KINDS } from '../catalog.ts';
import { popularPage } from '../queries.ts';

/** Most watched first, then by the providers' popularity. */
export const popular: Catalog = {
  id: 'popular',
  name: 'Popular',
  kinds: MEDIA_KINDS,
  extras: ['genre'],
  isSearchOnly: false,
  page: popularPage,
};
