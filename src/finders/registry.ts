import type { Finder, FinderPlace } from './finder.ts';
import type { FinderDeps } from './nab-finder.ts';
import { newznab } from './newznab/index.ts';
import { rss } from './rss/index.ts';
import { torznab } from './torznab/index.ts';

export const FINDER_KINDS = ['torznab', 'newznab', 'rss'] as const;
export type FinderKind = (typeof FINDER_KINDS)[number];

/** One line a finder. */
const makers: Readonly<Record<FinderKind, (deps: FinderDeps, place: FinderPlace) => Finder>> = {
  torznab,
  newznab,
  rss,
};

export function createFinder(deps: FinderDeps, kind: FinderKind, place: FinderPlace): Finder {
  return makers[kind](deps, place);
}
