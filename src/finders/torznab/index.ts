import type { Finder, FinderPlace } from '../finder.ts';
import { type FinderDeps, nabFinder } from '../nab-finder.ts';

/** Torrents of an indexer: Jackett, Prowlarr, or one that speaks Torznab itself. */
export function torznab(deps: FinderDeps, place: FinderPlace): Finder {
  return nabFinder(deps, place, 'torznab');
}
