import { type Catalog, MEDIA_KINDS } from '../catalog.ts';
import { popularPage } from '../queries.ts';

/** Most watched first, then by the providers' popularity. */
export const popular: Catalog = {
  id: 'popular',
  name: 'Popular',
  kinds: MEDIA_KINDS,
  // Channels and events have their own; manifests from before ask here for them.
  boardKinds: ['movie', 'series'],
  extras: ['genre'],
  isSearchOnly: false,
  page: popularPage,
};
