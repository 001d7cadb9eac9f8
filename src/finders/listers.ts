import type { Net } from '../platform/net.ts';
import { httpIndex } from './http-index/index.ts';
import type { Lister, ListingPlace } from './lister.ts';

export const LISTER_KINDS = ['http-index'] as const;
export type ListerKind = (typeof LISTER_KINDS)[number];

export type ListerDeps = {
  /** What may be reached is the source's own permission. */
  net: Pick<Net, 'request' | 'dial'>;
  /** Name to folder, as LOCAL_FOLDERS says. */
  localFolders: ReadonlyMap<string, string>;
};

/** One line a lister. */
const makers: Readonly<Record<ListerKind, (deps: ListerDeps, place: ListingPlace) => Lister>> = {
  'http-index': httpIndex,
};

/** The folders of one source. The caller closes it. */
export function createLister(deps: ListerDeps, kind: ListerKind, place: ListingPlace): Lister {
  return makers[kind](deps, place);
}
