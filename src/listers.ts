import type { OpenLister } from './features/sources/index.ts';
import { createLister } from './finders/listers.ts';

/** What lists the folders of a server, by the net that its owner lets it use. */
export function openListers(localFolders: ReadonlyMap<string, string>): OpenLister {
  return (finder, place, net) => createLister({ net, localFolders }, finder, place);
}
