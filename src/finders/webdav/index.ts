import type { Net } from '../../platform/net.ts';
import { createFolderAsking } from '../ask-folder.ts';
import { describeFolder } from '../describe-folder.ts';
import type { ListedEntry, Lister, ListingPlace } from '../lister.ts';
import { multistatusEntries } from './multistatus.ts';

const CONNECTIONS = 8;
const QUESTION =
  '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getlastmodified/></prop></propfind>';

/** Lists the folders of a WebDAV server (RFC 4918: PROPFIND, depth 1). The files are read by plain HTTP, with the same login. */
export function webdav({ net }: { net: Pick<Net, 'request'> }, place: ListingPlace): Lister {
  const ask = createFolderAsking(net, place, {
    method: 'PROPFIND',
    body: QUESTION,
    headers: {
      depth: '1',
      'content-type': 'application/xml; charset=utf-8',
      accept: 'application/xml, text/xml',
    },
    status: 207,
    otherwise: 'It does not list this folder by WebDAV',
  });

  async function* list(
    path: string,
    signal: AbortSignal,
    onRefused = () => {},
  ): AsyncGenerator<readonly ListedEntry[], void> {
    const answer = await ask(path, signal);
    try {
      yield* multistatusEntries(answer, onRefused);
    } finally {
      answer.close();
    }
  }

  return {
    connections: place.config.connections ?? CONNECTIONS,
    list,
    test: async (signal) => `A WebDAV server. ${await describeFolder(list('', signal))}`,
    close: async () => {},
  };
}
