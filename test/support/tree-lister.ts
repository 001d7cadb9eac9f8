import type { OpenLister } from '../../src/features/sources/index.ts';
import type { ListedEntry } from '../../src/finders/lister.ts';
import { ListingFailed } from '../../src/finders/lister.ts';
import type { Net } from '../../src/platform/net.ts';

/** Lists what `startFileTreeServer` serves. */
export const openTreeLister: OpenLister = (_finder, { baseUrl, username, password }, net: Net) => {
  const headers: Record<string, string> =
    username === null
      ? {}
      : { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };

  async function pageOf(path: string, signal: AbortSignal): Promise<string> {
    const url = new URL(path === '' ? '' : `${path}/`, baseUrl);
    const { status, body } = await net.request(url, { headers, signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new ListingFailed('server', 'The server does not answer.', { cause });
    });
    const text = await body.text();
    if (status === 404 || status === 403) throw new ListingFailed('folder', `The folder answers ${status}.`);
    if (status !== 200) throw new ListingFailed('server', `The server answers ${status}.`);
    return text;
  }

  return {
    connections: 4,
    async *list(path, signal) {
      const page = await pageOf(path, signal);
      let batch: ListedEntry[] = [];
      for (const [, href = '', size = ''] of page.matchAll(/<a href="([^"]+)">[^\n]*?\s(\d+|-)\n/g)) {
        batch.push(entryOf(href, size));
        if (batch.length === 1000) {
          yield batch;
          batch = [];
        }
      }
      yield batch;
    },
    async test(signal) {
      const page = await pageOf('', signal);
      return `It lists ${page.split('<a ').length - 2} entries.`;
    },
    close: async () => {},
  };
};

function entryOf(href: string, size: string): ListedEntry {
  const isFolder = href.endsWith('/');
  const segment = encoded(decodeURIComponent(isFolder ? href.slice(0, -1) : href));
  return {
    kind: isFolder ? 'folder' : 'file',
    ...{ segment, name: decodeURIComponent(segment) },
    sizeBytes: size === '-' ? null : Number(size),
    modifiedAt: null,
  };
}

/** RFC 3986 §2.1: every byte but the unreserved ones. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
