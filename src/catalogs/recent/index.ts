import { type Catalog, MEDIA_KINDS } from '../catalog.ts';
import { recentPage } from '../queries.ts';

/** Titles whose newest stream came last, first. */
export const recent: Catalog = {
  id: 'new',
  name: 'New',
  kinds: MEDIA_KINDS,
  // Channels and events have their own; manifests from before ask here for them.
  boardKinds: ['movie', 'series'],
  extras: ['genre'],
  isSearchOnly: false,
  page: recentPage,
};
