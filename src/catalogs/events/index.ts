import type { Catalog } from '../catalog.ts';
import { popularPage } from '../queries.ts';
import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

const byDay = shelved({ id: 'events', name: 'Events', kinds: ['event'] }, { content });

/** Events: the next first, then those that were; those of a genre most watched first. */
export const events: Catalog = {
  ...byDay,
  extras: ['genre'],
  page: (db, query) => (query.genre === undefined ? byDay.page(db, query) : popularPage(db, query)),
};
