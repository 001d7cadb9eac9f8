import type { Net } from '../platform/net.ts';
import { ftpListing } from './ftp-listing/index.ts';
import { httpIndex } from './http-index/index.ts';
import type { Lister, ListingPlace } from './lister.ts';
import { localFolder } from './local-folder/index.ts';
import { webdav } from './webdav/index.ts';

export const LISTER_KINDS = ['http-index', 'webdav', 'ftp-listing', 'local-folder'] as const;
export type ListerKind = (typeof LISTER_KINDS)[number];

export type ListerDeps = {
  /** What may be reached is the source's own permission. */
  net: Pick<Net, 'request' | 'dial'>;
  /** Name to folder, as LOCAL_FOLDERS says. */
  localFolders: ReadonlyMap<string, string>;
};

/** One line a lister. */
const makers: Readonly<Record<ListerKind, (deps: ListerDeps, place: ListingPlace) => Lister>> = {
  'ftp-listing': ftpListing,
  'http-index': httpIndex,
  webdav,
  'local-folder': localFolder,
};

/** The folders of one source. The caller closes it. */
export function createLister(deps: ListerDeps, kind: ListerKind, place: ListingPlace): Lister {
  return makers[kind](deps, place);
}
