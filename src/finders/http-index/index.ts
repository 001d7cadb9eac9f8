import type { Net } from '../../platform/net.ts';
import { atFault, createFolderAsking, type FolderAnswer } from '../ask-folder.ts';
import { describeFolder } from '../describe-folder.ts';
import { type ListedEntry, type Lister, ListingFailed, type ListingPlace } from '../lister.ts';
import { createLinkJudge } from '../url-folder.ts';
import { createHtmlListing } from './html-listing.ts';
import { jsonListing } from './json-listing.ts';

const CONNECTIONS = 8;
const BATCH = 1000;

/**
 * Lists the folders of a web server by its index pages: Apache, nginx (HTML and JSON), lighttpd, h5ai, Caddy, IIS, and what looks like them.
 * Only what lies under the base, one segment at a time. Sizes that a page rounds are not told.
 */
export function httpIndex({ net }: { net: Pick<Net, 'request'> }, place: ListingPlace): Lister {
  const ask = createFolderAsking(net, place, {
    headers: { accept: 'application/json, text/html;q=0.9, */*;q=0.1' },
    status: 200,
    otherwise: 'It does not show this folder',
  });

  async function* list(path: string, signal: AbortSignal, onRefused = () => {}) {
    const answer = await ask(path, signal);
    try {
      const type = String(answer.headers['content-type'] ?? '');
      const judge = createLinkJudge(answer.url);
      if (/^application\/(?:[\w.-]+\+)?json\b/i.test(type))
        yield* jsonListing(answer.chunks, judge, onRefused);
      else if (/^(?:text\/html|application\/xhtml\+xml)\b/i.test(type))
        yield* htmlListing(answer, path, judge, onRefused);
      else throw atFault(path === '', 'It answered with something else than a listing.');
    } finally {
      answer.close();
    }
  }

  return {
    connections: place.config.connections ?? CONNECTIONS,
    list,
    test: async (signal) => `An index of a web server. ${await describeFolder(list('', signal))}`,
    close: async () => {},
  };
}

async function* htmlListing(
  { headers, chunks }: FolderAnswer,
  path: string,
  judge: ReturnType<typeof createLinkJudge>,
  onRefused: () => void,
): AsyncGenerator<readonly ListedEntry[], void> {
  const listing = createHtmlListing(judge, onRefused);
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    // Each byte a character: a name is whatever bytes the server has, and HTML's own signs are ASCII.
    yield* batchesOf(listing.write(bytes.toString('latin1')));
  }
  const { entries, isIndex, isWhole } = listing.end();
  if (!isIndex && entries.length === 0)
    throw atFault(path === '', 'It answered with a page that is no listing.');
  const isBounded = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  // Where nothing says how long the page is, a connection that breaks looks like its end.
  if (!isBounded && !isWhole) throw new ListingFailed('server', 'Its listing broke off.');
  yield* batchesOf(entries);
}

function* batchesOf(entries: ListedEntry[]): Generator<readonly ListedEntry[], void> {
  for (let at = 0; at < entries.length; at += BATCH)
    yield at === 0 && entries.length <= BATCH ? entries : entries.slice(at, at + BATCH);
}
