import type { OpenLister } from './features/sources/index.ts';
import { createLister, LISTER_KINDS } from './finders/listers.ts';
import { AppError } from './kit/errors.ts';

/** What lists the folders of a server, by the net that its owner lets it use. */
export function openListers(localFolders: ReadonlyMap<string, string>): OpenLister {
  return (finder, place, net) => {
    const kind = LISTER_KINDS.find((known) => known === finder);
    if (kind !== undefined) return createLister({ net, localFolders }, kind, place);
    throw new AppError('sources.unknown_finder', `Sources of kind ${finder} are not supported yet.`, {
      status: 501,
    });
  };
}
