import type { Finder, FinderPlace } from '../finder.ts';
import { type FinderDeps, nabFinder } from '../nab-finder.ts';

/** Usenet posts of an indexer: NZBHydra, Prowlarr, or one that speaks Newznab itself. */
export function newznab(deps: FinderDeps, place: FinderPlace): Finder {
  return nabFinder(deps, place, 'newznab');
}
