import type { Catalog } from '../catalog.ts';
import { popularPage } from '../queries.ts';

/** Channels, most watched first. */
export const live: Catalog = {
  id: 'live',
  name: 'Live TV',
  kinds: ['tv'],
  extras: ['genre'],
  isSearchOnly: false,
  page: popularPage,
};
